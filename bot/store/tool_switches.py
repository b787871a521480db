"""Tool switches: what moderators of a guild switched on and off, and where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.places import Place, PlaceKind
from bot.store.dialect import insert_into
from bot.store.schema import tool_switches
from bot.tools.switches import Switch


async def of_guild(connection: AsyncConnection, guild_id: int) -> tuple[Switch, ...]:
    """Every switch of a guild, in all its places."""
    columns = tool_switches.c.place_kind, tool_switches.c.place_id, tool_switches.c.tool, tool_switches.c.is_enabled
    rows = await connection.execute(select(*columns).where(tool_switches.c.guild_id == guild_id))
    return tuple(
        Switch(place=Place(kind=PlaceKind(kind), id=id), tool=tool, is_enabled=is_enabled)
        for kind, id, tool, is_enabled in rows
    )


async def put(connection: AsyncConnection, guild_id: int, switch: Switch, set_by: int, now: datetime) -> None:
    """Set a switch, whether or not it was there before."""
    values = {"guild_id": guild_id, "is_enabled": switch.is_enabled, "set_by": set_by, "set_at": now}
    key = {"place_kind": switch.place.kind.value, "place_id": switch.place.id, "tool": switch.tool}
    fresh = insert_into(connection, tool_switches).values(**key, **values)
    await connection.execute(fresh.on_conflict_do_update(index_elements=list(key), set_=values))
