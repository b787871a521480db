"""History: what is stored of a conversation, page by page, word by word, and as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Role
from bot.runs.past import Cost
from bot.store import conversations
from bot.store.conversations import Conversation
from bot.store.messages import IS_READABLE, NAMES, READABLE_COLUMNS, StoredMessage
from bot.store.schema import messages, replies, runs, usage

IS_THERE = messages.c.hidden_at.is_(None)
IS_VISIBLE = and_(IS_THERE, IS_READABLE)
# The order in which a model reads them, newest first; what waits for an answer has no run yet and is the newest.
NEWEST_FIRST = messages.c.run_id.desc().nulls_first(), messages.c.id.desc()
read_order = tuple_(messages.c.run_id, messages.c.id)
BEGINNING = 0, 0  # before the first run and its first message

first_page = select(replies.c.discord_id).where(replies.c.run_id == messages.c.run_id, replies.c.number == 0)
SHOWN_IN = case((messages.c.role == Role.USER, messages.c.discord_id), else_=first_page.scalar_subquery())


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message of a conversation; `shown_in` is the Discord message that holds it, or the first page of its answer."""

    message: StoredMessage
    epoch: int
    shown_in: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How the answer of a run came to be: for whom, by which model, and what it took."""

    asker_id: int
    model: str
    cost: Cost


async def count(connection: AsyncConnection, conversation: Conversation) -> int:
    """How many messages there are in a conversation's epoch."""
    return (await connection.execute(select(func.count()).where(*_now(conversation)))).scalar_one()


async def page(
    connection: AsyncConnection, conversation: Conversation, *, limit: int, offset: int
) -> tuple[Entry, ...]:
    """Some messages of a conversation's epoch, newest first."""
    return await _entries(
        connection, _select().where(*_now(conversation)).order_by(*NEWEST_FIRST).limit(limit).offset(offset)
    )


async def newest_tokens(connection: AsyncConnection, conversation: Conversation, limit: int) -> tuple[int, ...]:
    """What the newest messages of a conversation's epoch take in tokens, newest first."""
    statement = select(messages.c.tokens).where(*_now(conversation)).order_by(*NEWEST_FIRST).limit(limit)
    return tuple(await connection.scalars(statement))


async def epochs(connection: AsyncConnection, conversation_id: int) -> tuple[int, ...]:
    """The epochs of a conversation in which something was said, oldest first."""
    statement = select(messages.c.epoch).where(messages.c.conversation_id == conversation_id).distinct()
    return tuple(await connection.scalars(statement.order_by(messages.c.epoch)))


async def after(
    connection: AsyncConnection, conversation_id: int, epoch: int, position: tuple[int, int], limit: int
) -> tuple[Entry, ...]:
    """The next messages of an epoch, oldest first, after the position (run, message) of the last one read."""
    follows = read_order > tuple_(*position)
    return await _entries(
        connection,
        _select()
        .where(*_of(conversation_id, epoch), IS_VISIBLE, follows)
        .order_by(messages.c.run_id, messages.c.id)
        .limit(limit),
    )


async def before(
    connection: AsyncConnection, conversation_id: int, epoch: int, position: tuple[int, int] | None, limit: int
) -> tuple[Entry, ...]:
    """The messages of an epoch before a position (run, message), newest first; without a position the newest."""
    place = messages.c.run_id.is_not(None) if position is None else read_order < tuple_(*position)
    return await _entries(
        connection,
        _select()
        .where(*_of(conversation_id, epoch), IS_VISIBLE, place)
        .order_by(messages.c.run_id.desc(), messages.c.id.desc())
        .limit(limit),
    )


async def unanswered(connection: AsyncConnection, conversation_id: int, epoch: int) -> tuple[Entry, ...]:
    """What no run of an epoch took up, oldest first."""
    loose = messages.c.run_id.is_(None), IS_VISIBLE
    return await _entries(connection, _select().where(*_of(conversation_id, epoch), *loose).order_by(messages.c.id))


async def costs(connection: AsyncConnection, run_ids: Collection[int]) -> Mapping[int, Written]:
    """How the answers of these runs came to be, by the runs' ids."""
    columns = usage.c.input_tokens, usage.c.output_tokens, usage.c.cost_nanos.label("nanos")
    model = func.coalesce(usage.c.model, runs.c.model).label("model")
    statement = select(runs.c.id, runs.c.asker_id, model, *columns)
    joined = statement.join_from(runs, usage, usage.c.run_id == runs.c.id, isouter=True)
    found = await connection.execute(joined.where(runs.c.id.in_(run_ids)))
    return {
        row.id: Written(
            asker_id=row.asker_id,
            model=row.model,
            cost=Cost(input_tokens=row.input_tokens, output_tokens=row.output_tokens, nanos=row.nanos),
        )
        for row in found
    }


async def find(connection: AsyncConnection, discord_id: int) -> tuple[Conversation, Entry] | None:
    """What a Discord message holds: what a person said, or the end of the answer it shows; None if nothing known."""
    run_id = select(replies.c.run_id).where(replies.c.discord_id == discord_id).scalar_subquery()
    is_answer = and_(messages.c.run_id == run_id, messages.c.role == Role.ASSISTANT)
    said = await _one(connection, messages.c.discord_id == discord_id, IS_THERE)
    return said or await _one(connection, is_answer, IS_THERE)


async def get(connection: AsyncConnection, message_id: int) -> tuple[Conversation, Entry] | None:
    """The message with this id, also if it has left the history, and its conversation; None if there is none."""
    return await _one(connection, messages.c.id == message_id)


async def hide_after(
    connection: AsyncConnection, conversation: Conversation, last: StoredMessage, now: datetime
) -> int:
    """Take all that comes after a message of a conversation's epoch out of its history: how many messages."""
    hidden = update(messages).where(*_later(conversation, last)).values(hidden_at=now).returning(messages.c.id)
    return len((await connection.execute(hidden)).all())


async def count_after(connection: AsyncConnection, conversation: Conversation, last: StoredMessage) -> int:
    """How many messages come after one of a conversation's epoch."""
    return (await connection.execute(select(func.count()).where(*_later(conversation, last)))).scalar_one()


async def restore(connection: AsyncConnection, run_id: int | None, message_id: int, hidden_at: datetime) -> bool:
    """Put back what was taken out of the history at a moment, a message or all that a run answered: whether it was."""
    what = messages.c.id == message_id
    if run_id is not None:
        what = and_(messages.c.run_id == run_id, messages.c.role == Role.ASSISTANT)
    statement = update(messages).where(what, messages.c.hidden_at == hidden_at).values(hidden_at=None)
    return (await connection.execute(statement)).rowcount > 0


def _later(conversation: Conversation, last: StoredMessage) -> tuple[ColumnElement[bool], ...]:
    position = last.run_id or 0, last.id
    follows = read_order > tuple_(*position)
    is_now = _of(conversation.id, conversation.epoch)
    return *is_now, IS_THERE, or_(messages.c.run_id.is_(None), follows)


def _of(conversation_id: int, epoch: int) -> tuple[ColumnElement[bool], ...]:
    return messages.c.conversation_id == conversation_id, messages.c.epoch == epoch


def _now(conversation: Conversation) -> tuple[ColumnElement[bool], ...]:
    return *_of(conversation.id, conversation.epoch), IS_VISIBLE


async def _one(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> tuple[Conversation, Entry] | None:
    """The newest message that meets the conditions."""
    found = _select().add_columns(messages.c.conversation_id).where(*conditions)
    row = (await connection.execute(found.order_by(messages.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else (await conversations.get(connection, row.conversation_id), _entry(row))


def _select() -> Select[Any]:
    return select(*READABLE_COLUMNS, messages.c.epoch, SHOWN_IN.label("shown_in"))


async def _entries(connection: AsyncConnection, statement: Select[Any]) -> tuple[Entry, ...]:
    return tuple(map(_entry, await connection.execute(statement)))


def _entry(row: Row[Any]) -> Entry:
    message = StoredMessage(**dict(zip(NAMES, row, strict=False)))
    return Entry(message=message, epoch=row.epoch, shown_in=row.shown_in)
