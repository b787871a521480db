"""What time it is, or will be: /time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import discord
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.client import ParleyClient
from bot.local_time import MAX_CHARACTERS as MAX_TIME_CHARACTERS
from bot.local_time import moment
from bot.tools.caller import Caller
from bot.tools.declare import tool
from bot.zones import MAX_CHARACTERS as MAX_ZONE_CHARACTERS
from bot.zones import Zones

MAX_CHOICES = 25  # as Discord allows


class Clock(commands.Cog):
    """Tells the time, anywhere."""

    def __init__(self, now: Callable[[], datetime] = discord.utils.utcnow) -> None:
        self.now = now
        self.zones = Zones()

    @tool(idempotent=True, timeout_seconds=2, group="basics")
    async def time(
        self,
        caller: Caller,  # noqa: ARG002 - interface
        zone: Range[str, 1, MAX_ZONE_CHARACTERS] = "UTC",
        at: Range[str, 1, MAX_TIME_CHARACTERS] | None = None,
    ) -> str:
        """Tell the date and the time in a city or time zone, now or when it is a certain time there

        Each reader also sees it in their own time zone.

        Args:
            zone: A large city, a country, an IANA name such as Europe/Berlin, an abbreviation such as CET, or UTC+2
            at: A time there, such as 18:30, 6:30 pm or 2026-12-24 18:30; if left out, now
        """
        name, info = self.zones.find(zone)
        when, is_repeated = (self.now().astimezone(info), False) if at is None else moment(at, info, self.now())
        written = when.isoformat(sep=" ", timespec="seconds")
        told = f"{when:%A} {written} in {name}, {discord.utils.format_dt(when, 'F')} where you are"
        if at is not None:
            told += f", {discord.utils.format_dt(when, 'R')}"
        return told + (". The clocks go back then: this is the first of two such times." if is_repeated else "")

    @time.autocomplete("zone")
    async def zones_like(self, _interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """Zones that begin with, or hold, what is typed so far."""
        return [
            Choice(name=each.zone if each.label == each.zone else f"{each.label} ({each.zone})", value=each.zone)
            for each in self.zones.like(typed[:MAX_ZONE_CHARACTERS], MAX_CHOICES)
        ]


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Clock())
