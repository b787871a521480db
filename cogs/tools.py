"""The tools of a server, for those who manage it: /tools."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ParleyClient
from bot.interactions import in_time, respond, tell
from bot.tool_overview import Reach
from bot.tool_pages import ToolsButton, look, overview_of, require_manager

MAX_SUGGESTIONS = 25  # as Discord allows


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Tools(commands.GroupCog, name="tools", description="See the tools of this server and switch them"):
    """Seeing and switching tools."""

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[ParleyClient]) -> None:
        """See which tools there are, which of them the model is offered here, and who may use them"""
        view = await look(interaction, 0)
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

    @app_commands.command()
    @app_commands.describe(name="A tool, or a group of them", place="Where; the nearest place counts")
    async def enable(
        self, interaction: discord.Interaction[ParleyClient], name: str, place: Reach = Reach.HERE
    ) -> None:
        """Let the model be offered a tool again, in this channel or thread or wherever you say"""
        await switch(interaction, name, place, is_enabled=True)

    @app_commands.command()
    @app_commands.describe(name="A tool, or a group of them", place="Where; the nearest place counts")
    async def disable(
        self, interaction: discord.Interaction[ParleyClient], name: str, place: Reach = Reach.HERE
    ) -> None:
        """Keep a tool from the model, in this channel or thread or wherever you say"""
        await switch(interaction, name, place, is_enabled=False)

    @enable.autocomplete("name")
    @disable.autocomplete("name")
    async def suggest(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """The tools and groups of the server whose names hold what was typed"""
        names = overview_of(interaction.client).names(interaction.guild_id or 0)
        found = [name for name in names if typed.casefold().strip() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in found[:MAX_SUGGESTIONS]]


async def switch(interaction: discord.Interaction[ParleyClient], name: str, reach: Reach, *, is_enabled: bool) -> None:
    """Switch a tool or a group, and say what holds now.  Raises: Refusal."""
    guild_id, channel_id = require_manager(interaction), interaction.channel_id or 0
    switching = overview_of(interaction.client).switch(
        guild_id, channel_id, reach, name.strip(), is_enabled=is_enabled, user_id=interaction.user.id
    )
    await tell(interaction, await in_time(interaction, switching))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(ToolsButton)
    await bot.add_cog(Tools())
