"""Reminders: what people asked to be told, and when; one that was told stays for a while, with when that was."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import IS_UNSENT, reminders


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What to tell a person, where they asked for it, and when; `guild_id` is None in a direct message."""

    id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    text: str
    due_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReminder:
    """A reminder that is not stored yet; `call_id` is the model's call that asked for it, if one did."""

    user_id: int
    guild_id: int | None
    channel_id: int
    text: str
    due_at: datetime
    created_at: datetime
    call_id: int | None = None


COLUMNS = tuple(reminders.c[field.name] for field in fields(Reminder))
IN_ORDER = (reminders.c.due_at, reminders.c.id)


async def add(connection: AsyncConnection, new: NewReminder) -> Reminder:
    """Write a reminder down.  Raises: StoreError if its call has one already."""
    values = {field.name: getattr(new, field.name) for field in fields(NewReminder)}
    added = await connection.execute(insert(reminders).values(values).returning(*COLUMNS))
    return Reminder(**added.one()._mapping)


async def of_call(connection: AsyncConnection, call_id: int) -> Reminder | None:
    """The reminder that a call asked for, told or not; None if there is none."""
    found = await connection.execute(select(*COLUMNS).where(reminders.c.call_id == call_id))
    row = found.one_or_none()
    return None if row is None else Reminder(**row._mapping)


async def pending(connection: AsyncConnection, user_id: int) -> tuple[Reminder, ...]:
    """What a person is still to be told, soonest first."""
    statement = select(*COLUMNS).where(reminders.c.user_id == user_id, IS_UNSENT).order_by(*IN_ORDER)
    return tuple(Reminder(**row._mapping) for row in await connection.execute(statement))


async def due(
    connection: AsyncConnection, by: datetime, *, limit: int, without: Collection[int] = ()
) -> tuple[Reminder, ...]:
    """What people are to be told by some time, longest due first, without those of these ids."""
    is_due = IS_UNSENT, reminders.c.due_at <= by, reminders.c.id.not_in(without)
    statement = select(*COLUMNS).where(*is_due).order_by(*IN_ORDER).limit(limit)
    return tuple(Reminder(**row._mapping) for row in await connection.execute(statement))


async def settle(connection: AsyncConnection, id: int, now: datetime, failure: str | None = None) -> None:
    """Note that a person was told, or with a failure, why they cannot be."""
    await connection.execute(
        update(reminders).where(reminders.c.id == id, IS_UNSENT).values(sent_at=now, failure=failure)
    )


async def cancel(connection: AsyncConnection, id: int, user_id: int) -> bool:
    """Forget a person's own reminder that they were not told yet; False if there is none."""
    statement = delete(reminders).where(reminders.c.id == id, reminders.c.user_id == user_id, IS_UNSENT)
    return await connection.scalar(statement.returning(reminders.c.id)) is not None


async def forget(connection: AsyncConnection, settled_before: datetime) -> None:
    """Delete what was settled before a moment."""
    await connection.execute(delete(reminders).where(reminders.c.sent_at < settled_before))
