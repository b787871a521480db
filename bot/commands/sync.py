"""Discord's copy of our slash commands and context menus, which is told of a change and of nothing else.

What Discord has is fetched and compared, rather than remembered: so a copy that another process wrote, that belongs to
another application or that somebody deleted is noticed at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import discord
from discord import app_commands
from discord.http import Route

from bot.interactions import NOT_TAKEN

log = logging.getLogger(__name__)

Scope: TypeAlias = int | None  # a guild's id; None stands for everywhere
AnyCommand: TypeAlias = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu
Payload: TypeAlias = Mapping[str, Any]

EVERYWHERE: Scope = None
TOO_MANY_REQUESTS, SERVER_ERRORS, INVALID_FORM = 429, 500, 50035
FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 300.0  # an outage is noticed to be over soon enough, and nobody asks for long in vain
# Discord's numbers of the places in which a command can be used (interactions/application-commands.mdx).
IN_GUILDS, IN_DIRECT_MESSAGES = 0, 1

# What makes a command what it is; Discord sends more of it, and leaves out what is not so.
ESSENTIAL = frozenset(
    {"name", "description", "type", "required", "options", "choices", "value", "autocomplete", "channel_types"}
    | {"min_value", "max_value", "min_length", "max_length", "name_localizations", "description_localizations"}
    | {"default_member_permissions", "contexts", "integration_types", "nsfw"}
)
ONLY_EVERYWHERE = frozenset({"contexts", "integration_types"})  # a guild's command has none
SETS = ONLY_EVERYWHERE | {"channel_types"}  # whose order says nothing


class CommandSync:
    """Keeps Discord's copy as discord.py's tree is; `ids` holds by which ids Discord knows the commands."""

    def __init__(self, tree: app_commands.CommandTree[Any]) -> None:
        self._tree = tree
        self._due: set[Scope] = set()
        self._woken = asyncio.Event()
        self.ids: dict[Scope, Mapping[tuple[int, str], int]] = {}

    def mark(self, scope: Scope) -> None:
        """Discord may have other commands; it is told by whoever calls `tell`, or at the next `request`."""
        self._due.add(scope)

    def is_due(self, scope: Scope) -> bool:
        """Whether Discord may have other commands."""
        return scope in self._due

    def request(self, scope: Scope) -> None:
        """Have Discord's copy compared and put right soon."""
        self._due.add(scope)
        self._woken.set()

    async def tell(self, scope: Scope) -> bool:
        """Tell Discord of the commands now, whatever it has: whether it took them; if not, that is tried again soon."""
        self._due.discard(scope)
        try:
            await self._put(scope, await self._wanted(scope))
        except NOT_TAKEN as error:
            log.warning("Discord did not take the commands of %s: %s", named(scope), type(error).__name__)
            if not isinstance(error, app_commands.CommandSyncFailure):
                self.request(scope)
            return False
        return True

    async def keep(self) -> None:
        """Put Discord's copy right wherever that is due, until cancelled; what may pass is tried again, ever later."""
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            scopes = sorted(self._due, key=lambda scope: scope or 0)
            faults = [fault for scope in scopes if (fault := await self._attempt(scope))]
            if faults:
                log.warning(
                    "Discord cannot be told of commands (%s); next attempt in %.0f s.", faults[0], pause_seconds
                )
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(pause_seconds * 2, MAX_PAUSE_SECONDS)
            else:
                pause_seconds = FIRST_PAUSE_SECONDS
                await self._woken.wait()
            self._woken.clear()

    async def _attempt(self, scope: Scope) -> str | None:
        """Put one copy right: None if that is over, in whatever way, or what keeps it from being so now."""
        self._due.discard(scope)  # what changes from now on is another matter
        try:
            await self._compare(scope)
        except NOT_TAKEN as error:
            if may_pass(error):
                self._due.add(scope)
                return str(getattr(error, "status", type(error).__name__))
            # Of a guild: the bot was removed from it.  Of all: a module of the host's declares what Discord refuses.
            level = logging.ERROR if scope is EVERYWHERE else logging.INFO
            log.log(level, "Discord does not take the commands of %s: %s", named(scope), error)
        return None

    async def _compare(self, scope: Scope) -> None:
        """Fetch Discord's copy, and replace it if it is another one.  Raises: NOT_TAKEN, CommandSyncFailure."""
        route = Route("GET", path_of(scope), **self._arguments(scope))
        there = await self._tree.client.http.request(route, params={"with_localizations": "true"})
        wanted = await self._wanted(scope)
        if essences(there, scope) == essences(wanted, scope):
            self._learn(scope, there)
        else:
            await self._put(scope, wanted)

    async def _put(self, scope: Scope, wanted: list[dict[str, Any]]) -> None:
        route = Route("PUT", path_of(scope), **self._arguments(scope))
        try:
            there = await self._tree.client.http.request(route, json=wanted)
        except discord.HTTPException as error:
            if error.code != INVALID_FORM:
                raise
            raise app_commands.CommandSyncFailure(error, self._commands(scope)) from error
        self._learn(scope, there)
        log.info("Discord was told of the commands of %s: %d.", named(scope), len(wanted))

    async def _wanted(self, scope: Scope) -> list[dict[str, Any]]:
        return [await self._payload(command) for command in self._commands(scope)]

    async def _payload(self, command: AnyCommand) -> dict[str, Any]:
        translator = self._tree.translator
        described = command.to_dict(self._tree)
        if translator is not None:
            described = await command.get_translated_payload(self._tree, translator)
        return described | {"contexts": contexts_of(described)}

    def _commands(self, scope: Scope) -> list[Any]:
        return self._tree.get_commands(guild=None if scope is None else discord.Object(scope))

    def _arguments(self, scope: Scope) -> dict[str, Any]:
        application_id = self._tree.client.application_id
        return {"application_id": application_id} | ({} if scope is None else {"guild_id": scope})

    def _learn(self, scope: Scope, there: Iterable[Payload]) -> None:
        self.ids[scope] = {(command["type"], command["name"]): int(command["id"]) for command in there}


def may_pass(error: Exception) -> bool:
    """Whether it may be another time that Discord takes the same."""
    if not isinstance(error, discord.HTTPException):
        return True
    return error.status == TOO_MANY_REQUESTS or error.status >= SERVER_ERRORS


def path_of(scope: Scope) -> str:
    """Where Discord has the commands."""
    of_guild = "" if scope is EVERYWHERE else "/guilds/{guild_id}"
    return f"/applications/{{application_id}}{of_guild}/commands"


def named(scope: Scope) -> str:
    """Whose commands they are, for the log."""
    return "all servers" if scope is EVERYWHERE else f"guild {scope}"


def contexts_of(described: Payload) -> list[int]:
    """Where a command can be used, said outright: Discord would write down its own idea of what is left open."""
    if described["contexts"] is not None:
        return sorted(described["contexts"])
    return [IN_GUILDS, IN_DIRECT_MESSAGES] if described["dm_permission"] else [IN_GUILDS]


def essences(commands: Iterable[Payload], scope: Scope) -> Mapping[tuple[int, str], Any]:
    """What counts of each command, by its type and name."""
    ignored = frozenset() if scope is EVERYWHERE else ONLY_EVERYWHERE
    found = [essence(command, ESSENTIAL - ignored) for command in commands]
    return {(command["type"], command["name"]): command for command in found}


def essence(described: Payload, names: frozenset[str] = ESSENTIAL) -> dict[str, Any]:
    """What counts of a command, an option or a choice, without what stands there to say that there is nothing."""
    found = {name: normal(name, described[name]) for name in names & described.keys()}
    return {name: value for name, value in found.items() if value not in (None, "", [], {}) and value is not False}


def normal(name: str, value: Any) -> Any:
    """A value as it is written here, whether we say it or Discord."""
    if value is None:
        return None
    if name in ("options", "choices"):
        return [essence(each) for each in value]
    if name in SETS:
        return sorted(value)
    return str(value) if name == "default_member_permissions" else value
