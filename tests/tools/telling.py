"""A tool that tells what holds in the place where it is called."""

from __future__ import annotations

from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool


class Telling(commands.Cog):
    """What a tool knows of its place."""

    @tool(idempotent=True)
    async def who_answers(self, caller: Caller) -> str:
        """Tell which model answers here"""
        return caller.place.model


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Telling())
