"""Replies: which Discord messages show a run, written down before they are posted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.dialect import Insert, insert_into
from bot.store.schema import replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One Discord message of a reply, counted from 0; `discord_id` is None until Discord acknowledged the post.

    `webhook_id` is the webhook of ours that posted it, if it was not the bot itself.
    """

    run_id: int
    number: int
    place_id: int
    nonce: str
    discord_id: int | None
    webhook_id: int | None = None


COLUMNS = tuple(replies.c[field.name] for field in fields(Page))
OF_RUN = select(*COLUMNS).where(replies.c.run_id == bindparam("run_id"))
PAGES = OF_RUN.order_by(replies.c.number)


async def pages(connection: AsyncConnection, run_id: int) -> tuple[Page, ...]:
    """The pages of a run's reply, in order, posted or not."""
    return tuple(Page(**row._mapping) for row in await connection.execute(PAGES, {"run_id": run_id}))


PAGE = OF_RUN.where(replies.c.number == bindparam("number"))


async def plan(connection: AsyncConnection, run_id: int, number: int, place_id: int, nonce: str, now: datetime) -> Page:
    """Write a page down before it is posted; one that was written down before comes back as it is, with its nonce."""
    key = {"run_id": run_id, "number": number}
    values = {**key, "place_id": place_id, "nonce": nonce, "created_at": now}
    await connection.execute(_once(insert_into(connection, replies)), values)
    return Page(**(await connection.execute(PAGE, key)).one()._mapping)


@cache
def _once(fresh: Insert) -> Executable:
    return fresh.on_conflict_do_nothing(index_elements=[replies.c.run_id, replies.c.number])


POST = update(replies).where(replies.c.run_id == bindparam("of_run"), replies.c.number == bindparam("of_page"))


async def posted(
    connection: AsyncConnection,
    run_id: int,
    number: int,
    discord_id: int,
    now: datetime,
    *,
    webhook_id: int | None = None,
) -> None:
    """Note which Discord message a page has become, and by which webhook, if it was not the bot itself."""
    values = {"discord_id": discord_id, "webhook_id": webhook_id, "posted_at": now}
    await connection.execute(POST, {"of_run": run_id, "of_page": number, **values})


async def remove(connection: AsyncConnection, run_id: int, number: int) -> bool:
    """Forget a page whose Discord message is gone; False if it is forgotten already."""
    statement = delete(replies).where(replies.c.run_id == run_id, replies.c.number == number)
    return await connection.scalar(statement.returning(replies.c.run_id)) is not None


async def forget(connection: AsyncConnection, discord_ids: Collection[int]) -> frozenset[int]:
    """Forget the pages that were deleted in Discord: the runs that they showed."""
    statement = delete(replies).where(replies.c.discord_id.in_(discord_ids)).returning(replies.c.run_id)
    return frozenset(await connection.scalars(statement))


async def adopt(connection: AsyncConnection, from_run_id: int, to_run_id: int) -> None:
    """Hand a reply to another run, which will be shown in the same Discord messages; again changes nothing."""
    await connection.execute(update(replies).where(replies.c.run_id == from_run_id).values(run_id=to_run_id))


async def run_of(connection: AsyncConnection, discord_id: int) -> int | None:
    """The run that a Discord message shows, None if it shows none."""
    run_id: int | None = await connection.scalar(select(replies.c.run_id).where(replies.c.discord_id == discord_id))
    return run_id
