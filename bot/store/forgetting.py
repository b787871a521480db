"""What is deleted of one person, and what is made nobody's because other people's conversations rest on it.

Everything is done in parts, each of which can be done again: after a crash in the middle it goes on from what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import NOBODY, Status
from bot.store.command_usage import OF_NOBODY
from bot.store.erasing import AT_ONCE, HAS_WORDS, close_empty, forget_runs, forget_waiting, over
from bot.store.schema import (
    IS_LIVE,
    budget_windows,
    command_usage,
    conversations,
    http_tool_calls,
    http_tools,
    messages,
    notices,
    place_settings,
    reminders,
    runs,
    setting_changes,
    status_in,
    tool_approvals,
    tool_calls,
)
from bot.tools.model import Outcome

SOMEONE = "someone"
ANSWER_DELETED = "What the person answered was deleted."
IS_WRITTEN = status_in(runs.c.status, frozenset({Status.QUEUED, Status.IN_PROGRESS}))
# After which a window of a budget is over in every time zone; until then the next question has to know what it holds.
PERIODS = {
    "minute": timedelta(hours=1),
    "hour": timedelta(hours=2),
    "day": timedelta(days=2),
    "month": timedelta(days=32),
}
IS_DIRECT = conversations.c.guild_id.is_(None)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table that are about a person: to be deleted, or to get other values."""

    table: Table
    condition: ColumnElement[bool]
    values: Mapping[str, Any] | None = None


def own_conversations(user_id: int) -> ColumnElement[bool]:
    """Whether a conversation is a person's alone: private, of one member, or in direct messages."""
    said = exists().where(messages.c.conversation_id == conversations.c.id, messages.c.author_id == user_id)
    asked = exists().where(runs.c.conversation_id == conversations.c.id, runs.c.asker_id == user_id)
    return or_(conversations.c.member_id == user_id, and_(IS_DIRECT, or_(said, asked)))


async def own(connection: AsyncConnection, user_id: int) -> tuple[int, ...]:
    """The conversations that are a person's alone."""
    return tuple(await connection.scalars(select(conversations.c.id).where(own_conversations(user_id))))


async def is_own_left(connection: AsyncConnection, conversation_ids: Collection[int], before: datetime) -> bool:
    """Whether something from before a moment is left in these, because it is still being ended or delivered."""
    left = runs.c.conversation_id.in_(conversation_ids), runs.c.created_at <= before, HAS_WORDS
    return await connection.scalar(select(runs.c.id).where(*left).limit(1)) is not None


async def hide_waiting(connection: AsyncConnection, user_id: int, before: datetime, now: datetime) -> None:
    """Have nobody answer what a person said by a moment and what waits still."""
    is_theirs = messages.c.author_id == user_id, messages.c.created_at <= before
    is_waiting = messages.c.run_id.is_(None), messages.c.hidden_at.is_(None)
    await connection.execute(update(messages).where(*is_theirs, *is_waiting).values(hidden_at=now))


async def shared(connection: AsyncConnection, user_id: int, before: datetime) -> tuple[int, ...]:
    """The conversations with others in which a person's words are, or quotations of them, from before a moment.

    Those in which an answer is being written this very moment are the last.
    """
    is_theirs = or_(messages.c.author_id == user_id, messages.c.quote_author_id == user_id)
    said = select(messages.c.conversation_id).where(is_theirs, messages.c.created_at <= before)
    is_written = exists().where(runs.c.conversation_id == conversations.c.id, IS_WRITTEN)
    found = select(conversations.c.id).where(conversations.c.id.in_(said), ~own_conversations(user_id))
    return tuple(await connection.scalars(found.order_by(is_written)))


async def is_being_written_in(connection: AsyncConnection, conversation_id: int) -> bool:
    """Whether a provider is, or will be in a moment, at work in a conversation."""
    found = select(runs.c.id).where(runs.c.conversation_id == conversation_id, IS_WRITTEN)
    return await connection.scalar(found.limit(1)) is not None


async def erase_own(connection: AsyncConnection, conversation_id: int, before: datetime, now: datetime) -> int:
    """Delete a part of a conversation that is somebody's alone: how many rows; what is left then is at work."""
    run_ids = await over(connection, conversation_id, runs.c.created_at <= before)
    if run_ids:
        await forget_runs(connection, run_ids)
    count = len(run_ids) or await forget_waiting(connection, conversation_id, before)
    # In the same transaction as its last words: nothing else says whose a direct message's conversation is.
    await close_empty(connection, conversation_id, now)
    return count


async def hide_in(
    connection: AsyncConnection, conversation_id: int, user_id: int, before: datetime, now: datetime
) -> int:
    """Take a part of a person's words out of a conversation with others: how many messages had some."""
    is_here = messages.c.conversation_id == conversation_id, messages.c.created_at <= before
    own = select(messages.c.id).where(*is_here, messages.c.author_id == user_id).limit(AT_ONCE)
    nothing = {"quote_author": None, "quote_text": None, "quote_author_id": None}
    removed = {"author_id": None, "author_name": SOMEONE, "text": "", "tokens": 0, "discord_id": None}
    # Hidden anew where it was already: what was hidden earlier can be taken back by the moment.
    hidden = {"hidden_at": now, "is_reworded": False}
    ids = tuple(await connection.scalars(own))
    of_them = update(messages).where(messages.c.id.in_(ids))
    await connection.execute(of_them.values(removed | hidden | nothing))
    quoting = select(messages.c.id).where(*is_here, messages.c.quote_author_id == user_id).limit(AT_ONCE)
    quotes = tuple(await connection.scalars(quoting))
    await connection.execute(update(messages).where(messages.c.id.in_(quotes)).values(nothing))
    return len(ids) + len(quotes)


async def look_for_rows(
    connection: AsyncConnection, user_id: int, before: datetime
) -> tuple[tuple[int, Sequence[Any]], ...]:
    """What else there is of a person: for each of `places` some keys, for `change_rows`."""
    found = list[tuple[int, Sequence[Any]]]()
    for number, place in enumerate(places(user_id, before)):
        key = tuple(place.table.primary_key.columns)
        keys = (await connection.execute(select(*key).where(place.condition).limit(AT_ONCE))).all()
        if keys:
            found.append((number, [tuple(each) for each in keys]))
    return tuple(found)


async def change_rows(
    connection: AsyncConnection, user_id: int, before: datetime, number: int, keys: Sequence[Any]
) -> int:
    """Delete these rows, or make them nobody's: how many."""
    place = places(user_id, before)[number]
    is_one = and_(tuple_(*place.table.primary_key.columns).in_(keys), place.condition)
    statement = delete(place.table) if place.values is None else update(place.table).values(place.values)
    return (await connection.execute(statement.where(is_one))).rowcount


def nobodys(column: Column[Any], user_id: int) -> Rows:
    """Rows that are to name nobody in a column."""
    return Rows(column.table, column == user_id, {column.name: NOBODY})


def places(user_id: int, before: datetime) -> tuple[Rows, ...]:
    """Everywhere that a person is named beside their messages, in an order in which nothing is missed."""
    in_direct = place_settings.c.guild_id.is_(None), setting_changes.c.guild_id.is_(None)
    words = tool_calls.c.outcome.in_((Outcome.ANSWERED, Outcome.SUPPLIED))
    is_past = or_(
        *(
            and_(budget_windows.c.period == period, budget_windows.c.starts_at <= before - length)
            for period, length in PERIODS.items()
        )
    )
    return (
        Rows(reminders, reminders.c.user_id == user_id),
        Rows(tool_approvals, tool_approvals.c.asker_id == user_id),
        Rows(place_settings, and_(in_direct[0], place_settings.c.set_by == user_id)),
        Rows(setting_changes, and_(in_direct[1], setting_changes.c.changed_by == user_id)),
        Rows(budget_windows, and_(budget_windows.c.member_id == user_id, is_past)),
        Rows(notices, notices.c.subject.like(f"budget:% {user_id} %")),  # that moderators were told of their budget
        Rows(
            tool_calls,
            and_(tool_calls.c.decided_by == user_id, words),
            {"decided_by": NOBODY, "output": ANSWER_DELETED},
        ),
        Rows(
            runs,
            and_(runs.c.asker_id == user_id, ~IS_LIVE, runs.c.created_at <= before),
            {"asker_id": NOBODY, "question_id": None},
        ),
        Rows(
            command_usage,
            and_(command_usage.c.user_id == user_id, command_usage.c.created_at <= before),
            OF_NOBODY,
        ),
        *(
            nobodys(column, user_id)
            for column in (
                runs.c.cancel_requested_by,
                tool_calls.c.decided_by,
                tool_approvals.c.approved_by,
                http_tools.c.created_by,
                http_tool_calls.c.user_id,
                place_settings.c.set_by,
                setting_changes.c.changed_by,
            )
        ),
    )
