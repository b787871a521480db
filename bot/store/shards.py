"""Shards: up to which message each of them has dealt with what was said."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.dialect import insert_into
from bot.store.schema import shards


async def last_message_id(connection: AsyncConnection, number: int) -> int | None:
    """The Discord id up to which everything has been dealt with; None before a shard's first note."""
    found: int | None = await connection.scalar(select(shards.c.last_message_id).where(shards.c.number == number))
    return found


async def note(connection: AsyncConnection, number: int, message_id: int) -> None:
    """Everything up to this message has been dealt with; a note of something older changes nothing."""
    fresh = insert_into(connection, shards).values(number=number, last_message_id=message_id)
    newer = fresh.on_conflict_do_update(
        index_elements=[shards.c.number],
        set_={"last_message_id": message_id},
        where=shards.c.last_message_id < message_id,
    )
    await connection.execute(newer)
