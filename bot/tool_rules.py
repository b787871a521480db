"""Which tools models may be offered where: what moderators switched, as it counts in a place."""

from __future__ import annotations

from bot.place_settings.service import Edit, PlaceSettings
from bot.place_settings.table import TOOL
from bot.places import Place
from bot.tools.switches import Switch, Switches


class ToolRules:
    """The switches of tools among the settings of places."""

    def __init__(self, settings: PlaceSettings) -> None:
        self._settings = settings

    async def at(self, guild_id: int | None, channel_id: int) -> Switches:
        """What counts in a place.  Raises: Refusal if it cannot be found."""
        return (await self._settings.at(guild_id, channel_id)).switches

    async def switch(self, guild_id: int, switch: Switch, user_id: int) -> None:
        """Switch a tool or a group at a place of a guild, from now on."""
        edit = Edit(place=switch.place, name=TOOL + switch.tool, value=switch.is_enabled)
        await self._settings.change(guild_id, [edit], user_id)

    async def places(self, guild_id: int, channel_id: int) -> tuple[Place, ...]:
        """Where a channel of a guild lies: itself first, the guild last.  Raises: Refusal."""
        return await self._settings.places(guild_id, channel_id)
