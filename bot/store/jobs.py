"""Jobs: what was done in the background, when, and how far it came."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import jobs

KEPT = 200  # a week of hourly passes


class JobName(StrEnum):
    """What is done in the background."""

    RETENTION = "retention"
    DELETION = "deletion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One time that something was done; `done` counts messages or rows, `user_id` is whose data it deletes."""

    id: int
    name: str
    guild_id: int | None
    started_at: datetime
    ended_at: datetime | None
    done: int
    failure: str | None
    user_id: int | None


COLUMNS = tuple(jobs.c[field.name] for field in fields(Job))


async def begin(
    connection: AsyncConnection,
    name: JobName,
    now: datetime,
    *,
    guild_id: int | None = None,
    user_id: int | None = None,
) -> Job:
    """A job that begins now."""
    values = {"name": name.value, "guild_id": guild_id, "user_id": user_id, "started_at": now}
    row = (await connection.execute(insert(jobs).values(values).returning(*COLUMNS))).one()
    return Job(**row._mapping)


async def advance(connection: AsyncConnection, job_ids: Collection[int], count: int) -> None:
    """Note that so many things more are done."""
    await connection.execute(update(jobs).where(jobs.c.id.in_(job_ids)).values(done=jobs.c.done + count))


async def end(connection: AsyncConnection, job_id: int, now: datetime, failure: str | None = None) -> None:
    """Note that a job is over, and know no longer whom it was for; the last ones are kept, and the last of a guild."""
    values = {"ended_at": now, "failure": failure, "user_id": None}
    await connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))
    newest = select(jobs.c.id).order_by(jobs.c.id.desc()).limit(KEPT)
    of_guilds = select(func.max(jobs.c.id)).where(jobs.c.guild_id.is_not(None)).group_by(jobs.c.guild_id)
    is_kept = or_(jobs.c.id.in_(newest), jobs.c.id.in_(of_guilds), jobs.c.ended_at.is_(None))
    await connection.execute(delete(jobs).where(~is_kept))


async def get(connection: AsyncConnection, job_id: int) -> Job | None:
    """The job with this id; None if it is no longer kept."""
    row = (await connection.execute(select(*COLUMNS).where(jobs.c.id == job_id))).one_or_none()
    return None if row is None else Job(**row._mapping)


async def unfinished(connection: AsyncConnection, name: JobName) -> tuple[Job, ...]:
    """The jobs for people that are not over, oldest first."""
    is_open = jobs.c.name == name.value, jobs.c.ended_at.is_(None), jobs.c.user_id.is_not(None)
    found = await connection.execute(select(*COLUMNS).where(*is_open).order_by(jobs.c.id))
    return tuple(Job(**row._mapping) for row in found)


async def last(connection: AsyncConnection, name: JobName, guild_id: int | None) -> Job | None:
    """The last of these jobs that is over, of a guild, or of everywhere."""
    of_it = jobs.c.guild_id == guild_id if guild_id is not None else jobs.c.guild_id.is_(None)
    found = select(*COLUMNS).where(jobs.c.name == name.value, of_it, jobs.c.ended_at.is_not(None))
    row = (await connection.execute(found.order_by(jobs.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else Job(**row._mapping)


async def newest(connection: AsyncConnection, limit: int) -> tuple[Job, ...]:
    """The last jobs, newest first."""
    found = await connection.execute(select(*COLUMNS).order_by(jobs.c.id.desc()).limit(limit))
    return tuple(Job(**row._mapping) for row in found)
