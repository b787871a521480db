"""Dice: /roll."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.tools.caller import Caller
from bot.tools.declare import tool


class Dice(commands.Cog):
    """Rolls dice that nobody can foresee."""

    def __init__(self, number_below: Callable[[int], int] = secrets.randbelow) -> None:
        self.number_below = number_below

    @tool(idempotent=False, timeout_seconds=2, group="games")
    async def roll(self, caller: Caller, sides: Range[int, 2, 1000] = 6, count: Range[int, 1, 100] = 1) -> str:  # noqa: ARG002 - interface
        """Roll dice, and see each of them and their sum

        Args:
            sides: How many sides each die has
            count: How many dice to roll
        """
        rolled = [self.number_below(sides) + 1 for _ in range(count)]
        total = f" = {sum(rolled)}" if count > 1 else ""
        return f"{count}d{sides}: {' + '.join(map(str, rolled))}{total}"


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Dice())
