"""What moderators choose for their places: /set, /unset, /settings, /model."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeAlias

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import in_time, respond, tell
from bot.place_settings.table import MODEL
from bot.places import Place, PlaceKind, Reach

Interaction: TypeAlias = discord.Interaction[ParleyClient]

MAX_VALUE_CHARACTERS = 4000  # a schema of a whole form; Discord would allow 6000
MANAGERS_ONLY = "Only those who manage the channel can change its settings: that takes Manage Channels there."
SERVER_MANAGERS_ONLY = "Only those who manage the server can change its settings: that takes Manage Server."
WHERE = "How far it reaches, this channel or thread if you do not say; the nearest place counts"


class Settings(commands.Cog):
    """Seeing and changing the settings of a place."""

    def __init__(self, bot: ParleyClient) -> None:
        self.desk = bot.setting_desk

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
    async def settings(self, interaction: Interaction) -> None:
        """See the settings of this place, and where each comes from"""
        text = await self.desk.all(interaction.guild_id, interaction.channel_id or 0)
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.Container[ui.LayoutView](ui.TextDisplay(text)))
        view.stop()  # nothing in it can be pressed
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

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
            await answer(interaction, self.desk.one(interaction.guild_id, interaction.channel_id or 0, MODEL.name))
        else:
            await answer(interaction, self.choose(interaction, MODEL.name, model, where))

    @set.autocomplete("name")
    @unset.autocomplete("name")
    async def suggest_name(self, _: Interaction, typed: str) -> list[Choice[str]]:
        """The settings whose names or meanings hold what was typed."""
        return [Choice(name=label, value=value) for label, value in self.desk.names(typed)]

    @set.autocomplete("value")
    async def suggest_value(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Values of the setting that was chosen before."""
        name = str(getattr(interaction.namespace, "name", ""))
        return [Choice(name=label, value=value) for label, value in self.desk.values(name, typed)]

    @model.autocomplete("model")
    async def suggest_model(self, _: Interaction, typed: str) -> list[Choice[str]]:
        """The models whose names hold what was typed."""
        return [Choice(name=label, value=value) for label, value in self.desk.values(MODEL.name, typed)]

    async def choose(self, interaction: Interaction, name: str, value: str, where: Reach) -> str:
        """Set a value, and a sentence on what holds now.  Raises: Refusal."""
        guild_id, channel_id = interaction.guild_id, interaction.channel_id or 0
        place = await self.desk.place(guild_id, channel_id, where)
        require_manager(interaction, place)
        return await self.desk.choose(guild_id, channel_id, place, name, value, interaction.user.id)

    async def let_go(self, interaction: Interaction, name: str, where: Reach) -> str:
        """Take a value away, and a sentence on what holds now.  Raises: Refusal."""
        guild_id, channel_id = interaction.guild_id, interaction.channel_id or 0
        place = await self.desk.place(guild_id, channel_id, where)
        require_manager(interaction, place)
        return await self.desk.unset(guild_id, channel_id, place, name, interaction.user.id)


async def answer(interaction: Interaction, work: Coroutine[Any, Any, str]) -> None:
    """Tell the person alone what some work comes to.  Raises: Refusal."""
    await tell(interaction, await in_time(interaction, work, ephemeral=True))


def require_manager(interaction: Interaction, place: Place) -> None:
    """Raises: Refusal unless the person manages the place; a direct message is theirs."""
    if interaction.guild_id is None:
        return
    if place.kind is PlaceKind.GUILD:
        if not interaction.permissions.manage_guild:
            raise Refusal(SERVER_MANAGERS_ONLY)
    elif not allowed_in(interaction, place).manage_channels:
        raise Refusal(MANAGERS_ONLY)


def allowed_in(interaction: Interaction, place: Place) -> discord.Permissions:
    """What the person may do in a place: a category has permissions of its own."""
    if place.kind is not PlaceKind.CATEGORY:
        return interaction.permissions
    category = None if interaction.guild is None else interaction.guild.get_channel(place.id)
    if category is None or not isinstance(interaction.user, discord.Member):
        return discord.Permissions.none()
    return category.permissions_for(interaction.user)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Settings(bot))
