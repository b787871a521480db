"""What is deleted for good of runs and conversations, in parts that hold nobody up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, case, delete, exists, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import NOBODY
from bot.store.schema import (
    IS_LIVE,
    IS_TERMINAL,
    UtcDateTime,
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
AT_ONCE = 200
# A table before those that its rows refer to; all have `run_id`.
WORDS_OF_A_RUN = (
    tool_files,
    tool_calls,
    run_events,
    replies,
    remote_steps,
    alternatives,
    carried,
    reservations,
    messages,
)
NOWHERE = 0  # a direct message's channel, of which nobody is to know whose it was
# What is left of a run for the sake of what it cost; every other one has events.
HAS_WORDS = exists().where(run_events.c.run_id == runs.c.id)
IS_OVER = and_(IS_TERMINAL, runs.c.delivered_at.is_not(None), HAS_WORDS)


async def delete_runs(connection: AsyncConnection, run_ids: Collection[int]) -> None:
    """Delete runs with all that belongs to them."""
    await _delete(connection, usage, usage.c.run_id.in_(run_ids))
    await forget_runs(connection, run_ids)


async def forget_runs(connection: AsyncConnection, run_ids: Collection[int]) -> int:
    """Delete what runs said and did: how many messages.

    A run that cost something stays as a number of tokens of nobody's, so that bills and budgets are still right.
    """
    count = 0
    for table in WORDS_OF_A_RUN:
        count = await _delete(connection, table, table.c.run_id.in_(run_ids))  # of the last, which are the messages
    followers = runs.c.previous_run_id.in_(run_ids)
    await connection.execute(update(runs).where(followers).values(previous_run_id=None))
    has_cost = exists().where(usage.c.run_id == runs.c.id)
    await _delete(connection, runs, and_(runs.c.id.in_(run_ids), ~has_cost))
    bare = {
        "asker_id": NOBODY,
        "place_id": case((runs.c.guild_id.is_(None), NOWHERE), else_=runs.c.place_id),
        **dict.fromkeys(("question_id", "previous_run_id", "interaction_token", "cancel_requested_by")),
        **dict.fromkeys(("failure", "remark")),
        "text": "",
    }
    await connection.execute(update(runs).where(runs.c.id.in_(run_ids)).values(bare))
    return count


async def over(connection: AsyncConnection, conversation_id: int, is_due: ColumnElement[bool]) -> tuple[int, ...]:
    """The oldest runs of a conversation that ended, were delivered and are due, as many as go at once."""
    due = select(runs.c.id).where(runs.c.conversation_id == conversation_id, IS_OVER, is_due)
    return tuple(await connection.scalars(due.order_by(runs.c.epoch, runs.c.id).limit(AT_ONCE)))


async def forget_waiting(connection: AsyncConnection, conversation_id: int, before: datetime) -> int:
    """Delete what was said by a moment and never answered, nor can be by what is at work: how many."""
    is_live = exists().where(runs.c.conversation_id == conversation_id, IS_LIVE)
    is_waiting = messages.c.run_id.is_(None), messages.c.conversation_id == conversation_id
    is_unanswerable = or_(messages.c.hidden_at.is_not(None), ~is_live)
    due = select(messages.c.id).where(*is_waiting, messages.c.created_at <= before, is_unanswerable).limit(AT_ONCE)
    return await _delete(connection, messages, messages.c.id.in_(tuple(await connection.scalars(due))))


async def close_empty(connection: AsyncConnection, conversation_id: int, now: datetime) -> bool:
    """Delete a conversation that holds no words, or make it nobody's if it has had costs; False if it holds some."""
    of_it = runs.c.conversation_id == conversation_id
    said = exists().where(messages.c.conversation_id == conversation_id)
    if await connection.scalar(select(said)) or await connection.scalar(select(exists().where(of_it, HAS_WORDS))):
        return False
    for table in (tool_approvals, bookmarks):
        await _delete(connection, table, table.c.conversation_id == conversation_id)
    it = conversations.c.id == conversation_id
    if not await connection.scalar(select(exists().where(of_it))):
        await _delete(connection, conversations, it)
        return True
    is_direct, moment = conversations.c.guild_id.is_(None), literal(now, UtcDateTime)
    of_nobody = {
        "place_id": case((is_direct, NOWHERE), else_=conversations.c.place_id),
        "member_id": -conversation_id,
        "closed_at": case((is_direct, moment), else_=conversations.c.closed_at),
    }
    await connection.execute(update(conversations).where(it).values(of_nobody))
    return True


async def _delete(connection: AsyncConnection, table: Table, condition: ColumnElement[bool]) -> int:
    return (await connection.execute(delete(table).where(condition))).rowcount
