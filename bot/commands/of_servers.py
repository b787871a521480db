"""The slash commands for tools of MCP servers, in discord.py's tree."""

from __future__ import annotations

import logging
from typing import Any

from discord import app_commands

from bot.commands.sync import EVERYWHERE, CommandSync
from bot.errors import Refusal
from bot.mcp.servers import McpServers
from bot.messages import ToolSpec
from bot.tools.declare import MAX_NAME_CHARACTERS
from bot.tools.schema_command import command_of
from bot.tools.toolbox import Tool

log = logging.getLogger(__name__)


class ServerCommands:
    """Keeps commands for the tools that the host wants people to have."""

    def __init__(self, tree: app_commands.CommandTree[Any], sync: CommandSync, servers: McpServers) -> None:
        self._tree = tree
        self._sync = sync
        self._servers = servers
        self._specs: list[ToolSpec] = []
        self._names: list[str] = []

    def put(self) -> bool:
        """Have the tree hold the commands of now: whether Discord has to be told."""
        tools = self._servers.people_tools()
        specs = [tool.spec for tool in tools]
        if specs == self._specs:
            return False
        for name in self._names:
            self._tree.remove_command(name)
        self._specs, self._names = specs, [tool.name for tool in tools if self._add(tool)]
        return True

    def _add(self, tool: Tool) -> bool:
        try:
            if len(tool.name) > MAX_NAME_CHARACTERS:
                raise Refusal(f"Names of commands have at most {MAX_NAME_CHARACTERS} characters.")
            self._tree.add_command(command_of(tool))
        except (Refusal, app_commands.CommandAlreadyRegistered, app_commands.CommandLimitReached) as fault:
            log.warning("The tool %s has no slash command: %s", tool.name, fault)
            return False
        return True

    async def keep(self) -> None:
        """Have Discord told of each change, until cancelled."""
        while True:
            await self._servers.changed.wait()
            self._servers.changed.clear()
            if self.put():
                self._sync.request(EVERYWHERE)
