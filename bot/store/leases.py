"""Leases: whose a run is for now; who holds one carries the run out, or delivers what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Integer, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import TRANSITIONS, Cause, Run, Status
from bot.store.runs import COLUMNS, MOVE, NO_LEASE, move, oldest_first, transition
from bot.store.schema import IS_LIVE, IS_QUEUED, IS_TERMINAL, IS_UNDELIVERED, UtcDateTime, runs

DUE = select(runs.c.id).where(IS_QUEUED).order_by(runs.c.id).limit(bindparam("limit", type_=Integer))
CLAIM = MOVE.where(runs.c.id.in_(select(DUE.with_for_update(skip_locked=True).cte()))).values(
    started_at=func.coalesce(runs.c.started_at, bindparam("now", type_=UtcDateTime))
)


async def claim(
    connection: AsyncConnection, owner: str, *, now: datetime, lease_expires_at: datetime, limit: int
) -> tuple[Run, ...]:
    """Up to `limit` queued runs, oldest first, that are the owner's until the lease ends and nobody else's."""
    lease = {"lease_owner": owner, "lease_expires_at": lease_expires_at}
    return await transition(
        connection, CLAIM, Status.QUEUED, Cause.CLAIMED, now, parameters={**lease, "limit": limit, "now": now}
    )


NOT_BUSY = runs.c.id.not_in(bindparam("busy", expanding=True))
TAKE_UP = MOVE.where(IS_LIVE, runs.c.lease_owner.is_(None), runs.c.waiting_since.is_(None), NOT_BUSY)


async def take_up(
    connection: AsyncConnection, owner: str, *, now: datetime, lease_expires_at: datetime, busy: Collection[int]
) -> tuple[Run, ...]:
    """The runs that nobody works on though they are no longer queued, now the owner's, oldest first.

    They wait for tool outputs and not for a person, or have ended and are to be delivered.  `busy` are those the owner
    works on already.
    """
    lease = {"lease_owner": owner, "lease_expires_at": lease_expires_at}
    nobody = or_(runs.c.lease_owner.is_(None), runs.c.lease_owner == owner, runs.c.lease_expires_at <= now)
    free = {**lease, "busy": tuple(busy)}
    acting = await transition(connection, TAKE_UP, Status.REQUIRES_ACTION, Cause.CLAIMED, now, parameters=free)
    ended = update(runs).where(IS_UNDELIVERED, IS_TERMINAL, nobody, NOT_BUSY).returning(*COLUMNS)
    return (*acting, *oldest_first(await connection.execute(ended, free)))


async def extend(connection: AsyncConnection, owner: str, lease_expires_at: datetime, run_ids: Collection[int]) -> None:
    """Keep those of these runs that are the owner's its own for longer."""
    await connection.execute(
        update(runs)
        .where(runs.c.id.in_(run_ids), runs.c.lease_owner == owner)
        .values(lease_expires_at=lease_expires_at)
    )


async def owners(connection: AsyncConnection) -> tuple[str, ...]:
    """Who holds leases."""
    names = [
        await connection.scalars(
            select(runs.c.lease_owner).where(condition, runs.c.lease_owner.is_not(None)).distinct()
        )
        for condition in (IS_LIVE, IS_UNDELIVERED)
    ]
    return tuple({name for found in names for name in found})


LOST = or_(runs.c.lease_expires_at <= bindparam("now"), runs.c.lease_owner.in_(bindparam("dead", expanding=True)))
RECLAIM = MOVE.where(IS_LIVE, LOST)


async def reclaim(connection: AsyncConnection, now: datetime, *, dead: Collection[str] = ()) -> int:
    """Take the runs whose lease has ended, and those of the dead, from their owners: how many.

    A run in progress is queued again; one that waits for tool outputs keeps its status, and one that has ended too,
    and neither has an owner.
    """
    lost, taken = {"now": now, "dead": tuple(dead)}, 0
    for status, cause in TRANSITIONS:
        if cause is Cause.LEASE_LOST:
            taken += len(await transition(connection, RECLAIM, status, cause, now, parameters=lost))
    ended = update(runs).where(IS_UNDELIVERED, IS_TERMINAL, LOST).values(NO_LEASE).returning(runs.c.id)
    return taken + len((await connection.execute(ended, lost)).all())


async def hand_back(connection: AsyncConnection, run_id: int, attempt: int, now: datetime) -> Run:
    """Give a run up before its lease ends, as at a graceful stop.  Raises: InvalidTransition if it is another's."""
    return await move(connection, run_id, Cause.HANDED_BACK, now, attempt=attempt)
