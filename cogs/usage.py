"""What the model costs: /usage."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import NOT_TAKEN, respond

HOST_ONLY = (
    "Only the host of this bot can see this: the owner of its application at Discord, or an admin or developer of its "
    "team there."
)
HOST_UNKNOWN = "Discord does not say who the host of this bot is. Try again in a moment."


async def require_host(interaction: discord.Interaction[ParleyClient]) -> None:
    """Raises: Refusal unless the person hosts the bot."""
    try:
        is_host = await interaction.client.is_owner(interaction.user)
    except NOT_TAKEN as error:
        raise Refusal(HOST_UNKNOWN) from error
    if not is_host:
        raise Refusal(HOST_ONLY)


class Usage(commands.Cog):
    """Telling what the model costs."""

    # Hidden from those who would only be refused; the host, who may be a mere member, has it in direct messages.
    @app_commands.command()
    @app_commands.default_permissions(administrator=True)
    async def usage(self, interaction: discord.Interaction[Any]) -> None:
        """For the host: see what the model providers took today and this month, and what is left there"""
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        await require_host(interaction)
        await interaction.followup.send(await interaction.client.spending.for_host(), ephemeral=True)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Usage())
