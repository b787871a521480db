"""Budgets: what was used in each window, and what is reserved for the requests that are under way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.budgets.model import Key, Used
from bot.place_settings.budget_names import Period
from bot.places import Place, PlaceKind
from bot.store.dialect import insert_into
from bot.store.schema import IS_TERMINAL, budget_windows, notices, reservations, runs

COLUMNS = budget_windows.c
NOTHING_USED = {"tokens": 0, "cost_nanos": 0, "questions": 0}
MEMBER_ID = "member_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What is reserved of each window for the requests of one attempt of a run: tokens, and billionths of a dollar."""

    attempt: int
    of: Mapping[Key, tuple[int, int]]


async def used(connection: AsyncConnection, keys: Collection[Key]) -> Mapping[Key, Used]:
    """What was used of these windows; those that nobody has used are missing."""
    if not keys:
        return {}
    return dict(map(_read, await connection.execute(select(budget_windows).where(or_(*map(_is, keys))))))


async def of_members(connection: AsyncConnection, key: Key) -> Sequence[Used]:
    """What each member used of the windows that differ from this one in nothing but whose they are."""
    conditions = [COLUMNS[name] == value for name, value in _columns(key).items() if name != MEMBER_ID]
    rows = await connection.execute(select(budget_windows).where(*conditions))
    return [found for _, found in map(_read, rows)]


async def lock(connection: AsyncConnection, guild_id: int | None, keys: Collection[Key]) -> Mapping[Key, Used]:
    """What was used of these windows, which are there then, and nobody else's until the end of the transaction."""
    # In an order: two who lock the same windows never wait for each other.
    rows = [{**_columns(key), "guild_id": guild_id, **NOTHING_USED} for key in sorted(keys, key=str)]
    fresh = insert_into(connection, budget_windows).values(rows)
    locked = fresh.on_conflict_do_update(
        index_elements=[column.name for column in budget_windows.primary_key], set_={"tokens": COLUMNS.tokens}
    )
    return dict(map(_read, await connection.execute(locked.returning(budget_windows))))


async def add(
    connection: AsyncConnection,
    keys: Collection[Key],
    *,
    tokens: int = 0,
    cost_nanos: int = 0,
    questions: int = 0,
) -> None:
    """Count this in each of these windows, as far as they are there; what is below zero is taken back."""
    if keys and (tokens or cost_nanos or questions):
        changed = {
            "tokens": COLUMNS.tokens + tokens,
            "cost_nanos": COLUMNS.cost_nanos + cost_nanos,
            "questions": COLUMNS.questions + questions,
        }
        await connection.execute(update(budget_windows).where(or_(*map(_is, keys))).values(changed))


async def reservation(connection: AsyncConnection, run_id: int) -> Reserved | None:
    """What is reserved for a run."""
    stored = await connection.scalar(select(reservations.c.windows).where(reservations.c.run_id == run_id))
    if stored is None:
        return None
    of = {_key(row): (row["tokens"], row["cost_nanos"]) for row in stored["of"]}
    return Reserved(attempt=stored["attempt"], of=of)


async def put_reservation(connection: AsyncConnection, run_id: int, reserved: Reserved, now: datetime) -> None:
    """Note what is reserved for a run, in place of what was noted before."""
    await remove_reservation(connection, run_id)
    of = [
        {**_columns(key), "starts_at": int(key.starts_at.timestamp() * 1000), "tokens": tokens, "cost_nanos": cost}
        for key, (tokens, cost) in reserved.of.items()
    ]
    values = {
        "run_id": run_id,
        "windows": {"attempt": reserved.attempt, "of": of},
        "tokens": max(tokens for tokens, _ in reserved.of.values()),
        "cost_nanos": max(cost for _, cost in reserved.of.values()),
        "created_at": now,
    }
    await connection.execute(insert(reservations).values(values))


async def remove_reservation(connection: AsyncConnection, run_id: int) -> None:
    """Forget what is reserved for a run; it stays counted as used."""
    await connection.execute(delete(reservations).where(reservations.c.run_id == run_id))


async def reserved(connection: AsyncConnection, keys: Collection[Key]) -> Mapping[Key, Used]:
    """How much of what was used in these windows is only reserved."""
    found = dict[Key, Used]()
    for stored in await connection.scalars(select(reservations.c.windows)):
        for row in stored["of"]:
            key = _key(row)
            if key in keys:
                before = found.get(key, Used())
                found[key] = Used(
                    tokens=before.tokens + row["tokens"], cost_nanos=before.cost_nanos + row["cost_nanos"]
                )
    return found


async def sweep(connection: AsyncConnection, *, ended_before: datetime, told_before: datetime, told: str) -> None:
    """Let go the reservations of runs that ended before a time, and old notices whose subjects begin with `told`."""
    ended = select(runs.c.id).where(IS_TERMINAL, runs.c.ended_at < ended_before)
    await connection.execute(delete(reservations).where(reservations.c.run_id.in_(ended)))
    is_old = notices.c.subject.startswith(told), notices.c.told_at < told_before
    await connection.execute(delete(notices).where(*is_old))


def _columns(key: Key) -> dict[str, Any]:
    return {
        "place_kind": key.place.kind.value,
        "place_id": key.place.id,
        "subject": key.counted_for,
        MEMBER_ID: key.member_id,
        "period": key.period.value,
        "starts_at": key.starts_at,
    }


def _is(key: Key) -> ColumnElement[bool]:
    return and_(*(COLUMNS[name] == value for name, value in _columns(key).items()))


def _read(row: Row[Any]) -> tuple[Key, Used]:
    found = row._mapping
    key = Key(
        place=Place(kind=PlaceKind(found["place_kind"]), id=found["place_id"]),
        counted_for=found["subject"],
        member_id=found[MEMBER_ID],
        period=Period(found["period"]),
        starts_at=found["starts_at"],
    )
    return key, Used(tokens=found["tokens"], cost_nanos=found["cost_nanos"], questions=found["questions"])


def _key(row: Mapping[str, Any]) -> Key:
    return Key(
        place=Place(kind=PlaceKind(row["place_kind"]), id=row["place_id"]),
        counted_for=row["subject"],
        member_id=row[MEMBER_ID],
        period=Period(row["period"]),
        starts_at=datetime.fromtimestamp(row["starts_at"] / 1000, UTC),
    )
