"""All MCP servers of the host.  The package for them takes a second to import: only who has a server waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.mcp.configuration import ServerConfiguration
from bot.mcp.status import Patience, ServerStatus
from bot.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from bot.mcp.server import Server


class McpServers:
    """What `tools.toml` lists."""

    def __init__(
        self, configurations: Sequence[ServerConfiguration], toolbox: Toolbox, patience: Patience | None = None
    ) -> None:
        self._servers: list[Server] = []
        if configurations:
            from bot.mcp.server import Server

            self._servers = [Server(each, toolbox, patience or Patience()) for each in configurations]

    def statuses(self) -> tuple[ServerStatus, ...]:
        """How each is doing now, as they stand in the file."""
        return tuple(server.status for server in self._servers)

    @asynccontextmanager
    async def running(self, after: asyncio.Event) -> AsyncIterator[None]:
        """They run to the end of the block, once the event has come; none is left behind."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(run(server, after)) for server in self._servers]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()


async def run(server: Server, after: asyncio.Event) -> None:
    """Keep a server, after the event, until cancelled."""
    await after.wait()
    await server.run()
