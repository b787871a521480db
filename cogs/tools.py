"""The tools of a server, for those who manage it: /tools."""

from __future__ import annotations

from typing import TypeAlias

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.http_tools.card import card_text, log_text, trial_text
from bot.http_tools.entry import Entry
from bot.http_tools.panel import (
    ChannelsMenu,
    Draft,
    RemoveButton,
    RolesMenu,
    ToolForm,
    card,
    entry_of,
    last_question,
    menus,
    require_manager,
)
from bot.http_tools.service import MAX_TIMEOUT_SECONDS, Traits
from bot.interactions import in_time, respond, tell
from bot.places import Reach
from bot.tool_pages import ToolsButton, look, overview_of

Interaction: TypeAlias = discord.Interaction[ParleyClient]
Seconds: TypeAlias = Range[float, 1.0, MAX_TIMEOUT_SECONDS]

MAX_SUGGESTIONS = 25  # as Discord allows

TRAITS = app_commands.describe(
    approval="Whether a model's call waits until somebody approves it; for a new tool yes, unless asked by GET",
    repeatable="Whether calling it twice is as good as once, so that it is called again after a crash",
    seconds="How long it may take to answer; 10 for a new tool",
)
EXISTING = app_commands.describe(name="The tool")


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Tools(commands.GroupCog, name="tools", description="See, switch and register the tools of this server"):
    """Seeing and switching tools, and registering some without code."""

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """See which tools there are, which of them the model is offered here, and who may use them"""
        view = await look(interaction, 0)
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

    @app_commands.command()
    @app_commands.describe(name="A tool, or a group of them", place="Where; the nearest place counts")
    async def enable(self, interaction: Interaction, name: str, place: Reach = Reach.HERE) -> None:
        """Let the model be offered a tool again, in this channel or thread or wherever you say"""
        await switch(interaction, name, place, is_enabled=True)

    @app_commands.command()
    @app_commands.describe(name="A tool, or a group of them", place="Where; the nearest place counts")
    async def disable(self, interaction: Interaction, name: str, place: Reach = Reach.HERE) -> None:
        """Keep a tool from the model, in this channel or thread or wherever you say"""
        await switch(interaction, name, place, is_enabled=False)

    @enable.autocomplete("name")
    @disable.autocomplete("name")
    async def suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """The tools and groups of the server whose names hold what was typed"""
        names = overview_of(interaction.client).names(interaction.guild_id or 0)
        found = [name for name in names if typed.casefold().strip() in name.casefold()]
        return [Choice(name=name, value=name) for name in found[:MAX_SUGGESTIONS]]

    @app_commands.command()
    @TRAITS
    async def add(
        self,
        interaction: Interaction,
        approval: bool | None = None,
        repeatable: bool | None = None,
        seconds: Seconds | None = None,
    ) -> None:
        """Add a tool: an https address becomes a slash command and a function for the model"""
        require_manager(interaction)
        traits = Traits(needs_approval=approval, is_idempotent=repeatable, timeout_seconds=seconds)
        await respond(lambda: interaction.response.send_modal(ToolForm(Draft(traits=traits), Entry())))

    @app_commands.command()
    @EXISTING
    async def show(self, interaction: Interaction, name: str) -> None:
        """Show a tool, and choose its roles and channels"""
        tool = await interaction.client.http_tools.find(require_manager(interaction), name)
        await respond(lambda: interaction.response.send_message(card_text(tool), view=menus(tool), ephemeral=True))

    @app_commands.command()
    @EXISTING
    @TRAITS
    @app_commands.describe(enabled="Whether the tool is there at all, for people and for the model")
    async def edit(
        self,
        interaction: Interaction,
        name: str,
        approval: bool | None = None,
        repeatable: bool | None = None,
        seconds: Seconds | None = None,
        enabled: bool | None = None,
    ) -> None:
        """Change a tool: what you choose here, or without any choice its form"""
        guild_id = require_manager(interaction)
        tool = await interaction.client.http_tools.find(guild_id, name)
        traits = Traits(needs_approval=approval, is_idempotent=repeatable, timeout_seconds=seconds, is_enabled=enabled)
        if traits == Traits():
            await respond(lambda: interaction.response.send_modal(ToolForm(Draft(tool_id=tool.id), entry_of(tool))))
            return
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        tool, is_synced = await interaction.client.http_tools.change(guild_id, tool.id, traits)
        await interaction.edit_original_response(content=card(tool, is_synced), view=menus(tool))

    @app_commands.command()
    @EXISTING
    @app_commands.describe(arguments='What it gets, as JSON, for example {"city": "Bern"}')
    async def test(self, interaction: Interaction, name: str, arguments: str = "{}") -> None:
        """Call a tool once and see what it answers; nobody else does"""
        tool = await interaction.client.http_tools.find(require_manager(interaction), name)
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        channel_id = interaction.channel_id or 0
        exchange = await interaction.client.http_tools.test(tool, arguments, interaction.user.id, channel_id)
        await interaction.edit_original_response(content=trial_text(tool, exchange))

    @app_commands.command()
    @EXISTING
    async def log(self, interaction: Interaction, name: str) -> None:
        """See the latest calls of a tool: when, for whom, and what came of them"""
        tool = await interaction.client.http_tools.find(require_manager(interaction), name)
        text = log_text(tool, await interaction.client.http_tools.log(tool))
        await respond(lambda: interaction.response.send_message(text, ephemeral=True))

    @app_commands.command()
    @EXISTING
    async def remove(self, interaction: Interaction, name: str) -> None:
        """Remove a tool with its command and its log"""
        tool = await interaction.client.http_tools.find(require_manager(interaction), name)
        question = f"Remove `/{tool.name}` for good, with its secret and its log?"
        await respond(lambda: interaction.response.send_message(question, view=last_question(tool.id), ephemeral=True))

    @show.autocomplete("name")
    @edit.autocomplete("name")
    @test.autocomplete("name")
    @log.autocomplete("name")
    @remove.autocomplete("name")
    async def suggest_http(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """The tools whose names hold what was typed."""
        tools = await interaction.client.http_tools.of_guild(require_manager(interaction))
        names = [tool.name for tool in tools if typed.strip().lstrip("/").lower() in tool.name]
        return [Choice(name=name, value=name) for name in names[:MAX_SUGGESTIONS]]


async def switch(interaction: Interaction, name: str, reach: Reach, *, is_enabled: bool) -> None:
    """Switch a tool or a group, and say what holds now.  Raises: Refusal."""
    guild_id, channel_id = require_manager(interaction), interaction.channel_id or 0
    switching = overview_of(interaction.client).switch(
        guild_id, channel_id, reach, name.strip(), is_enabled=is_enabled, user_id=interaction.user.id
    )
    await tell(interaction, await in_time(interaction, switching, ephemeral=True))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(ToolsButton, RolesMenu, ChannelsMenu, RemoveButton)
    await bot.add_cog(Tools())
