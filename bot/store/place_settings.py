"""Place settings: what moderators chose for a place, the latest choice each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.place_settings.chosen import Choice
from bot.places import Place, PlaceKind
from bot.store.dialect import insert_into
from bot.store.schema import place_settings

COLUMNS = place_settings.c.place_kind, place_settings.c.place_id, place_settings.c.name, place_settings.c.value


async def of(connection: AsyncConnection, places: Collection[Place]) -> tuple[Choice, ...]:
    """Every choice at these places."""
    return _choices(await connection.execute(select(*COLUMNS).where(or_(*map(_is, places)))))


async def within(connection: AsyncConnection, root: Place) -> tuple[Choice, ...]:
    """Every choice of a guild, in all its places, or of a direct message's channel."""
    return _choices(await connection.execute(select(*COLUMNS).where(_is_within(root))))


async def guilds(connection: AsyncConnection) -> frozenset[int]:
    """The guilds in which something is chosen."""
    found = select(place_settings.c.guild_id).distinct().where(place_settings.c.guild_id.is_not(None))
    return frozenset(await connection.scalars(found))


async def put(connection: AsyncConnection, guild_id: int | None, choice: Choice, set_by: int, now: datetime) -> None:
    """Set a value, whether or not there was one before."""
    values = {"guild_id": guild_id, "value": choice.value, "set_by": set_by, "set_at": now}
    key = {"place_kind": choice.place.kind.value, "place_id": choice.place.id, "name": choice.name}
    fresh = insert_into(connection, place_settings).values(**key, **values)
    await connection.execute(fresh.on_conflict_do_update(index_elements=list(key), set_=values))


async def remove(connection: AsyncConnection, place: Place, name: str) -> None:
    """Take a value away."""
    await connection.execute(delete(place_settings).where(_is(place), place_settings.c.name == name))


async def remove_places(connection: AsyncConnection, places: Collection[Place]) -> None:
    """Take away everything that was chosen at these places."""
    await connection.execute(delete(place_settings).where(or_(*map(_is, places))))


def _is(place: Place) -> ColumnElement[bool]:
    return and_(place_settings.c.place_kind == place.kind.value, place_settings.c.place_id == place.id)


def _is_within(root: Place) -> ColumnElement[bool]:
    if root.kind is PlaceKind.GUILD:
        return place_settings.c.guild_id == root.id
    return and_(place_settings.c.guild_id.is_(None), _is(root))


def _choices(rows: Iterable[Any]) -> tuple[Choice, ...]:
    return tuple(
        Choice(place=Place(kind=PlaceKind(kind), id=id), name=name, value=value) for kind, id, name, value in rows
    )
