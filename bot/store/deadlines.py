"""Deadlines: when runs expire, and when they get more time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import Cause, Run
from bot.store.runs import COLUMNS, oldest_first
from bot.store.schema import IS_LIVE, run_events, runs


async def overdue(connection: AsyncConnection, now: datetime) -> tuple[Run, ...]:
    """The live runs whose deadline has passed and that nobody works on, oldest first."""
    # Sorted here: asked for an order, SQLite would walk through all runs in it instead of the few live ones.
    late = select(*COLUMNS).where(IS_LIVE, runs.c.expires_at <= now, runs.c.lease_owner.is_(None))
    return oldest_first(await connection.execute(late))


async def give_time(connection: AsyncConnection, now: datetime, timeout: timedelta) -> None:
    """Let the live runs expire after `timeout`, because the time they had was of a clock that was set since.

    Those that wait for a person begin to wait anew, for as long as they were given.
    """
    late = runs.c.waiting_since.is_(None), runs.c.expires_at < now + timeout
    await connection.execute(update(runs).where(IS_LIVE, *late).values(expires_at=now + timeout))
    waiting = select(runs.c.id, runs.c.expires_at, runs.c.waiting_since).where(runs.c.waiting_since.is_not(None))
    for row in (await connection.execute(waiting.where(IS_LIVE))).all():
        anew = {"waiting_since": now, "expires_at": now + (row.expires_at - row.waiting_since)}
        await connection.execute(update(runs).where(runs.c.id == row.id).values(anew))


async def renew(connection: AsyncConnection, now: datetime, *, expires_at: datetime, asked_after: datetime) -> int:
    """Give the live runs that are overdue, but were asked for or decided about after a time, a new deadline: how many.

    Left alone are those that wait for a person, who had their time, and private answers: the interaction that would
    show one has expired by then.
    """
    decided = exists().where(
        run_events.c.run_id == runs.c.id, run_events.c.cause == Cause.PERSON_ANSWERED, run_events.c.at > asked_after
    )
    statement = (
        update(runs)
        .where(IS_LIVE, runs.c.expires_at <= now, or_(runs.c.created_at > asked_after, decided))
        .where(runs.c.interaction_token.is_(None), runs.c.waiting_since.is_(None))
        .values(expires_at=expires_at)
        .returning(runs.c.id)
    )
    return len((await connection.execute(statement)).all())
