"""What is deleted for good: all that was said in places that were lost long ago."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import (
    IS_UNDELIVERED,
    alternatives,
    bookmarks,
    carried,
    conversations,
    messages,
    remote_steps,
    replies,
    reservations,
    run_events,
    runs,
    tool_approvals,
    tool_calls,
    tool_files,
    usage,
)

# A run has some ten rows in all tables: as many as are deleted within a few dozen milliseconds.
RUNS_AT_ONCE = 200
# A table before those that its rows refer to; all have `run_id`.
OF_A_RUN = (
    tool_files,
    tool_calls,
    run_events,
    replies,
    usage,
    remote_steps,
    alternatives,
    carried,
    reservations,
    messages,
)


async def expired(connection: AsyncConnection, closed_before: datetime) -> tuple[int, ...]:
    """The conversations that were closed by this moment, longest ago first, without those that are still at work."""
    return tuple(await connection.scalars(_due(closed_before).order_by(conversations.c.closed_at)))


async def delete_part(connection: AsyncConnection, conversation_id: int, closed_before: datetime) -> bool:
    """Delete the newest runs of a conversation, or else the conversation itself: whether more of it is left.

    Newest first, because a run may refer to an earlier one.  One that was opened again meanwhile keeps what it has.
    """
    if await connection.scalar(_due(closed_before).where(conversations.c.id == conversation_id)) is None:
        return False
    newest = select(runs.c.id).where(runs.c.conversation_id == conversation_id)
    ordered = newest.order_by(runs.c.epoch.desc(), runs.c.id.desc()).limit(RUNS_AT_ONCE)
    run_ids = tuple(await connection.scalars(ordered))
    if run_ids:
        for table in OF_A_RUN:
            await _delete(connection, table, table.c.run_id.in_(run_ids))
        await _delete(connection, runs, runs.c.id.in_(run_ids))
        return True
    for table in (tool_approvals, bookmarks):
        await _delete(connection, table, table.c.conversation_id == conversation_id)
    await _delete(connection, messages, messages.c.conversation_id == conversation_id)  # that were never answered
    await _delete(connection, conversations, conversations.c.id == conversation_id)
    return False


def _due(closed_before: datetime) -> Select[tuple[int]]:
    at_work = select(runs.c.conversation_id).where(IS_UNDELIVERED)
    return select(conversations.c.id).where(
        conversations.c.closed_at <= closed_before, conversations.c.id.not_in(at_work)
    )


async def _delete(connection: AsyncConnection, table: Table, condition: ColumnElement[bool]) -> None:
    await connection.execute(delete(table).where(condition))
