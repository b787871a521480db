"""Which commands a person may use where they are: Discord's rules, with what their server has changed of them.

The rules are those of Discord's client (docs: interactions/application-commands.mdx, "Permissions", and its help centre
on command permissions), which a bot has to apply by itself: no request asks what somebody is offered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import discord
from discord import app_commands

from bot.commands.sync import EVERYWHERE, IN_DIRECT_MESSAGES, IN_GUILDS, AnyCommand, CommandSync, Payload, contexts_of
from bot.interactions import NOT_TAKEN

log = logging.getLogger(__name__)

# In a command's `extras`: it is for who hosts the bot, of whom Discord's permissions know nothing.
HOST_ONLY: Mapping[str, bool] = {"parley.host_only": True}
CACHE_SECONDS = 60.0  # moderators seldom change who may use a command
# Discord waits three seconds for the answer to a command, and part of them is spent on the way.
PATIENCE_SECONDS = 1.5


class Target(IntEnum):
    """What a server allows a command to, or keeps it from (Discord's numbers)."""

    ROLE = 1
    USER = 2
    CHANNEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and where; of a thread the channel counts that it is in."""

    user_id: int
    guild_id: int | None
    channel_id: int
    role_ids: frozenset[int]
    permissions: discord.Permissions
    is_host: bool

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], *, is_host: bool) -> Asker:
        """Whoever used a command or a button."""
        parent_id = getattr(interaction.channel, "parent_id", None)
        return cls(
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
            channel_id=parent_id or interaction.channel_id or 0,
            role_ids=frozenset(role.id for role in getattr(interaction.user, "roles", ())),
            permissions=interaction.permissions,
            is_host=is_host,
        )


Overrides = Mapping[tuple[int, int], bool]  # (target, its id) -> whether it is allowed
NONE: Overrides = {}


class CommandAccess:
    """Tells who may use what; what a server has changed is asked for once a minute."""

    def __init__(self, tree: app_commands.CommandTree[Any], sync: CommandSync) -> None:
        self._tree = tree
        self._sync = sync
        self._known: dict[int, tuple[float, Mapping[int, Overrides]]] = {}  # by guild: until when, and by command's id

    async def usable(self, interaction: discord.Interaction[Any]) -> list[AnyCommand]:
        """The commands and menus that Discord offers the person here, as far as that can be found out now."""
        commands = self._commands(interaction.guild_id)
        asker = Asker.of(interaction, is_host=await self._is_host(interaction.user, commands))
        overrides = {} if asker.guild_id is None else await self._overrides(asker.guild_id)
        of_all = overrides.get(self._tree.client.application_id or 0, NONE)
        return [
            command
            for command in commands
            if may_use(
                command.to_dict(self._tree), asker, overrides.get(self._id_of(command, asker.guild_id), NONE), of_all
            )
            and (asker.is_host or not is_host_only(command))
        ]

    def _commands(self, guild_id: int | None) -> list[AnyCommand]:
        everywhere = self._tree.get_commands()
        return (
            everywhere if guild_id is None else [*everywhere, *self._tree.get_commands(guild=discord.Object(guild_id))]
        )

    def _id_of(self, command: AnyCommand, guild_id: int | None) -> int:
        kind = command.type if isinstance(command, app_commands.ContextMenu) else discord.AppCommandType.chat_input
        scopes = [self._sync.ids.get(scope, {}) for scope in (guild_id, EVERYWHERE)]
        return next((ids[kind.value, command.name] for ids in scopes if (kind.value, command.name) in ids), 0)

    async def _is_host(self, user: discord.abc.User, commands: Iterable[AnyCommand]) -> bool:
        if not any(map(is_host_only, commands)):
            return False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return bool(await self._tree.client.is_owner(user))
        except NOT_TAKEN as error:
            log.info("it is not known who hosts the bot: %s", type(error).__name__)
            return False

    async def _overrides(self, guild_id: int) -> Mapping[int, Overrides]:
        now = asyncio.get_running_loop().time()
        until, known = self._known.get(guild_id, (now, {}))
        if now < until:
            return known
        known = await self._fetch(guild_id)
        self._known[guild_id] = (now + CACHE_SECONDS, known)
        return known

    async def _fetch(self, guild_id: int) -> Mapping[int, Overrides]:
        client = self._tree.client
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await client.http.get_guild_application_command_permissions(client.application_id, guild_id)
        except NOT_TAKEN as error:
            log.info("who may use commands in guild %d is not known: %s", guild_id, type(error).__name__)
            return {}
        return {
            int(each["id"]): {(entry["type"], int(entry["id"])): entry["permission"] for entry in each["permissions"]}
            for each in found
        }


def is_host_only(command: AnyCommand) -> bool:
    """Whether a command refuses everybody but the host."""
    return HOST_ONLY.items() <= command.extras.items()


def may_use(described: Payload, asker: Asker, own: Overrides, of_all: Overrides) -> bool:
    """Whether Discord offers a command; a server sets `own` for it alone, `of_all` for all commands of the bot."""
    if (IN_DIRECT_MESSAGES if asker.guild_id is None else IN_GUILDS) not in contexts_of(described):
        return False
    if asker.guild_id is None or asker.permissions.administrator:
        return True
    channels = [it for it in (channel_rule(own, asker), channel_rule(of_all, asker)) if it is not None]
    if channels and not channels[0]:
        return False
    person = person_rule(own, asker)
    if person is not None:
        return person
    if person_rule(of_all, asker) is False:
        return False
    needed = described["default_member_permissions"]
    # None are needed, or those; zero stands for administrators.
    return needed is None or (needed != 0 and asker.permissions.value & needed == needed)


def channel_rule(overrides: Overrides, asker: Asker) -> bool | None:
    """What is set for the channel or, under the server's id less one, for all channels."""
    here = overrides.get((Target.CHANNEL, asker.channel_id))
    return overrides.get((Target.CHANNEL, (asker.guild_id or 0) - 1)) if here is None else here


def person_rule(overrides: Overrides, asker: Asker) -> bool | None:
    """What is set for the person, else for a role of theirs where one that allows is enough, else for everyone."""
    if (Target.USER, asker.user_id) in overrides:
        return overrides[Target.USER, asker.user_id]
    everyone = asker.guild_id or 0
    roles = [overrides[Target.ROLE, it] for it in asker.role_ids - {everyone} if (Target.ROLE, it) in overrides]
    return any(roles) if roles else overrides.get((Target.ROLE, everyone))
