"""A calculator: /calculate."""

from __future__ import annotations

from discord.app_commands import Range
from discord.ext import commands

from bot.calculation.answer import calculated
from bot.calculation.words import MAX_CHARACTERS
from bot.client import ParleyClient
from bot.messages import one_line
from bot.tools.caller import Caller
from bot.tools.declare import tool


class Calculator(commands.Cog):
    """Calculates, without ever running what somebody wrote."""

    @tool(idempotent=True, timeout_seconds=2, group="basics")
    async def calculate(self, caller: Caller, expression: Range[str, 1, MAX_CHARACTERS]) -> str:  # noqa: ARG002 - interface
        """Calculate, exactly where that can be: + - * / // ^ ! % brackets, sqrt, log, sin and many more

        Fractions stay exact, other reals are given to 30 digits. A % behind a number is per cent, between two
        numbers it is the remainder. Angles are radians, or degrees with °. Write ln(x) or log(x, base).

        Args:
            expression: What to calculate, for example 2 * (3 + 4)^2 or 1,250 + 19% or sqrt(2)
        """
        result = calculated(expression)  # which refuses what could leave the code block
        return f"`{one_line(expression, MAX_CHARACTERS)}` {result}"


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Calculator())
