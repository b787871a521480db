"""Place settings: what moderators chose for a place, the latest choice each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.place_values import Choice
from bot.places import Place, PlaceKind
from bot.store.dialect import insert_into
from bot.store.schema import place_settings


async def within(connection: AsyncConnection, root: Place) -> tuple[Choice, ...]:
    """Every choice of a guild, in all its places, or of a direct message's channel."""
    columns = place_settings.c.place_kind, place_settings.c.place_id, place_settings.c.name, place_settings.c.value
    rows = await connection.execute(select(*columns).where(_is_within(root)))
    return tuple(
        Choice(place=Place(kind=PlaceKind(kind), id=id), name=name, value=value) for kind, id, name, value in rows
    )


async def put(connection: AsyncConnection, guild_id: int | None, choice: Choice, set_by: int, now: datetime) -> None:
    """Set a value, whether or not there was one before."""
    values = {"guild_id": guild_id, "value": choice.value, "set_by": set_by, "set_at": now}
    key = {"place_kind": choice.place.kind.value, "place_id": choice.place.id, "name": choice.name}
    fresh = insert_into(connection, place_settings).values(**key, **values)
    await connection.execute(fresh.on_conflict_do_update(index_elements=list(key), set_=values))


async def remove(connection: AsyncConnection, place: Place, name: str) -> bool:
    """Take a value away: whether there was one."""
    statement = delete(place_settings).where(
        place_settings.c.place_kind == place.kind.value,
        place_settings.c.place_id == place.id,
        place_settings.c.name == name,
    )
    return (await connection.execute(statement)).rowcount > 0


def _is_within(root: Place) -> ColumnElement[bool]:
    if root.kind is PlaceKind.GUILD:
        return place_settings.c.guild_id == root.id
    is_it = place_settings.c.place_kind == root.kind.value, place_settings.c.place_id == root.id
    return and_(place_settings.c.guild_id.is_(None), *is_it)
