"""Changes of settings: who changed what from what to what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.places import Place, PlaceKind
from bot.store.dialect import parts
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
    for some in parts(changes):
        rows = [_row(new) for new in some]
        fresh = insert(setting_changes).returning(setting_changes.c.id, sort_by_parameter_order=True)
        ids = (await connection.execute(fresh, rows)).scalars().all()
        added += [Change(id=id, **_fields(new)) for id, new in zip(ids, some, strict=True)]
    return tuple(added)


async def last_of(connection: AsyncConnection, place: Place, name: str) -> Change | None:
    """The latest change of a setting at a place."""
    statement = (
        select(setting_changes)
        .where(_is(place), setting_changes.c.name == name)
        .order_by(setting_changes.c.id.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _change(row)


async def acts(
    connection: AsyncConnection, root: Place, place: Place | None, *, limit: int, offset: int
) -> tuple[tuple[Change, ...], ...]:
    """What was changed at once, each time somebody did so, the latest first: in a guild or a direct message.

    With `place` only what was changed at that place.
    """
    table = setting_changes.c
    conditions = [_is_within(root), *([_is(place)] if place is not None else [])]
    latest = func.max(table.id).label("latest")
    grouped = select(table.changed_at, table.changed_by, latest).where(*conditions)
    grouped = grouped.group_by(table.changed_at, table.changed_by).order_by(latest.desc()).limit(limit).offset(offset)
    found = list[tuple[Change, ...]]()
    for act in (await connection.execute(grouped)).all():
        same = table.changed_at == act.changed_at, table.changed_by == act.changed_by
        rows = await connection.execute(select(setting_changes).where(*conditions, *same).order_by(table.id))
        found.append(tuple(map(_change, rows)))
    return tuple(found)


async def act_of(connection: AsyncConnection, root: Place, change_id: int) -> tuple[Change, ...]:
    """Everything that was changed together with one change; nothing if it is not of this guild or direct message."""
    table = setting_changes.c
    one = select(table.changed_at, table.changed_by).where(table.id == change_id).subquery()
    same = table.changed_at == one.c.changed_at, table.changed_by == one.c.changed_by
    rows = await connection.execute(select(setting_changes).where(_is_within(root), *same).order_by(table.id))
    return tuple(map(_change, rows))


def _fields(new: NewChange) -> dict[str, Any]:
    return {name: getattr(new, name) for name in NewChange.__slots__}


def _row(new: NewChange) -> dict[str, Any]:
    row = _fields(new)
    place = row.pop("place")
    return {**row, "place_kind": place.kind.value, "place_id": place.id}


def _is_within(root: Place) -> ColumnElement[bool]:
    if root.kind is PlaceKind.GUILD:
        return setting_changes.c.guild_id == root.id
    return and_(setting_changes.c.guild_id.is_(None), _is(root))


def _is(place: Place) -> ColumnElement[bool]:
    return and_(setting_changes.c.place_id == place.id, setting_changes.c.place_kind == place.kind.value)


def _change(row: Row[Any]) -> Change:
    found = row._asdict()
    return Change(place=Place(kind=PlaceKind(found.pop("place_kind")), id=found.pop("place_id")), **found)
