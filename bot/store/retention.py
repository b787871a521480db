"""What is deleted for good: all of places that were lost long ago, and what is older than people want it kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.command_usage import delete_old as delete_old_commands
from bot.store.erasing import AT_ONCE, IS_OVER, close_empty, delete_runs, forget_runs, forget_waiting, over
from bot.store.schema import (
    IS_LIVE,
    IS_UNDELIVERED,
    bookmarks,
    budget_windows,
    command_usage,
    conversations,
    messages,
    run_events,
    runs,
    setting_changes,
    tool_approvals,
    usage,
)

RUNS_AT_ONCE = AT_ONCE
IS_SOMEBODYS = conversations.c.member_id >= 0  # less is of nobody: only what it cost is left


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
        await delete_runs(connection, run_ids)
        return True
    for table in (tool_approvals, bookmarks):
        await _delete(connection, table, table.c.conversation_id == conversation_id)
    await _delete(connection, messages, messages.c.conversation_id == conversation_id)  # that were never answered
    await _delete(connection, conversations, conversations.c.id == conversation_id)
    return False


async def guilds(connection: AsyncConnection) -> tuple[int | None, ...]:
    """Where there are conversations, or commands asked models; None stands for direct messages."""
    places = union(*(select(table.c.guild_id) for table in (conversations, command_usage)))
    return tuple(await connection.scalars(places))


async def aged(connection: AsyncConnection, guild_id: int | None, before: datetime) -> tuple[int, ...]:
    """The conversations of a guild in which something ended, or waits in vain, since a moment or longer.

    One that its provider keeps, and in which an answer is in the making, is left for the next time.
    """
    of_it = runs.c.conversation_id == conversations.c.id
    has_old_run = exists().where(of_it, IS_OVER, runs.c.ended_at <= before)
    is_waiting = messages.c.conversation_id == conversations.c.id, messages.c.run_id.is_(None)
    has_old_message = exists().where(*is_waiting, messages.c.created_at <= before)
    is_live = exists().where(of_it, IS_LIVE)
    is_kept = exists().where(bookmarks.c.conversation_id == conversations.c.id)
    found = select(conversations.c.id).where(
        conversations.c.guild_id == guild_id if guild_id is not None else conversations.c.guild_id.is_(None),
        or_(has_old_run, and_(has_old_message, ~is_live)),
        ~and_(is_live, is_kept),
    )
    return tuple(await connection.scalars(found))


async def old_runs(connection: AsyncConnection, conversation_id: int, before: datetime) -> tuple[int, ...]:
    """The oldest runs of a conversation that ended by a moment, for `delete_old`: it is looked for without a lock."""
    return await over(connection, conversation_id, runs.c.ended_at <= before)


async def delete_old(
    connection: AsyncConnection, conversation_id: int, run_ids: Collection[int], before: datetime, now: datetime
) -> int | None:
    """Delete these runs, or else what was never answered: how many messages, or None where nothing is left to do."""
    if run_ids:  # without those that were shown anew meanwhile
        still = await connection.scalars(select(runs.c.id).where(runs.c.id.in_(run_ids), IS_OVER))
        return await forget_runs(connection, tuple(still))
    count = await forget_waiting(connection, conversation_id, before)
    if count:
        return count
    await close_empty(connection, conversation_id, now)
    return None


async def delete_old_sums(connection: AsyncConnection, before: datetime, members_before: datetime) -> int:
    """Delete a part of what was counted and changed by a moment, people's budgets by another one: how many rows."""
    count = 0
    for is_due in (
        budget_windows.c.starts_at <= before,
        and_(budget_windows.c.starts_at <= members_before, budget_windows.c.member_id != 0),
    ):
        oldest = select(budget_windows.c.starts_at).where(is_due).distinct().order_by(budget_windows.c.starts_at)
        moments = tuple(await connection.scalars(oldest.limit(1)))
        count += await _delete(connection, budget_windows, and_(is_due, budget_windows.c.starts_at.in_(moments)))
    changes = select(setting_changes.c.id).where(setting_changes.c.changed_at <= before).limit(AT_ONCE)
    count += await _delete(connection, setting_changes, setting_changes.c.id.in_(changes))
    count += await delete_old_commands(connection, before)
    return count + await _delete_old_costs(connection, before)


async def _delete_old_costs(connection: AsyncConnection, before: datetime) -> int:
    """Delete runs of which nothing is left but what they cost, and conversations that were kept for those."""
    is_bare = ~exists().where(run_events.c.run_id == usage.c.run_id)
    due = select(usage.c.run_id).where(usage.c.created_at <= before, is_bare).limit(AT_ONCE)
    run_ids = tuple(await connection.scalars(due))
    await delete_runs(connection, run_ids)
    is_empty = ~exists().where(runs.c.conversation_id == conversations.c.id)
    return len(run_ids) + await _delete(connection, conversations, and_(~IS_SOMEBODYS, is_empty))


def _due(closed_before: datetime) -> Select[tuple[int]]:
    at_work = select(runs.c.conversation_id).where(IS_UNDELIVERED)
    return select(conversations.c.id).where(
        conversations.c.closed_at <= closed_before, conversations.c.id.not_in(at_work), IS_SOMEBODYS
    )


async def _delete(connection: AsyncConnection, table: Table, condition: ColumnElement[bool]) -> int:
    return (await connection.execute(delete(table).where(condition))).rowcount
