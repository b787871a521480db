"""The tools that moderators register: kept per guild, and offered to people and models as soon as they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.errors import Refusal
from bot.http_tools.call import GRACE_SECONDS, Exchange, HttpCaller, fresh_key
from bot.http_tools.entry import NO_SECRET, Entry, Reading, read
from bot.http_tools.request import CallerIds
from bot.http_tools.secrets import Secrets
from bot.store import http_tools
from bot.store.database import Database, Transaction
from bot.store.http_tools import Definition, HttpCall, HttpTool
from bot.tools.caller import Caller
from bot.tools.guard import Guard
from bot.tools.model import Cost, Need
from bot.tools.schema_arguments import SchemaArguments
from bot.tools.toolbox import Tool, Toolbox

log = logging.getLogger(__name__)

# Discord takes 100 commands of a server; half of them leave room, and are more than a model can choose from.
MAX_TOOLS = 50
# As for tools in code: nobody likes to wait longer for one that says nothing meanwhile.
DEFAULT_TIMEOUT_SECONDS = 10.0
MAX_TIMEOUT_SECONDS = 60.0
MAX_CALLS_SHOWN = 12  # of some 130 characters each, in one message
GROUP = "http"  # by which moderators switch them all

OTHER_HOST = (
    "Secret: the endpoint is on another host now, which could pass on what was signed with the secret of the old one. "
    f"Enter a secret for it, or {NO_SECRET}."
)
GONE = "There is no such tool here. `/tools show` offers those that there are."
NOT_FOR_YOU = "Not permitted: this tool is for certain roles only, and the person who asks has none of them."
NOT_HERE = "Not permitted: this tool works only in certain channels."


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is chosen beside the form; None leaves it as it is, or as it is for the method of a new tool.

    No roles and no channels stand for all of them.
    """

    needs_approval: bool | None = None
    is_idempotent: bool | None = None
    timeout_seconds: float | None = None
    is_enabled: bool | None = None
    role_ids: tuple[int, ...] | None = None
    channel_ids: tuple[int, ...] | None = None

    def chosen(self) -> dict[str, Any]:
        """What was chosen, by the column that holds it."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in found.items() if value is not None}


class GuildCommands(Protocol):
    """The slash commands of guilds."""

    def is_taken(self, name: str) -> bool:
        """Whether there is a command of this name in every guild."""

    def put(self, guild_id: int, tools: Iterable[Tool]) -> None:
        """Let a guild have commands for these tools and no others."""

    async def sync(self, guild_id: int) -> bool:
        """Tell Discord of a guild's commands if they are others than before: whether it knows them."""


class HttpTools:
    """Everything that moderators do with their tools."""

    def __init__(
        self,
        database: Database,
        toolbox: Toolbox,
        guard: Guard,
        secrets: Secrets,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._toolbox = toolbox
        self._guard = guard
        self._secrets = secrets
        self._clock = clock
        self._calls = HttpCaller(database, guard, secrets, clock=clock)
        self._commands: GuildCommands | None = None
        self._turn = asyncio.Lock()

    async def load(self, commands: GuildCommands) -> None:
        """Offer the tools of all guilds, once the tools in code are known."""
        self._commands = commands
        async with self._database.read() as transaction:
            for guild_id in await http_tools.guilds(transaction):
                self._offer(guild_id, await http_tools.of_guild(transaction, guild_id))

    # ------------------------------------------------------------------- looking

    async def of_guild(self, guild_id: int) -> tuple[HttpTool, ...]:
        """The tools of a guild, by name."""
        async with self._database.read() as transaction:
            return await http_tools.of_guild(transaction, guild_id)

    async def find(self, guild_id: int, name: str) -> HttpTool:
        """The tool of this name.  Raises: Refusal."""
        async with self._database.read() as transaction:
            return known(await http_tools.find(transaction, guild_id, name.strip().lstrip("/")))

    async def get(self, guild_id: int, tool_id: int) -> HttpTool:
        """The tool of this id.  Raises: Refusal."""
        async with self._database.read() as transaction:
            return known(await http_tools.get(transaction, guild_id, tool_id))

    async def log(self, tool: HttpTool) -> tuple[HttpCall, ...]:
        """Its latest calls, newest first."""
        async with self._database.read() as transaction:
            return await http_tools.calls(transaction, tool.id, MAX_CALLS_SHOWN)

    async def test(self, tool: HttpTool, arguments: str, user_id: int, channel_id: int) -> Exchange:
        """Call a tool as a moderator, whatever its roles and channels are.  Raises: Refusal for wrong arguments."""
        passed = SchemaArguments(tool.parameters, is_checked=True).read(arguments or "{}")
        caller = CallerIds(user_id=user_id, guild_id=tool.guild_id, channel_id=channel_id, run_id=None)
        return await self._calls.call(tool, passed, caller, fresh_key())

    # ------------------------------------------------------------------ changing

    async def add(self, guild_id: int, user_id: int, entry: Entry, traits: Traits) -> tuple[HttpTool, bool]:
        """A new tool, and whether Discord took its command; it is enabled, for everybody and everywhere.

        Raises: Refusal, which names every field that is wrong.
        """
        reading = self._read(guild_id, entry)
        is_safe = reading.method == "GET"
        usual = Traits(needs_approval=not is_safe, is_idempotent=is_safe, timeout_seconds=DEFAULT_TIMEOUT_SECONDS)
        definition = Definition(**self._columns(reading), **usual.chosen() | traits.chosen())
        async with self._database.write() as transaction:
            if len(await http_tools.of_guild(transaction, guild_id)) >= MAX_TOOLS:
                raise Refusal(
                    f"This server has {MAX_TOOLS} tools already, which is the most. `/tools remove` makes room."
                )
            tool = await http_tools.add(transaction, guild_id, definition, user_id, self._clock())
            if tool is None:
                raise Refusal(taken(reading.name))
        return tool, await self._publish(guild_id)

    async def edit(self, guild_id: int, tool_id: int, entry: Entry) -> tuple[HttpTool, bool]:
        """The tool with what the form says now, and whether Discord took it.  Raises: Refusal, as `add` does."""
        before = await self.get(guild_id, tool_id)
        reading = self._read(guild_id, entry, own_name=before.name)
        if before.secret is not None and reading.secret is None and not is_same_host(before.url, reading.url):
            raise Refusal(OTHER_HOST)
        async with self._database.write() as transaction:
            other = await http_tools.find(transaction, guild_id, reading.name)
            if other is not None and other.id != tool_id:
                raise Refusal(taken(reading.name))
            await self._change(transaction, guild_id, tool_id, self._columns(reading))
        return await self.get(guild_id, tool_id), await self._publish(guild_id)

    async def change(self, guild_id: int, tool_id: int, traits: Traits) -> tuple[HttpTool, bool]:
        """The tool with other traits, and whether Discord took it.  Raises: Refusal."""
        async with self._database.write() as transaction:
            await self._change(transaction, guild_id, tool_id, traits.chosen())
        return await self.get(guild_id, tool_id), await self._publish(guild_id)

    async def remove(self, guild_id: int, tool_id: int) -> None:
        """Take a tool away, with its log.  Raises: Refusal."""
        async with self._database.write() as transaction:
            if not await http_tools.remove(transaction, guild_id, tool_id):
                raise Refusal(GONE)
        await self._publish(guild_id)

    def _read(self, guild_id: int, entry: Entry, own_name: str | None = None) -> Reading:
        def check_name(name: str) -> None:
            if name != own_name and (self._is_command(name) or self._toolbox.find(name, guild_id) is not None):
                raise Refusal(taken(name))

        return read(entry, check_name, self._guard.check_url)

    def _is_command(self, name: str) -> bool:
        return self._commands is not None and self._commands.is_taken(name)

    def _columns(self, reading: Reading) -> dict[str, Any]:
        """What the form says, for the table; a secret only where one was typed."""
        columns: dict[str, Any] = {
            "name": reading.name,
            "description": reading.description,
            "parameters": reading.parameters,
            "method": reading.method,
            "url": reading.url,
        }
        if reading.secret is not None:
            columns["secret"] = self._secrets.encrypted(reading.secret) if reading.secret else None
        return columns

    async def _change(self, transaction: Transaction, guild_id: int, tool_id: int, changed: dict[str, Any]) -> HttpTool:
        return known(await http_tools.change(transaction, guild_id, tool_id, self._clock(), **changed))

    # ------------------------------------------------------------------ offering

    async def _publish(self, guild_id: int) -> bool:
        """Offer a guild's tools as they are stored: whether Discord took their commands."""
        await self.refresh(guild_id)
        return self._commands is None or await self._commands.sync(guild_id)

    async def refresh(self, guild_id: int) -> None:
        """Offer a guild's tools as they are stored."""
        async with self._turn:  # else what was read before a change could be offered after it
            self._offer(guild_id, await self.of_guild(guild_id))

    def _offer(self, guild_id: int, stored: Iterable[HttpTool]) -> None:
        tools = [tool for row in stored if row.is_enabled and (tool := self._tool(row)) is not None]
        self._toolbox.fill(f"http:{guild_id}", tools)
        if self._commands is not None:
            self._commands.put(guild_id, tools)

    def _tool(self, row: HttpTool) -> Tool | None:
        """A tool with both faces; None where this program has one of that name."""
        if self._toolbox.find(row.name, None) is not None or self._is_command(row.name):
            log.warning(
                "the tool %s of guild %d has the name of another one, and is not offered", row.name, row.guild_id
            )
            return None
        return Tool(
            name=row.name,
            description=row.description,
            arguments=SchemaArguments(row.parameters, is_checked=True),
            carry_out=partial(self._calls.carry_out, row),
            is_idempotent=row.is_idempotent,
            timeout_seconds=row.timeout_seconds + GRACE_SECONDS,
            need=Need.APPROVAL if row.needs_approval else None,
            cost=Cost.METERED,
            group=GROUP,
            guild_id=row.guild_id,
            condition=partial(require_allowed, row),
        )


def require_allowed(tool: HttpTool, caller: Caller) -> None:
    """Raises: Refusal unless the tool's roles and channels let the caller use it; a thread counts as its channel."""
    roles = {role.id for role in getattr(caller.user, "roles", ())}
    if tool.role_ids and roles.isdisjoint(tool.role_ids):
        raise Refusal(NOT_FOR_YOU)
    places = {caller.channel.id, getattr(caller.channel, "parent_id", None)}
    if tool.channel_ids and places.isdisjoint(tool.channel_ids):
        raise Refusal(NOT_HERE)


def is_same_host(url: str, other: str) -> bool:
    """Whether two addresses are answered by the same host at the same port."""
    return urlsplit(url).netloc.lower() == urlsplit(other).netloc.lower()


def known(tool: HttpTool | None) -> HttpTool:
    """The tool.  Raises: Refusal if there is none."""
    if tool is None:
        raise Refusal(GONE)
    return tool


def taken(name: str) -> str:
    """What is said where a name cannot be given twice."""
    return f"Name: there is a command or a tool named {name} already. Choose another name."
