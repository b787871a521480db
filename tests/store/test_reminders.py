"""Reminders: found when they are due, told once, cancelled by their owner alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.store import reminders
from bot.store.database import Database
from bot.store.reminders import NewReminder, Reminder
from bot.store.schema import reminders as reminders_table
from tests.store.stories import later

ADA, GRACE = 1, 2


async def make(
    connection: AsyncConnection, minutes: int, *, user_id: int = ADA, call_id: int | None = None
) -> Reminder:
    """A reminder that is due after some minutes."""
    new = NewReminder(
        user_id=user_id,
        guild_id=None,
        channel_id=10,
        text=f"after {minutes}",
        due_at=later(minutes * 60),
        created_at=later(0),
        call_id=call_id,
    )
    return await reminders.add(connection, new)


async def test_due_reminders_come_in_their_order(database: Database) -> None:
    """Those that are due by some time, longest due first, as many as asked for, without those under way."""
    async with database.write() as connection:
        made = [await make(connection, minutes) for minutes in (3, 1, 2, 9)]
        by = later(5 * 60)
        assert await reminders.due(connection, by, limit=9) == (made[1], made[2], made[0])
        assert await reminders.due(connection, by, limit=1, without=[made[1].id]) == (made[2],)
        assert await reminders.due(connection, by, limit=0) == ()


async def test_settled_reminder_stays_settled(database: Database) -> None:
    """What was told, or cannot be, is neither due nor pending, and keeps its first end."""
    async with database.write() as connection:
        told, failed = await make(connection, 1), await make(connection, 2)
        await reminders.settle(connection, told.id, later(90))
        await reminders.settle(connection, failed.id, later(130), "Gone.")
        await reminders.settle(connection, told.id, later(200), "Late.")
        assert await reminders.due(connection, later(500), limit=9) == await reminders.pending(connection, ADA) == ()
        ends = select(reminders_table.c.sent_at, reminders_table.c.failure).order_by(reminders_table.c.id)
        assert [tuple(row) for row in await connection.execute(ends)] == [(later(90), None), (later(130), "Gone.")]
        assert not await reminders.cancel(connection, told.id, ADA)


async def test_settled_reminders_are_forgotten_after_a_while(database: Database) -> None:
    """What was told long ago is deleted; what was told lately, and what is still to be told, stays."""
    async with database.write() as connection:
        old, new, unsent = [await make(connection, minutes) for minutes in (1, 2, 3)]
        await reminders.settle(connection, old.id, later(60))
        await reminders.settle(connection, new.id, later(120))
        await reminders.forget(connection, later(120))
        assert list(await connection.scalars(select(reminders_table.c.id))) == [new.id, unsent.id]


async def test_reminder_is_cancelled_by_its_owner_alone(database: Database) -> None:
    """Another person's reminder is as if it were not there."""
    async with database.write() as connection:
        made = await make(connection, 1)
        assert not await reminders.cancel(connection, made.id, GRACE)
        assert await reminders.pending(connection, ADA) == (made,)
        assert await reminders.cancel(connection, made.id, ADA)
        assert await reminders.pending(connection, ADA) == ()


async def test_call_has_one_reminder(database: Database) -> None:
    """The reminder of a call is found by it, told or not, and a second one is refused; people's have no call."""
    async with database.write() as connection:
        made = await make(connection, 1, call_id=7)
        await make(connection, 1)
        await make(connection, 1)
        await reminders.settle(connection, made.id, later(60))
        assert await reminders.of_call(connection, 7) == made
        assert await reminders.of_call(connection, 8) is None
    with pytest.raises(StoreError):
        async with database.write() as connection:
            await make(connection, 2, call_id=7)
