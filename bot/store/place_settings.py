"""Place settings: what moderators chose for a place, the latest choice each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.place_settings.chosen import Choice
from bot.places import Place, PlaceKind
from bot.store.dialect import insert_into, parts
from bot.store.schema import place_settings

COLUMNS = place_settings.c.place_kind, place_settings.c.place_id, place_settings.c.name, place_settings.c.value


async def of(connection: AsyncConnection, places: Collection[Place]) -> tuple[Choice, ...]:
    """Every choice at these places."""
    found = list[Choice]()
    for some in parts(places):
        found += _choices(await connection.execute(_at_places(len(some)), _named(some)))
    return tuple(found)


async def within(connection: AsyncConnection, root: Place) -> tuple[Choice, ...]:
    """Every choice of a guild, in all its places, or of a direct message's channel."""
    return _choices(await connection.execute(select(*COLUMNS).where(_is_within(root))))


async def guilds(connection: AsyncConnection) -> frozenset[int]:
    """The guilds in which something is chosen."""
    found = select(place_settings.c.guild_id).distinct().where(place_settings.c.guild_id.is_not(None))
    return frozenset(await connection.scalars(found))


async def put(
    connection: AsyncConnection, guild_id: int | None, choices: Collection[Choice], set_by: int, now: datetime
) -> None:
    """Set values, whether or not there were others before."""
    rows = [
        {
            "place_kind": choice.place.kind.value,
            "place_id": choice.place.id,
            "name": choice.name,
            "guild_id": guild_id,
            "value": choice.value,
            "set_by": set_by,
            "set_at": now,
        }
        for choice in choices
    ]
    for some in parts(rows):
        fresh = insert_into(connection, place_settings).values(some)
        set_ = {name: fresh.excluded[name] for name in ("guild_id", "value", "set_by", "set_at")}
        key = [column.name for column in place_settings.primary_key]
        await connection.execute(fresh.on_conflict_do_update(index_elements=key, set_=set_))


async def remove(connection: AsyncConnection, keys: Collection[tuple[Place, str]]) -> None:
    """Take the values away that are set at these places under these names."""
    for some in parts(keys):
        gone = or_(*(and_(_is(place), place_settings.c.name == name) for place, name in some))
        await connection.execute(delete(place_settings).where(gone))


async def remove_places(connection: AsyncConnection, places: Collection[Place]) -> None:
    """Take away everything that was chosen at these places."""
    for some in parts(places):
        await connection.execute(delete(place_settings).where(or_(*map(_is, some))))


@lru_cache(maxsize=8)  # a place lies in four at most
def _at_places(count: int) -> Select[Any]:
    """Row values in a list would read the whole table: SQLite finds none of them by the key."""
    kind, id = place_settings.c.place_kind, place_settings.c.place_id
    numbers = range(count)
    return select(*COLUMNS).where(
        or_(*(and_(kind == bindparam(f"kind_{number}"), id == bindparam(f"id_{number}")) for number in numbers))
    )


def _named(places: Collection[Place]) -> dict[str, str | int]:
    named = dict[str, str | int]()
    for number, place in enumerate(places):
        named |= {f"kind_{number}": place.kind.value, f"id_{number}": place.id}
    return named


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
