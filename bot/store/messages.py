"""Messages: what people said and what was answered, each once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Row,
    bindparam,
    case,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Role
from bot.runs.model import Run
from bot.store import opt_outs
from bot.store.conversations import Conversation
from bot.store.dialect import Insert, insert_into
from bot.store.schema import IS_HIDDEN, messages
from bot.store.schema import opt_outs as opt_outs_table


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What a person said; `discord_id` is None where no message of Discord's holds it, as after `/ask`."""

    discord_id: int | None
    author_id: int
    author_name: str
    text: str
    quote_author: str | None = None
    quote_text: str | None = None
    quote_author_id: int | None = None
    tokens: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One row of `messages`.

    `run_id` of a user's message is the run that answers it, None while it waits; of an answer, the run that wrote it.
    """

    id: int
    role: Role
    discord_id: int | None
    author_id: int | None
    author_name: str | None
    text: str
    quote_author: str | None
    quote_text: str | None
    quote_author_id: int | None
    run_id: int | None
    tokens: int
    created_at: datetime


NAMES = tuple(field.name for field in fields(StoredMessage))
COLUMNS = tuple(messages.c[name] for name in NAMES)


def _is_out(author: ColumnElement[int | None]) -> ColumnElement[bool]:
    """Whether somebody wants to be left alone; each row costs a look at a primary key."""
    return exists().where(opt_outs_table.c.user_id == author)


def _readable(name: str) -> ColumnElement[Any]:
    """A column as a model may read it: without a quotation of somebody who wants to be left alone."""
    column: ColumnElement[Any] = messages.c[name]
    if name not in ("quote_author", "quote_text"):
        return column
    return case((_is_out(messages.c.quote_author_id), null()), else_=column).label(name)


IS_READABLE = ~_is_out(messages.c.author_id)
READABLE_COLUMNS = tuple(_readable(name) for name in NAMES)
IN_EPOCH = messages.c.conversation_id == bindparam("conversation_id"), messages.c.epoch == bindparam("epoch")


async def append(connection: AsyncConnection, conversation: Conversation, new: NewMessage) -> int | None:
    """Add what a person said: its id, or None if that Discord message is known already."""
    values = {"conversation_id": conversation.id, "epoch": conversation.epoch, "role": Role.USER, **asdict(new)}
    message_id: int | None = await connection.scalar(_once(insert_into(connection, messages)), values)
    return message_id


@cache
def _once(fresh: Insert) -> Executable:
    return fresh.on_conflict_do_nothing(index_elements=[messages.c.discord_id]).returning(messages.c.id)


async def last_at(connection: AsyncConnection, conversation: Conversation) -> datetime | None:
    """When the last of a conversation's epoch was said, a question or an answer; None if there is nothing."""
    in_epoch = messages.c.conversation_id == conversation.id, messages.c.epoch == conversation.epoch
    newest = select(messages.c.created_at).where(*in_epoch).order_by(messages.c.run_id.desc(), messages.c.id.desc())
    said_at: datetime | None = await connection.scalar(newest.limit(1))
    return said_at


WAITING = (
    select(*COLUMNS)
    .where(
        *IN_EPOCH,
        messages.c.run_id.is_(None),
        messages.c.role == Role.USER,
        messages.c.hidden_at.is_(None),
        IS_READABLE,
    )
    .order_by(messages.c.id)
)


async def waiting(connection: AsyncConnection, conversation: Conversation) -> tuple[StoredMessage, ...]:
    """What no run has taken up yet in the conversation's epoch, oldest first."""
    parameters = {"conversation_id": conversation.id, "epoch": conversation.epoch}
    return tuple(map(_message, await connection.execute(WAITING, parameters)))


ATTACH = update(messages).where(messages.c.id.in_(bindparam("ids", expanding=True)), messages.c.run_id.is_(None))


async def attach(connection: AsyncConnection, message_ids: Sequence[int], run_id: int) -> None:
    """Let a run answer these messages; one that another run took up stays with it."""
    await connection.execute(ATTACH, {"ids": message_ids, "run_id": run_id})


ADD_ANSWER = insert(messages).returning(messages.c.id)


async def add_answer(connection: AsyncConnection, run: Run, text: str, tokens: int, now: datetime) -> int:
    """Add what a run answered to its conversation: the message's id."""
    values = {
        "conversation_id": run.conversation_id,
        "epoch": run.epoch,
        "role": Role.ASSISTANT,
        "text": text,
        "run_id": run.id,
        "tokens": tokens,
        "created_at": now,
    }
    message_id: int = (await connection.execute(ADD_ANSWER, values)).scalar_one()
    return message_id


async def written_by(connection: AsyncConnection, run_id: int) -> tuple[str, ...]:
    """What a run has added to its conversation so far, oldest first: the text before each use of tools."""
    statement = (
        select(messages.c.text)
        .where(messages.c.run_id == run_id, messages.c.role == Role.ASSISTANT, messages.c.hidden_at.is_(None))
        .order_by(messages.c.id)
    )
    return tuple(await connection.scalars(statement))


async def last_of(connection: AsyncConnection, run_id: int) -> StoredMessage | None:
    """The newest of what a run has added to its conversation."""
    statement = select(*COLUMNS).where(
        messages.c.run_id == run_id, messages.c.role == Role.ASSISTANT, messages.c.hidden_at.is_(None)
    )
    row = (await connection.execute(statement.order_by(messages.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else _message(row)


async def hide_answer(connection: AsyncConnection, run_id: int, now: datetime) -> None:
    """Take what a run answered out of the history; the table keeps it."""
    await connection.execute(
        update(messages)
        .where(messages.c.run_id == run_id, messages.c.role == Role.ASSISTANT, messages.c.hidden_at.is_(None))
        .values(hidden_at=now)
    )


async def hide(connection: AsyncConnection, discord_ids: Collection[int], now: datetime) -> tuple[StoredMessage, ...]:
    """Take messages that were deleted in Discord out of the history: those that were in it."""
    statement = (
        update(messages)
        .where(messages.c.discord_id.in_(discord_ids), messages.c.hidden_at.is_(None))
        .values(hidden_at=now)
        .returning(*COLUMNS)
    )
    return tuple(map(_message, await connection.execute(statement)))


async def has_question(connection: AsyncConnection, run_id: int) -> bool:
    """Whether anything of what a run took up to answer is still there."""
    statement = select(messages.c.id).where(
        messages.c.run_id == run_id, messages.c.role == Role.USER, messages.c.hidden_at.is_(None)
    )
    return await connection.scalar(statement.limit(1)) is not None


async def questions(connection: AsyncConnection, run_id: int) -> tuple[StoredMessage, ...]:
    """What a run took up to answer, oldest first, without what has left the history."""
    is_question = messages.c.run_id == run_id, messages.c.role == Role.USER, messages.c.hidden_at.is_(None), IS_READABLE
    found = select(*READABLE_COLUMNS).where(*is_question).order_by(messages.c.id)
    return tuple(map(_message, await connection.execute(found)))


async def hide_questions(connection: AsyncConnection, message_ids: Collection[int], now: datetime) -> None:
    """Take what people said out of the history, by the ids that it has here; the table keeps it."""
    await connection.execute(update(messages).where(messages.c.id.in_(message_ids)).values(hidden_at=now))


async def reword(connection: AsyncConnection, message_id: int, text: str, tokens: int) -> bool:
    """Give a message other words; False if they are the same, or if it has left the history."""
    statement = (
        update(messages)
        .where(messages.c.id == message_id, messages.c.text != text, messages.c.hidden_at.is_(None))
        .values(text=text, tokens=tokens, is_reworded=True)
        .returning(messages.c.id)
    )
    return await connection.scalar(statement) is not None


async def reworded(connection: AsyncConnection, run: Run) -> tuple[StoredMessage, ...]:
    """What people said before a run in its conversation and nobody could check, also after it was given other words."""
    is_earlier = messages.c.conversation_id == run.conversation_id, messages.c.epoch == run.epoch
    is_changed = messages.c.run_id <= run.id, messages.c.role == Role.USER, messages.c.is_reworded
    is_read = messages.c.hidden_at.is_(None), IS_READABLE
    found = select(*READABLE_COLUMNS).where(*is_earlier, *is_changed, *is_read).order_by(messages.c.id)
    return tuple(map(_message, await connection.execute(found)))


async def mark_unchecked(connection: AsyncConnection, message_ids: Collection[int]) -> None:
    """Note that these messages have still to be checked before anything is sent with them."""
    await connection.execute(update(messages).where(messages.c.id.in_(message_ids)).values(is_reworded=True))


async def mark_checked(connection: AsyncConnection, checked: Sequence[StoredMessage]) -> None:
    """Note that the words of these messages were checked; one that has got others meanwhile is still to be."""
    for message in checked:
        is_same = messages.c.id == message.id, messages.c.text == message.text
        await connection.execute(update(messages).where(*is_same).values(is_reworded=False))


HISTORY = (
    select(*READABLE_COLUMNS)
    .where(*IN_EPOCH, messages.c.run_id <= bindparam("last_run_id"), messages.c.hidden_at.is_(None), IS_READABLE)
    .order_by(messages.c.run_id.desc(), messages.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


async def history(
    connection: AsyncConnection, conversation_id: int, epoch: int, *, before_or_of_run: int, limit: int
) -> tuple[StoredMessage, ...]:
    """What a run builds on: its own messages and those of earlier runs, newest first, at most `limit`.

    The order is that of the runs, and within a run that of the messages: a question that came while another was
    being answered stands after that answer.  People who want to be left alone are neither read nor quoted.
    """
    parameters = {"conversation_id": conversation_id, "epoch": epoch, "last_run_id": before_or_of_run, "limit": limit}
    return tuple(map(_message, await connection.execute(HISTORY, parameters)))


COUNT = select(func.count(messages.c.run_id))  # of what no run took up it is null
HIDDEN = COUNT.where(*IN_EPOCH, IS_HIDDEN)
# People left alone are few, and have few messages: the sum keeps SQLite from walking through the conversation instead.
OF_THE_LEFT = COUNT.where(
    messages.c.conversation_id + 0 == bindparam("conversation_id"),
    messages.c.epoch == bindparam("epoch"),
    ~IS_HIDDEN,
    or_(
        messages.c.author_id.in_(bindparam("left", expanding=True)),
        messages.c.quote_author_id.in_(bindparam("left", expanding=True)),
    ),
)


async def removed(connection: AsyncConnection, conversation_id: int, epoch: int) -> int:
    """How many messages have left the history, of those that runs took up or wrote, or have lost a quotation."""
    in_epoch = {"conversation_id": conversation_id, "epoch": epoch}
    hidden: int = (await connection.execute(HIDDEN, in_epoch)).scalar_one()
    left = await opt_outs.everyone(connection)
    if not left:
        return hidden
    return hidden + (await connection.execute(OF_THE_LEFT, {**in_epoch, "left": tuple(left)})).scalar_one()


async def by_discord_id(connection: AsyncConnection, discord_id: int) -> StoredMessage | None:
    """The message that a Discord message was stored as, also when it is hidden by now; None if it never was."""
    row = (await connection.execute(select(*COLUMNS).where(messages.c.discord_id == discord_id))).one_or_none()
    return None if row is None else _message(row)


def _message(row: Row[Any]) -> StoredMessage:
    return StoredMessage(**dict(zip(NAMES, row, strict=True)))  # hundreds for each answer; half the time of a mapping
