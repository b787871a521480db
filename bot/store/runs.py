"""Runs: the only code that writes a status, and always with its event in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Row,
    Select,
    Text,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from bot.errors import InvalidTransition, LiveRunExists
from bot.runs.model import NOBODY, TERMINAL, Cause, IncompleteReason, Run, RunKind, Status, advance
from bot.store.conversations import Conversation
from bot.store.dialect import Insert, insert_into
from bot.store.schema import (
    IS_LIVE,
    IS_TERMINAL,
    IS_UNDELIVERED,
    UtcDateTime,
    conversations,
    run_events,
    runs,
)

ENQUEUED = "enqueued"  # the first event of every answer; all others are a Cause
IMPORTED = "imported"  # the only event of what is no answer
BEGINS_ANEW = frozenset({Cause.CLAIMED, Cause.QUESTION_EDITED})
GIVES_UP = frozenset({Cause.LEASE_LOST, Cause.HANDED_BACK, Cause.PERSON_ASKED})
NO_LEASE: Mapping[str, Any] = MappingProxyType({"lease_owner": None, "lease_expires_at": None})
COLUMNS = tuple(runs.c[field.name] for field in fields(Run))

# A parameter that has the name of a column is set in it, so those of conditions have others.
IS_RUN = runs.c.id == bindparam("of_run")
IS_ATTEMPT = runs.c.attempt == bindparam("of_attempt")
IN_CONVERSATION = runs.c.conversation_id == bindparam("of_conversation")
NOTE_EVENT = insert(run_events)
MOVE = update(runs).where(runs.c.status == bindparam("from_status")).returning(*COLUMNS)


def _newest(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*COLUMNS).where(*conditions).order_by(runs.c.id.desc()).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """An answer to be made; see Run for what the fields mean."""

    conversation_id: int
    epoch: int
    kind: RunKind
    model: str
    provider: str
    place_id: int
    guild_id: int | None
    asker_id: int
    question_id: int | None
    previous_run_id: int | None
    interaction_token: str | None
    expires_at: datetime


async def enqueue(connection: AsyncConnection, new: NewRun, now: datetime) -> Run:
    """A new run, queued.  Raises: LiveRunExists if the conversation has a live one, and nothing has changed."""
    values = {**asdict(new), "status": Status.QUEUED, "created_at": now}
    row = (await connection.execute(_only_live(insert_into(connection, runs)), values)).one_or_none()
    if row is None:
        raise LiveRunExists("This conversation is being answered already.")
    run = Run(**row._mapping)
    event = {"run_id": run.id, "at": now, "cause": ENQUEUED, "to_status": run.status}
    await connection.execute(NOTE_EVENT, event)
    return run


@cache
def _only_live(fresh: Insert) -> Executable:
    once = fresh.on_conflict_do_nothing(index_elements=[runs.c.conversation_id], index_where=IS_LIVE)
    return once.returning(*COLUMNS)


async def add_imported(connection: AsyncConnection, conversation: Conversation, model: str, now: datetime) -> int:
    """A run that stands for what was said before the bot came: its id.  It has ended, and nobody asked for it."""
    place, moments = conversation.place, dict.fromkeys(("created_at", "expires_at", "ended_at", "delivered_at"), now)
    statement = insert(runs).values(
        conversation_id=conversation.id,
        epoch=conversation.epoch,
        kind=RunKind.IMPORT,
        status=Status.COMPLETED,
        model=model,
        provider="",
        place_id=place.place_id,
        guild_id=place.guild_id,
        asker_id=NOBODY,
        **moments,
    )
    run_id: int = (await connection.execute(statement.returning(runs.c.id))).scalar_one()
    event = {"run_id": run_id, "at": now, "cause": IMPORTED, "to_status": Status.COMPLETED}
    await connection.execute(NOTE_EVENT, event)
    return run_id


ONE = _newest(IS_RUN)
OWNED = _newest(IS_RUN, runs.c.lease_owner == bindparam("owner"))
LIVE_ONE = _newest(IN_CONVERSATION, IS_LIVE)
LATEST = _newest(IN_CONVERSATION, runs.c.epoch == bindparam("of_epoch"))


async def get(connection: AsyncConnection, run_id: int) -> Run | None:
    """The run with this id."""
    return await _first(connection, ONE, of_run=run_id)


async def owned(connection: AsyncConnection, run_id: int, owner: str) -> Run | None:
    """The run with this id, if it is the owner's."""
    return await _first(connection, OWNED, of_run=run_id, owner=owner)


async def live(connection: AsyncConnection, conversation_id: int) -> Run | None:
    """The run that is answering a conversation now, or will next."""
    return await _first(connection, LIVE_ONE, of_conversation=conversation_id)


async def live_of(connection: AsyncConnection, asker_id: int) -> tuple[Run, ...]:
    """The live runs that a person asked for, oldest first."""
    # The live ones are few, where a person may have asked thousands of times: the sum has SQLite begin with those.
    found = select(*COLUMNS).where(IS_LIVE, runs.c.asker_id + 0 == asker_id)
    return oldest_first(await connection.execute(found))


async def live_in_lost_places(connection: AsyncConnection) -> tuple[Run, ...]:
    """The live runs of conversations that are closed, oldest first."""
    is_lost = exists().where(conversations.c.id == runs.c.conversation_id, conversations.c.closed_at.is_not(None))
    found = select(*COLUMNS).where(IS_LIVE, is_lost)
    return oldest_first(await connection.execute(found))


async def latest(connection: AsyncConnection, conversation_id: int, epoch: int) -> Run | None:
    """The newest run of a conversation's epoch, in whatever status."""
    return await _first(connection, LATEST, of_conversation=conversation_id, of_epoch=epoch)


async def has_ended_since(connection: AsyncConnection, run_id: int, moment: datetime) -> bool:
    """Whether a run ended after a moment."""
    return await connection.scalar(select(runs.c.id).where(runs.c.id == run_id, runs.c.ended_at > moment)) is not None


STATUS = select(runs.c.status).where(IS_RUN)
MOVE_ONE = MOVE.where(IS_RUN)
MOVE_ATTEMPT = MOVE_ONE.where(IS_ATTEMPT)


async def move(
    connection: AsyncConnection,
    run_id: int,
    cause: Cause,
    now: datetime,
    *,
    attempt: int | None = None,
    text: str | None = None,
    incomplete_reason: IncompleteReason | None = None,
    failure: str | None = None,
    remark: str | None = None,
    expires_at: datetime | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Run:
    """The run after `cause` moved it; what is None keeps its value, `detail` goes to the event.

    With `attempt`, only if none has begun since.  Raises: InvalidTransition, and nothing has changed.
    """
    status: Status | None = await connection.scalar(STATUS, {"of_run": run_id})
    if status is None:
        raise InvalidTransition("A run that does not exist cannot move.")
    given = {
        "of_run": run_id,
        "of_attempt": attempt,
        "text": text,
        "incomplete_reason": incomplete_reason,
        "failure": failure,
        "remark": remark,
        "expires_at": expires_at,
    }
    parameters = {name: value for name, value in given.items() if value is not None}
    statement = MOVE_ONE if attempt is None else MOVE_ATTEMPT
    moved = await transition(connection, statement, status, cause, now, parameters=parameters, detail=detail)
    if not moved:
        raise InvalidTransition(f"A run that has gone on, or that was begun anew, cannot move by {cause}.")
    return moved[0]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What an attempt of a run has written so far; a remark that is None keeps what was there."""

    run_id: int
    attempt: int
    text: str
    remark: str | None = None


SAVE_TEXT = (
    update(runs)
    .where(IS_RUN, IS_ATTEMPT, IS_LIVE)
    .values(text=bindparam("so_far"), remark=func.coalesce(bindparam("of_it", type_=Text), runs.c.remark))
)


async def save_texts(connection: AsyncConnection, checkpoints: Collection[Checkpoint]) -> None:
    """Keep what runs have written so far; nothing changes where another attempt has begun, or the run has ended."""
    rows = [
        {"of_run": each.run_id, "of_attempt": each.attempt, "so_far": each.text, "of_it": each.remark}
        for each in checkpoints
    ]
    if rows:
        await connection.execute(SAVE_TEXT, rows)


ATTEMPTS = select(runs.c.id, runs.c.attempt, runs.c.cancel_requested_at).where(
    runs.c.id.in_(bindparam("of_runs", expanding=True))
)


async def unwanted(connection: AsyncConnection, attempts: Mapping[int, int]) -> tuple[int, ...]:
    """Those of these runs, by id, that somebody wished to end, or of which another attempt than this has begun."""
    rows = await connection.execute(ATTEMPTS, {"of_runs": tuple(attempts)})
    return tuple(row.id for row in rows if row.cancel_requested_at is not None or row.attempt != attempts[row.id])


async def request_cancel(connection: AsyncConnection, run_id: int, by: int | None, now: datetime) -> Run | None:
    """Note that a member, or None for nobody in particular, wants a run stopped; the first wish counts.

    None if the run is not live.
    """
    statement = (
        update(runs)
        .where(runs.c.id == run_id, IS_LIVE)
        .values(
            cancel_requested_at=func.coalesce(runs.c.cancel_requested_at, literal(now, UtcDateTime)),
            cancel_requested_by=func.coalesce(runs.c.cancel_requested_by, by),
        )
        .returning(*COLUMNS)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Run(**row._mapping)


async def set_interaction_token(connection: AsyncConnection, run_id: int, token: str) -> None:
    """Let a private answer be gone on with by a newer interaction: Discord takes an older one for 15 minutes only."""
    await connection.execute(update(runs).where(runs.c.id == run_id).values(interaction_token=token))


async def set_model(connection: AsyncConnection, run_id: int, model: str) -> None:
    """Note which model a run asks, `provider/model`."""
    await connection.execute(update(runs).where(runs.c.id == run_id).values(model=model))


async def show_again(connection: AsyncConnection, run_id: int, text: str) -> bool:
    """Give a run that has ended another text, to be delivered anew; False while its last one is being delivered."""
    delivered = runs.c.id == run_id, IS_TERMINAL, runs.c.delivered_at.is_not(None)
    statement = update(runs).where(*delivered).values(text=text, delivered_at=None).returning(runs.c.id)
    return await connection.scalar(statement) is not None


DELIVER = update(runs).where(IS_RUN, IS_TERMINAL, IS_UNDELIVERED).values(NO_LEASE)


async def mark_delivered(connection: AsyncConnection, run_id: int, now: datetime) -> None:
    """Note that Discord acknowledged the last edit of a run that has ended."""
    await connection.execute(DELIVER, {"of_run": run_id, "delivered_at": now})


async def transition(
    connection: AsyncConnection,
    statement: ReturningUpdate[Any],
    status: Status,
    cause: Cause,
    now: datetime,
    *,
    parameters: Mapping[str, Any],
    detail: Mapping[str, Any] | None = None,
) -> tuple[Run, ...]:
    """Move every run that has this status, as a form of MOVE does: those moved, oldest first, each with its event."""
    target = advance(status, cause)
    waiting_since = now if cause is Cause.PERSON_ASKED else None
    changed = {**parameters, "from_status": status, "status": target, "waiting_since": waiting_since}
    if target in TERMINAL:
        changed.update(ended_at=now)  # the lease stays: who ended it delivers it
    elif cause in GIVES_UP:
        changed.update(NO_LEASE)
    elif cause in BEGINS_ANEW:
        statement = _anew(statement)
    moved = oldest_first(await connection.execute(statement, changed))
    if moved:
        event = {"at": now, "cause": cause, "from_status": status, "to_status": target, "detail": detail}
        await connection.execute(NOTE_EVENT, [{"run_id": run.id, **event} for run in moved])
    return moved


@cache
def _anew(statement: ReturningUpdate[Any]) -> ReturningUpdate[Any]:
    return statement.values(attempt=runs.c.attempt + 1)


def oldest_first(rows: Iterable[Row[Any]]) -> tuple[Run, ...]:
    return tuple(sorted((Run(**row._mapping) for row in rows), key=lambda run: run.id))


async def _first(connection: AsyncConnection, newest: Select[Any], **parameters: object) -> Run | None:
    row = (await connection.execute(newest, parameters)).one_or_none()
    return None if row is None else Run(**row._mapping)
