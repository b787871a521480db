"""Changes of settings: who changed what from what to what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.places import Place, PlaceKind
from bot.store.schema import setting_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """What was changed; a value that is None was, or is now, inherited.  `undoes` is the change that it took back."""

    guild_id: int | None
    place: Place
    name: str
    old_value: Any
    new_value: Any
    changed_by: int
    changed_at: datetime
    undoes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(NewChange):
    """One row."""

    id: int


async def add(connection: AsyncConnection, changes: Sequence[NewChange]) -> tuple[Change, ...]:
    """Log these changes: the rows."""
    added = list[Change]()
    for new in changes:
        values = {name: getattr(new, name) for name in NewChange.__slots__ if name != "place"}
        key = {"place_kind": new.place.kind.value, "place_id": new.place.id}
        statement = insert(setting_changes).values(**key, **values).returning(setting_changes.c.id)
        added.append(Change(id=(await connection.execute(statement)).scalar_one(), place=new.place, **values))
    return tuple(added)


async def last_of(connection: AsyncConnection, place: Place, name: str) -> Change | None:
    """The latest change of a setting at a place."""
    statement = (
        select(setting_changes)
        .where(
            setting_changes.c.place_id == place.id,
            setting_changes.c.place_kind == place.kind.value,
            setting_changes.c.name == name,
        )
        .order_by(setting_changes.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _change(row)


def _change(row: Row[Any]) -> Change:
    found = row._asdict()
    return Change(place=Place(kind=PlaceKind(found.pop("place_kind")), id=found.pop("place_id")), **found)
