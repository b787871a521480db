"""What is deleted for good of conversations that go on: the words; runs stay, with what they took."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.conversations import Conversation
from bot.store.schema import (
    IS_HIDDEN,
    IS_UNDELIVERED,
    alternatives,
    bookmarks,
    carried,
    conversations,
    messages,
    runs,
    tool_calls,
    tool_files,
)

# With what belongs to them some thousand rows: deleted within a few dozen milliseconds.
MESSAGES_AT_ONCE = 500


async def count(connection: AsyncConnection, conversation: Conversation) -> int:
    """How many messages were ever said in a conversation and are in its history, also of earlier epochs."""
    total: int = (await connection.execute(select(func.count()).where(*_said(conversation)))).scalar_one()
    return total


async def hide_all(connection: AsyncConnection, conversation: Conversation, now: datetime) -> int:
    """Take all that was ever said in a conversation out of its history: how many messages."""
    hidden = await connection.execute(update(messages).where(*_said(conversation)).values(hidden_at=now))
    return hidden.rowcount


async def delete_part(connection: AsyncConnection) -> bool:
    """Delete messages that left the history of an epoch that is over, for good: whether there may be more of them.

    Nobody can see or restore them any more.  Those of a run that is still to be delivered stay until it is.
    """
    is_over = and_(conversations.c.id == messages.c.conversation_id, messages.c.epoch < conversations.c.epoch)
    is_due = (
        IS_HIDDEN,
        or_(messages.c.run_id.is_(None), messages.c.run_id.not_in(select(runs.c.id).where(IS_UNDELIVERED))),
    )
    found = (
        select(messages.c.id, messages.c.run_id, messages.c.conversation_id)
        .join_from(messages, conversations, is_over)
        .where(*is_due)
    )
    due = (await connection.execute(found.limit(MESSAGES_AT_ONCE))).all()
    if not due:
        return False
    message_ids = [row.id for row in due]
    calls = select(tool_calls.c.id).where(tool_calls.c.message_id.in_(message_ids))
    await connection.execute(delete(tool_files).where(tool_files.c.call_id.in_(calls)))
    for table in (tool_calls, carried):
        await connection.execute(delete(table).where(table.c.message_id.in_(message_ids)))
    await connection.execute(delete(messages).where(messages.c.id.in_(message_ids)))
    await _silence(connection, {row.run_id for row in due if row.run_id is not None})
    return len(due) == MESSAGES_AT_ONCE


def _said(conversation: Conversation) -> tuple[ColumnElement[bool], ...]:
    return messages.c.conversation_id == conversation.id, messages.c.hidden_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptElsewhere:
    """What a provider keeps of an epoch of which nothing is left here."""

    conversation_id: int
    epoch: int
    provider: str
    state: Mapping[str, Any]


async def kept_elsewhere(connection: AsyncConnection) -> tuple[KeptElsewhere, ...]:
    """What providers may delete: an answer that is stopped there needs it until it is delivered."""
    same = bookmarks.c.conversation_id, bookmarks.c.epoch
    is_said = exists().where(messages.c.conversation_id == same[0], messages.c.epoch == same[1])
    is_at_work = exists().where(runs.c.conversation_id == same[0], runs.c.epoch == same[1], IS_UNDELIVERED)
    is_over = and_(conversations.c.id == same[0], same[1] < conversations.c.epoch)
    found = select(*same, bookmarks.c.provider, bookmarks.c.state).join_from(bookmarks, conversations, is_over)
    return tuple(KeptElsewhere(**row._mapping) for row in await connection.execute(found.where(~is_said, ~is_at_work)))


async def forget_elsewhere(connection: AsyncConnection, kept: KeptElsewhere) -> None:
    """Note that a provider was told to delete it."""
    await connection.execute(
        delete(bookmarks).where(
            bookmarks.c.conversation_id == kept.conversation_id,
            bookmarks.c.epoch == kept.epoch,
            bookmarks.c.provider == kept.provider,
        )
    )


async def _silence(connection: AsyncConnection, run_ids: Collection[int]) -> None:
    """Take the words from those of these runs of which no message is left."""
    is_empty = ~exists().where(messages.c.run_id == runs.c.id)
    empty = select(runs.c.id).where(runs.c.id.in_(run_ids), is_empty)
    await connection.execute(delete(alternatives).where(alternatives.c.run_id.in_(empty)))
    await connection.execute(update(runs).where(runs.c.id.in_(empty)).values(text="", interaction_token=None))
