"""The slash commands that only one guild has, in discord.py's tree."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands

from bot.commands.sync import CommandSync
from bot.errors import Refusal
from bot.tools.schema_command import command_of
from bot.tools.toolbox import Tool

log = logging.getLogger(__name__)


class TreeCommands:
    """The commands of guilds."""

    def __init__(self, tree: app_commands.CommandTree[Any], sync: CommandSync) -> None:
        self._tree = tree
        self._sync = sync

    def is_taken(self, name: str) -> bool:
        """Whether there is a command of this name in every guild."""
        return self._tree.get_command(name) is not None

    def put(self, guild_id: int, tools: Iterable[Tool]) -> None:
        """Let a guild have commands for these tools and no others, as soon as Discord is told."""
        guild, before = discord.Object(guild_id), self._described(guild_id)
        self._tree.clear_commands(guild=guild)
        for tool in tools:
            try:
                self._tree.add_command(command_of(tool), guild=guild)
            except (Refusal, app_commands.CommandLimitReached) as refusal:
                log.warning("the tool %s has no slash command in guild %d: %s", tool.name, guild_id, refusal)
        if self._described(guild_id) != before:
            self._sync.mark(guild_id)

    async def sync(self, guild_id: int) -> bool:
        """Tell Discord of a guild's commands if they are others than before: whether it knows them."""
        return not self._sync.is_due(guild_id) or await self._sync.tell(guild_id)

    def welcome(self, guild_id: int) -> None:
        """Have Discord told of the commands of a guild that has let the bot in again: it forgot them."""
        if self._described(guild_id):
            self._sync.request(guild_id)

    def _described(self, guild_id: int) -> list[Any]:
        commands = self._tree.get_commands(guild=discord.Object(guild_id))
        return sorted((command.to_dict(self._tree) for command in commands), key=lambda each: each["name"])
