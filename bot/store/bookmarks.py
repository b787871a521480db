"""Bookmarks: what providers that keep conversations themselves need to go on with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import Run
from bot.store.dialect import insert_into
from bot.store.schema import bookmarks

IN_EPOCH = select(bookmarks.c.provider, bookmarks.c.state).where(
    bookmarks.c.conversation_id == bindparam("conversation_id"), bookmarks.c.epoch == bindparam("epoch")
)


async def of_run(connection: AsyncConnection, run: Run) -> Mapping[str, Mapping[str, Any]]:
    """The last of each provider in a run's conversation, by the provider's name."""
    in_epoch = {"conversation_id": run.conversation_id, "epoch": run.epoch}
    return {row.provider: row.state for row in await connection.execute(IN_EPOCH, in_epoch)}


async def put(connection: AsyncConnection, run: Run, provider: str, state: Mapping[str, Any], now: datetime) -> None:
    """Keep a provider's newest."""
    key = {"conversation_id": run.conversation_id, "epoch": run.epoch, "provider": provider}
    values = {"state": dict(state), "changed_at": now}
    fresh = insert_into(connection, bookmarks).values(**key, **values)
    await connection.execute(fresh.on_conflict_do_update(index_elements=list(key), set_=values))


async def of_conversation(
    connection: AsyncConnection, conversation_id: int
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """All of a conversation, of every epoch, each with the provider's name."""
    found = select(bookmarks.c.provider, bookmarks.c.state).where(bookmarks.c.conversation_id == conversation_id)
    return tuple((row.provider, row.state) for row in await connection.execute(found))


async def remove(connection: AsyncConnection, conversation_id: int) -> None:
    """Have providers begin a conversation anew."""
    await connection.execute(delete(bookmarks).where(bookmarks.c.conversation_id == conversation_id))
