"""A cog with a command that another has already."""

from __future__ import annotations

from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool


class Clashing(commands.Cog):
    """Rolls, too."""

    @tool(idempotent=True)
    async def roll(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Roll something else"""
        return "a clash"


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Clashing())
