"""What moderators choose for their places: /settings, /set, /unset, /prompt, /model."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.interactions import in_time, respond, tell
from bot.place_settings.aims import FIRST_PAGE
from bot.place_settings.desk import Kept
from bot.place_settings.managing import require_manager
from bot.place_settings.panel import drawn, sight
from bot.place_settings.prompting import open_prompt
from bot.place_settings.records import log_view, tell_kept
from bot.place_settings.suggestions import Suggestion, Suggestions
from bot.place_settings.table import MODEL
from bot.places import Reach

Interaction: TypeAlias = discord.Interaction[ParleyClient]

MAX_VALUE_CHARACTERS = 4000  # a schema of a whole form; Discord would allow 6000
WHERE = "How far it reaches, this channel or thread if you do not say; the nearest place counts"


class View(StrEnum):
    """What of the settings somebody wants to see."""

    PANEL = "panel"
    LOG = "log"


class Settings(commands.Cog):
    """Seeing and changing the settings of a place."""

    def __init__(self, bot: ParleyClient) -> None:
        self.desk = bot.setting_desk
        self.suggestions = Suggestions(bot.setting_desk.models, bot.toolbox, bot.place_settings.limits)

    @app_commands.command()
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.describe(name="The setting", value="What it is to be", where=WHERE)
    async def set(
        self,
        interaction: Interaction,
        name: str,
        value: Range[str, 1, MAX_VALUE_CHARACTERS],
        where: Reach = Reach.HERE,
    ) -> None:
        """Change a setting of this place: the model, how it writes, what is checked"""
        await answer(interaction, self.choose(interaction, name, value, where))

    @app_commands.command()
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.describe(name="The setting", where=WHERE)
    async def unset(self, interaction: Interaction, name: str, where: Reach = Reach.HERE) -> None:
        """Take a setting of this place back: what is chosen further out counts again"""
        await answer(interaction, self.let_go(interaction, name, where))

    @app_commands.command()
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.describe(view="The panel, or what was changed here and by whom")
    async def settings(self, interaction: Interaction, view: View = View.PANEL) -> None:
        """See and change the settings of this place, its category and the server"""
        if view is View.LOG:
            place = await self.desk.place(interaction.guild_id, interaction.channel_id or 0, Reach.HERE)
            require_manager(interaction, place)
            shown = log_view(await interaction.client.setting_log.page(interaction.guild_id, place, 0), place)
        else:
            shown = drawn(await in_time(interaction, sight(interaction, None, FIRST_PAGE), ephemeral=True))
        await respond(lambda: interaction.response.send_message(view=shown, ephemeral=True))

    @app_commands.command()
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.describe(where=WHERE)
    async def prompt(self, interaction: Interaction, where: Reach = Reach.HERE) -> None:
        """Write what the model is told before every conversation here"""
        place = await self.desk.place(interaction.guild_id, interaction.channel_id or 0, where)
        await open_prompt(interaction, place, None)

    @app_commands.command()
    @app_commands.default_permissions(manage_channels=True)
    @app_commands.describe(model="The model that answers from now on; without it you see which one does", where=WHERE)
    async def model(
        self,
        interaction: Interaction,
        model: Range[str, 1, MAX_VALUE_CHARACTERS] | None = None,
        where: Reach = Reach.HERE,
    ) -> None:
        """See which model answers here, or choose another one"""
        if model is None:
            work = self.desk.model_here(interaction.guild_id, interaction.channel_id or 0)
            await tell(interaction, await in_time(interaction, work, ephemeral=True))
        else:
            await answer(interaction, self.choose(interaction, MODEL.name, model, where))

    @set.autocomplete("name")
    @unset.autocomplete("name")
    async def suggest_name(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """The settings whose names or meanings hold what was typed."""
        return offered(self.suggestions.names(interaction.guild_id, typed))

    @set.autocomplete("value")
    async def suggest_value(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Values of the setting that was chosen before."""
        name, guild = str(getattr(interaction.namespace, "name", "")), interaction.guild
        roles = {} if guild is None else {role.id: role.name for role in guild.roles if not role.is_default()}
        channels = {} if guild is None else {it.id: it.name for it in guild.text_channels if is_seen(interaction, it)}
        return offered(self.suggestions.values(interaction.guild_id, name, typed, roles, channels))

    @model.autocomplete("model")
    async def suggest_model(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """The models whose names hold what was typed, with what they read and cost."""
        return offered(self.suggestions.models(interaction.guild_id, typed))

    async def choose(self, interaction: Interaction, name: str, value: str, where: Reach) -> Kept:
        """Set a value.  Raises: Refusal."""
        guild_id, channel_id = interaction.guild_id, interaction.channel_id or 0
        place = await self.desk.place(guild_id, channel_id, where, name)
        require_manager(interaction, place)
        return await self.desk.choose(guild_id, channel_id, place, name, value, interaction.user.id)

    async def let_go(self, interaction: Interaction, name: str, where: Reach) -> Kept:
        """Take a value away.  Raises: Refusal."""
        guild_id, channel_id = interaction.guild_id, interaction.channel_id or 0
        place = await self.desk.place(guild_id, channel_id, where, name)
        require_manager(interaction, place)
        return await self.desk.unset(guild_id, channel_id, place, name, interaction.user.id)


async def answer(interaction: Interaction, work: Coroutine[Any, Any, Kept]) -> None:
    """Tell the person alone what they changed.  Raises: Refusal."""
    await tell_kept(interaction, await in_time(interaction, work, ephemeral=True))


def is_seen(interaction: Interaction, channel: discord.TextChannel) -> bool:
    """Whether who types sees a channel: what is offered must not name the others."""
    return isinstance(interaction.user, discord.Member) and channel.permissions_for(interaction.user).view_channel


def offered(suggestions: Sequence[Suggestion]) -> list[Choice[str]]:
    """What is offered, as Discord takes it."""
    return [Choice(name=label, value=value) for label, value in suggestions]


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Settings(bot))
