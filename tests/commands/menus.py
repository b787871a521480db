"""Commands that the bot's own cogs lack: context menus, and one for the host."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.client import ParleyClient
from bot.commands.access import HOST_ONLY
from bot.interactions import tell


@app_commands.context_menu(name="Praise this")
async def praise_message(interaction: discord.Interaction[ParleyClient], message: discord.Message) -> None:
    """For messages."""
    await tell(interaction, f"Well said in {message.id}.")


@app_commands.context_menu(name="Praise them")
async def praise_person(interaction: discord.Interaction[ParleyClient], member: discord.Member) -> None:
    """For people."""
    await tell(interaction, f"Well done, {member.id}.")


@app_commands.command(extras=dict(HOST_ONLY))
async def engine_room(interaction: discord.Interaction[ParleyClient]) -> None:
    """For the host: see what is below deck"""
    await tell(interaction, "Steam.")


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.tree.add_command(praise_message)
    bot.tree.add_command(praise_person)
    bot.tree.add_command(engine_room)
