"""What moderators chose for places, as it counts in one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.place_setting_table import is_valid
from bot.place_values import NOTHING_CHOSEN, Choice, PlaceValues
from bot.places import Place, PlaceKind
from bot.readings import Readings
from bot.store import place_settings
from bot.store.database import Database
from bot.whereabouts import Whereabouts

log = logging.getLogger(__name__)


class PlaceSettings:
    """Reads and writes the settings of places; what was read is kept for seconds."""

    def __init__(self, database: Database, whereabouts: Whereabouts, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._whereabouts = whereabouts
        self._clock = clock
        self._readings = Readings(self._read, clock)

    async def at(self, guild_id: int | None, channel_id: int) -> PlaceValues:
        """What counts in a channel, a thread or a direct message.  Raises: Refusal if it cannot be found."""
        known = await self._readings.of(_root(guild_id, channel_id))
        if not known:
            return NOTHING_CHOSEN
        return PlaceValues(places=await self.places(guild_id, channel_id), known=known)

    async def places(self, guild_id: int | None, channel_id: int) -> tuple[Place, ...]:
        """Where a channel lies: itself first, its guild last.  Raises: Refusal."""
        return await self._whereabouts.of(guild_id, channel_id)

    async def choose(self, guild_id: int | None, choice: Choice, user_id: int) -> None:
        """Set a value at a place, from now on; the last one who does wins."""
        async with self._database.write() as transaction:
            await place_settings.put(transaction, guild_id, choice, user_id, self._clock())
        self._readings.changed(_root(guild_id, choice.place.id))

    async def unset(self, guild_id: int | None, place: Place, name: str) -> bool:
        """Have a place inherit a value again: whether it had one of its own."""
        async with self._database.write() as transaction:
            was_set = await place_settings.remove(transaction, place, name)
        self._readings.changed(_root(guild_id, place.id))
        return was_set

    async def _read(self, root: Place) -> Mapping[tuple[Place, str], Choice]:
        async with self._database.read() as transaction:
            found = await place_settings.within(transaction, root)
        known = {(choice.place, choice.name): choice for choice in found if is_valid(choice.name, choice.value)}
        if len(known) < len(found):
            log.warning("%d settings in %s %d are not known any more", len(found) - len(known), root.kind, root.id)
        return known


def _root(guild_id: int | None, channel_id: int) -> Place:
    """What is read at once: all of a guild, or a direct message's channel."""
    if guild_id is None:
        return Place(kind=PlaceKind.CHANNEL, id=channel_id)
    return Place(kind=PlaceKind.GUILD, id=guild_id)
