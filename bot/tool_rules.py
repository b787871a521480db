"""Which tools models may be offered where: what moderators switched, as it counts in a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.places import Place
from bot.readings import Readings
from bot.store import tool_switches
from bot.store.database import Database
from bot.tools.switches import NOTHING_SWITCHED, Switch, Switches
from bot.whereabouts import Whereabouts


class ToolRules:
    """Reads and writes the switches of guilds; what was read is kept for seconds."""

    def __init__(self, database: Database, whereabouts: Whereabouts, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._whereabouts = whereabouts
        self._clock = clock
        self._readings = Readings(self._read, clock)

    async def at(self, guild_id: int | None, channel_id: int) -> Switches:
        """What counts in a place; nothing is switched in direct messages.  Raises: Refusal if it cannot be found."""
        known = {} if guild_id is None else await self._readings.of(guild_id)
        if guild_id is None or not known:
            return NOTHING_SWITCHED
        return Switches(places=await self.places(guild_id, channel_id), known=known)

    async def switch(self, guild_id: int, switch: Switch, user_id: int) -> None:
        """Switch a tool or a group at a place of a guild, from now on."""
        async with self._database.write() as transaction:
            await tool_switches.put(transaction, guild_id, switch, user_id, self._clock())
        self._readings.changed(guild_id)

    async def places(self, guild_id: int, channel_id: int) -> tuple[Place, ...]:
        """Where a channel of a guild lies: itself first, the guild last.  Raises: Refusal."""
        return await self._whereabouts.of(guild_id, channel_id)

    async def _read(self, guild_id: int) -> Mapping[tuple[Place, str], Switch]:
        async with self._database.read() as transaction:
            found = await tool_switches.of_guild(transaction, guild_id)
        return {(switch.place, switch.tool): switch for switch in found}
