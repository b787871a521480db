"""Which tools models may be offered where: what moderators switched, as it counts in a place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import discord

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.store import tool_switches
from bot.store.database import Database
from bot.tools.switches import NOTHING_SWITCHED, Place, PlaceKind, Switch, Switches

log = logging.getLogger(__name__)

# Another process may switch too; a moderator who tries it out at once takes longer than this.
FRESH = timedelta(seconds=5)
UNKNOWN_PLACE = "It cannot be found out which tools may be used in this place."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A guild's switches as they were read at a moment."""

    read_at: datetime
    known: Mapping[tuple[Place, str], Switch]


class Channels(Protocol):
    """Knows Discord's channels, as discord.py's client does."""

    def get_channel(self, id: int, /) -> Any:
        """A channel that was told of, or None."""

    async def fetch_channel(self, channel_id: int, /) -> Any:
        """A channel that is asked for.  Raises: NOT_TAKEN."""


class ToolRules:
    """Reads and writes the switches of guilds; what was read is kept for seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._readings: dict[int, Reading] = {}
        self._channels: Channels | None = None

    def meet(self, channels: Channels) -> None:
        """Learn who knows which channel lies where."""
        self._channels = channels

    async def at(self, guild_id: int | None, channel_id: int) -> Switches:
        """What counts in a place; nothing is switched in direct messages.  Raises: Refusal if it cannot be found."""
        known = {} if guild_id is None else await self._known(guild_id)
        if guild_id is None or not known:
            return NOTHING_SWITCHED
        return Switches(places=await self.places(guild_id, channel_id), known=known)

    async def switch(self, guild_id: int, switch: Switch, user_id: int) -> None:
        """Switch a tool or a group at a place of a guild, from now on."""
        async with self._database.write() as transaction:
            await tool_switches.put(transaction, guild_id, switch, user_id, self._clock())
        self._readings.pop(guild_id, None)

    async def _known(self, guild_id: int) -> Mapping[tuple[Place, str], Switch]:
        now, reading = self._clock(), self._readings.get(guild_id)
        if reading is None or not timedelta(0) <= now - reading.read_at < FRESH:
            async with self._database.read() as transaction:
                found = await tool_switches.of_guild(transaction, guild_id)
            reading = Reading(read_at=now, known={(switch.place, switch.tool): switch for switch in found})
            self._readings[guild_id] = reading
        return reading.known

    async def places(self, guild_id: int, channel_id: int) -> tuple[Place, ...]:
        """Where a channel of a guild lies: itself first, the guild last.  Raises: Refusal."""
        try:
            channel = await self._channel(channel_id)
            if not isinstance(channel, discord.Thread):
                return places_of(channel, guild_id)
            return places_of(channel, guild_id, await self._channel(channel.parent_id))
        except (*NOT_TAKEN, discord.InvalidData) as error:
            log.warning("where channel %d lies is not known: %s", channel_id, type(error).__name__)
            raise Refusal(UNKNOWN_PLACE) from error

    async def _channel(self, channel_id: int) -> Any:
        """A channel as discord.py knows it; before a server has been told of, it has to be asked for."""
        if self._channels is None:
            raise Refusal(UNKNOWN_PLACE)
        return self._channels.get_channel(channel_id) or await self._channels.fetch_channel(channel_id)


def places_of(channel: Any, guild_id: int, parent: Any = None) -> tuple[Place, ...]:
    """The places of a channel, or of a thread with its parent."""
    places = [Place(kind=PlaceKind.CHANNEL if parent is None else PlaceKind.THREAD, id=channel.id)]
    if parent is not None:
        places.append(Place(kind=PlaceKind.CHANNEL, id=parent.id))
    category_id = getattr(parent or channel, "category_id", None)
    if category_id is not None:
        places.append(Place(kind=PlaceKind.CATEGORY, id=category_id))
    return (*places, Place(kind=PlaceKind.GUILD, id=guild_id))
