"""All MCP servers of the host.  The package for them takes a second to import: only who has a server waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.mcp.configuration import ServerConfiguration
from bot.mcp.status import Patience, ServerStatus
from bot.tools.toolbox import Tool, Toolbox

if TYPE_CHECKING:
    from bot.mcp.server import Server


# A server that needs longer gets its commands later.  People do not wait long for a bot that starts.
COMMANDS_SECONDS = 10.0


class McpServers:
    """What `tools.toml` lists; `changed` is set when people's tools are others than before."""

    def __init__(
        self, configurations: Sequence[ServerConfiguration], toolbox: Toolbox, patience: Patience | None = None
    ) -> None:
        self.changed = asyncio.Event()
        self._may_begin = asyncio.Event()
        self._servers: list[Server] = []
        if configurations:
            from bot.mcp.server import Server

            self._servers = [Server(each, toolbox, patience or Patience(), self.changed.set) for each in configurations]

    def statuses(self) -> tuple[ServerStatus, ...]:
        """How each is doing now, as they stand in the file."""
        return tuple(server.status for server in self._servers)

    async def first_statuses(self) -> tuple[ServerStatus, ...]:
        """How each is doing once all were tried, as long as they are running."""
        self._may_begin.set()
        for server in self._servers:
            await server.was_tried.wait()
        return self.statuses()

    def people_tools(self) -> list[Tool]:
        """What people have as slash commands, also while its server is away: they would lose their settings of it."""
        return [tool for server in self._servers for tool in server.known_tools if tool.for_people]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """They run to the end of the block, once they may begin; none is left behind."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._run(server)) for server in self._servers]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()

    async def begin(self) -> None:
        """Connect, now that the tools whose names count are known; wait a while for those that make commands."""
        self._may_begin.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COMMANDS_SECONDS):
                for server in self._servers:
                    if server.makes_commands:
                        await server.was_tried.wait()

    async def _run(self, server: Server) -> None:
        await self._may_begin.wait()
        await server.run()
