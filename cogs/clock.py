"""What time it is: /time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import discord
from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.caller import Caller
from bot.tools.declare import tool

MAX_ZONE_CHARACTERS = 64  # twice the longest name there is


class Clock(commands.Cog):
    """Tells the time, anywhere."""

    def __init__(self, now: Callable[[], datetime] = discord.utils.utcnow) -> None:
        self.now = now

    @tool(idempotent=True, timeout_seconds=2)
    async def time(self, caller: Caller, zone: Range[str, 1, MAX_ZONE_CHARACTERS] = "UTC") -> str:  # noqa: ARG002 - interface
        """Tell the date and the time, here or in another time zone

        Args:
            zone: A time zone by its IANA name, for example Europe/Berlin
        """
        local = self.now().astimezone(zone_named(zone))
        written = local.isoformat(sep=" ", timespec="seconds")
        return f"{local:%A} {written} in {zone}, {discord.utils.format_dt(local, 'F')} where you are"


def zone_named(name: str) -> ZoneInfo:
    """The zone with an IANA name.  Raises: Refusal."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:  # the name is looked for as a file
        raise Refusal(
            f"There is no time zone named {one_line(name, MAX_ZONE_CHARACTERS)}. "
            "Take an IANA name, such as Europe/Berlin, America/New_York or UTC."
        ) from exc


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Clock())
