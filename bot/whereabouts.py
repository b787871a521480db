"""Where a channel lies: what moderators chose for its thread, channel, category or server counts in it."""

from __future__ import annotations

import logging
from typing import Any, Protocol

import discord

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.places import Place, PlaceKind

log = logging.getLogger(__name__)

UNKNOWN_PLACE = "It cannot be found out what moderators chose for this place. Please try again in a moment."


class Channels(Protocol):
    """Knows Discord's channels, as discord.py's client does."""

    def get_channel(self, id: int, /) -> Any:
        """A channel that was told of, or None."""

    async def fetch_channel(self, channel_id: int, /) -> Any:
        """A channel that is asked for.  Raises: NOT_TAKEN."""


class Whereabouts:
    """Finds where channels lie, as discord.py knows them."""

    def __init__(self) -> None:
        self._channels: Channels | None = None

    def meet(self, channels: Channels) -> None:
        """Learn who knows which channel lies where."""
        self._channels = channels

    async def of(self, guild_id: int | None, channel_id: int) -> tuple[Place, ...]:
        """The places of a channel: itself first, its guild last; of a direct message itself alone.  Raises: Refusal."""
        if guild_id is None:
            return (Place(kind=PlaceKind.CHANNEL, id=channel_id),)
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
