"""One MCP server: connected, listed, looked after, and connected again when it was lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import anyio
import mcp_types
from mcp import MCPError
from mcp.client import Client, IncomingMessage
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from pydantic import ValidationError

from bot.errors import Refusal
from bot.mcp.configuration import ServerConfiguration
from bot.mcp.http import web_streams
from bot.mcp.listing import names, tools_of, wanted
from bot.mcp.lost import ServerLost, reason
from bot.mcp.results import output_of
from bot.mcp.status import Patience, ServerStatus
from bot.mcp.stdio import process_streams
from bot.messages import one_line
from bot.tools.caller import Caller
from bot.tools.model import Output
from bot.tools.toolbox import Tool, Toolbox, is_being_cancelled

log = logging.getLogger(__name__)

# A connection that held this long was sound.
SOUND_SECONDS = 60.0
MAX_LIST_PAGES = 50
MAX_SERVER_WORDS = 300  # characters of what a server says is wrong
MAX_PROGRESS_CHARACTERS = 100
MAX_FAULTS_SHOWN = 3


class Server:
    """A server of `tools.toml`, and its tools in the toolbox for as long as it is there."""

    def __init__(
        self, configuration: ServerConfiguration, toolbox: Toolbox, patience: Patience, tell_change: Callable[[], None]
    ) -> None:
        self.status = ServerStatus(name=configuration.name, is_up=False, tool_count=0, error="It is starting.")
        self.makes_commands = configuration.slash
        self.known_tools: list[Tool] = []  # as it listed them last
        self.was_tried = asyncio.Event()
        self._configuration = configuration
        self._toolbox = toolbox
        self._patience = patience
        self._tell_change = tell_change
        self._client: Client | None = None
        self._tools: list[Tool] = []
        self._listed: list[mcp_types.Tool] | None = None
        self._call_count = 0  # of calls under way
        self._look_now = asyncio.Event()

    async def run(self) -> None:
        """Keep the connection until cancelled; one that was lost is made anew, ever later."""
        backoff_seconds, loop = self._patience.backoff_seconds, asyncio.get_running_loop()
        while True:
            began_at = loop.time()
            why = await self._serve_until_lost()
            if is_being_cancelled():  # anyio keeps a cancel to itself that comes while it ends a lost connection
                raise asyncio.CancelledError
            self.status = replace(self.status, error=why)
            self.was_tried.set()
            if loop.time() - began_at > SOUND_SECONDS:
                backoff_seconds = self._patience.backoff_seconds
            name = self._configuration.name
            log.warning("The MCP server %s is away. %s Next attempt in %.0f s.", name, why, backoff_seconds)
            await asyncio.sleep(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, self._patience.max_backoff_seconds)

    async def _serve_until_lost(self) -> str:
        """Offer the server's tools, and say in a sentence why that ended."""
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._patience.start_seconds):
                    self._client = await stack.enter_async_context(self._connection())
                    stack.callback(self._withdraw)
                    await self._look(self._client)
                log.info("The MCP server %s is up, with %d tools.", self.status.name, self.status.tool_count)
                await self._look_after(self._client)
        except Exception as error:
            # Whatever a server and the package come up with, the bot has other things to do.  What it says is not
            # logged: it may hold people's words.
            return reason(error)
        return "It was left."

    def _connection(self) -> Client:
        to = self._configuration
        streams = web_streams(to.url, to.headers) if to.url else process_streams(to.name, to.command or (), to.env)
        return Client(streams, cache=None, message_handler=self._heard)

    async def _heard(self, message: IncomingMessage) -> None:
        """Called for what a server says unasked; newer ones tell of changes only to those who listen."""
        if isinstance(message, mcp_types.ToolListChangedNotification):
            self._look_now.set()

    async def _look_after(self, client: Client) -> None:
        """Look at the list when it has changed, and now and then, until the server is lost.  Raises: TimeoutError."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(client))
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience.check_seconds):
                        await self._look_now.wait()
                self._look_now.clear()
                try:
                    async with asyncio.timeout(self._patience.answer_seconds):
                        await self._look(client)
                except TimeoutError:
                    if not self._call_count:  # some do one thing after the other, and calls have limits of their own
                        raise
                await asyncio.sleep(self._patience.look_pause_seconds)

    async def _listen(self, client: Client) -> None:
        """Ask a newer server to tell of changes; one that does not is looked at now and then all the same."""
        while True:
            with contextlib.suppress(MCPError, SubscriptionLost):
                try:
                    async with client.listen(tools_list_changed=True) as changes:
                        self._look_now.set()  # it may have changed since it was listed
                        async for _ in changes:
                            self._look_now.set()
                except ListenNotSupportedError:
                    return
            await asyncio.sleep(self._patience.check_seconds)

    async def _look(self, client: Client) -> None:
        """Fill the toolbox with what the server lists, if that is not what it listed before."""
        listed: list[mcp_types.Tool] = []
        cursor: str | None = None
        for _ in range(MAX_LIST_PAGES):
            page = await client.list_tools(cursor=cursor)
            listed += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        else:
            raise ServerLost("Its list of tools does not end.")
        if listed != self._listed:
            chosen = wanted(listed, self._configuration)
            named = {
                name: chosen[original] for original, name in names(self.status.name, chosen, self._is_taken).items()
            }
            # In a thread: to check the schemas of 200 tools takes half a second.
            tools, faults = await asyncio.to_thread(tools_of, named, self._configuration, self._call)
            self._offer(tools)
            self._listed = listed
            self.known_tools = tools
            self.was_tried.set()
            self._tell_change()
            self._tell(faults)

    def _offer(self, tools: list[Tool]) -> None:
        name = self._configuration.name
        guilds = self._configuration.guilds
        sources = {f"mcp:{name}:{guild}": guild for guild in guilds} if guilds else {f"mcp:{name}": None}
        self._tools = []
        for source, guild in sources.items():
            here = [replace(tool, guild_id=guild) for tool in tools]
            self._toolbox.fill(source, here)
            self._tools += here
        self.status = ServerStatus(name=name, is_up=True, tool_count=len(tools))

    def _tell(self, faults: list[str]) -> None:
        shown = faults[:MAX_FAULTS_SHOWN]
        if len(faults) > len(shown):
            shown.append(f"And {len(faults) - len(shown)} more.")
        for fault in shown:
            log.warning("The MCP server %s: %s", self.status.name, fault)
        self.status = replace(self.status, error=" ".join(shown) or None)

    def _is_taken(self, name: str) -> bool:
        """Whether a tool of another source has the name."""
        found = [self._toolbox.find(name, guild) for guild in self._configuration.guilds or (None,)]
        return any(tool is not None and not any(tool is own for own in self._tools) for tool in found)

    def _withdraw(self) -> None:
        """Nobody is told of the tools while the server is away."""
        self._client, self._listed = None, None
        self._offer([])
        self.status = replace(self.status, is_up=False, error="The connection ended.")

    async def _call(self, name: str, caller: Caller, arguments: Mapping[str, Any]) -> Output:
        """Have the server carry a call out.  Raises: Refusal."""
        if self._client is None:
            raise Refusal(f"The server {self.status.name} is away at the moment. Please try again in a minute.")

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            so_far = f"{progress:g}" if total is None else f"{progress:g} of {total:g}"
            caller.progress(one_line(message or so_far, MAX_PROGRESS_CHARACTERS))

        self._call_count += 1
        try:
            return output_of(await self._client.call_tool(name, dict(arguments), progress_callback=heard))
        except asyncio.CancelledError:
            self._look_now.set()  # it may have taken too long: does the server still answer?
            raise
        except (MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError) as exc:
            raise Refusal(self._complaint(exc)) from exc
        except (ValidationError, RuntimeError) as exc:
            log.warning("The MCP server %s gave what is no result of %s.", self.status.name, one_line(name, 64))
            raise Refusal(f"The server {self.status.name} answered with something that is not a result.") from exc
        finally:
            self._call_count -= 1

    def _complaint(self, error: Exception) -> str:
        if isinstance(error, MCPError) and error.code != mcp_types.CONNECTION_CLOSED:
            return f"The server {self.status.name} refused: {one_line(error.message, MAX_SERVER_WORDS)}"
        return f"The server {self.status.name} went away in the middle of this. Nobody knows whether it was done."
