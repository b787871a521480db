"""The slash commands that only one guild has: in discord.py's tree, and at Discord."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.tools.schema_command import command_of
from bot.tools.toolbox import Tool

log = logging.getLogger(__name__)

# What makes a command what it is; Discord sends more of it, and leaves out what is not so.
ESSENTIAL = frozenset(
    {"name", "description", "type", "required", "options", "choices", "value"}
    | {"min_value", "max_value", "min_length", "max_length"}
)


class TreeCommands:
    """The commands of guilds."""

    def __init__(self, tree: app_commands.CommandTree[Any]) -> None:
        self._tree = tree
        self._untold: set[int] = set()  # the guilds of whose commands Discord may know others

    def is_taken(self, name: str) -> bool:
        """Whether there is a command of this name in every guild."""
        return self._tree.get_command(name) is not None

    def put(self, guild_id: int, tools: Iterable[Tool]) -> None:
        """Let a guild have commands for these tools and no others, as soon as Discord is told."""
        guild, before = discord.Object(guild_id), self._wanted(guild_id)
        self._tree.clear_commands(guild=guild)
        for tool in tools:
            try:
                self._tree.add_command(command_of(tool), guild=guild)
            except (Refusal, app_commands.CommandLimitReached) as refusal:
                log.warning("the tool %s has no slash command in guild %d: %s", tool.name, guild_id, refusal)
        if self._wanted(guild_id) != before:
            self._untold.add(guild_id)

    async def sync(self, guild_id: int) -> bool:
        """Tell Discord of a guild's commands if they are others than before: whether it knows them."""
        return guild_id not in self._untold or await self.tell(guild_id)

    async def tell(self, guild_id: int) -> bool:
        """Tell Discord of a guild's commands, whatever it knows: whether it took them."""
        self._untold.add(guild_id)
        try:
            await self._tree.sync(guild=discord.Object(guild_id))
        except (*NOT_TAKEN, app_commands.CommandSyncFailure) as error:
            log.warning("Discord did not take the commands of guild %d: %s", guild_id, type(error).__name__)
            return False
        self._untold.discard(guild_id)
        return True

    async def welcome(self, guild_id: int) -> None:
        """Tell Discord of the commands of a guild that has let the bot in again: it forgot them."""
        if self._wanted(guild_id):
            await self.tell(guild_id)

    async def catch_up(self) -> None:
        """Tell Discord of the guilds whose commands it has otherwise, as after a crash or an update."""
        for guild_id in sorted(self._untold):
            try:
                there = await self._tree.fetch_commands(guild=discord.Object(guild_id))
            except NOT_TAKEN as error:  # it may be a guild that the bot was removed from
                log.info("the commands of guild %d are not known: %s", guild_id, type(error).__name__)
                continue
            if by_name(map(described, there)) == self._wanted(guild_id):
                self._untold.discard(guild_id)
            else:
                await self.tell(guild_id)

    def _wanted(self, guild_id: int) -> Mapping[str, Any]:
        commands = self._tree.get_commands(guild=discord.Object(guild_id))
        return by_name(command.to_dict(self._tree) for command in commands)


def described(command: app_commands.AppCommand) -> Mapping[str, Any]:
    """A command as Discord has it."""
    return command.to_dict()


def by_name(commands: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What counts of each command."""
    return {command["name"]: essence(command) for command in commands}


def essence(value: Any) -> Any:
    """What counts of a description, without what stands there to say that there is nothing."""
    if isinstance(value, list):
        return [essence(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {name: essence(inner) for name, inner in value.items() if name in ESSENTIAL}
    return {name: inner for name, inner in found.items() if inner is not None and inner is not False and inner != []}
