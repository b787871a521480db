"""Tool calls: what a model asked for, noted before it is carried out, and what came of it, noted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import ToolCall
from bot.runs.model import Run, Status
from bot.store.schema import IS_LIVE, messages, runs, tool_calls
from bot.tools.model import Need, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """One row of `tool_calls`; `message_id` is of the assistant's message that asks for it, `position` counts from 0.

    `call_id` is the model's own name for the call, the same in no two calls of one message.  A call with `started_at`
    and no `output` was being carried out when it was last heard of.  One with a `need` waits for a person until they
    have decided; then it is carried out, or has got its output from them.
    """

    id: int
    run_id: int
    message_id: int
    position: int
    call_id: str
    name: str
    arguments: str
    started_at: datetime | None
    ended_at: datetime | None
    output: str | None
    outcome: Outcome | None = None
    need: Need | None = None
    decided_at: datetime | None = None
    decided_by: int | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has to do something before it goes on."""
        return self.need is not None and self.decided_at is None and self.output is None


COLUMNS = tuple(tool_calls.c[field.name] for field in fields(StoredCall))


async def add(
    connection: AsyncConnection,
    run: Run,
    message_id: int,
    calls: Sequence[ToolCall],
    needs: Sequence[Need | None] | None = None,
) -> tuple[StoredCall, ...]:
    """Write down the calls of one message before any of them is carried out: as they are stored, in their order.

    `needs` says for each what it waits for from a person; without it none does.
    """
    needs = [None] * len(calls) if needs is None else needs
    rows = [
        {
            "run_id": run.id,
            "message_id": message_id,
            "position": position,
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            "need": need,
        }
        for position, (call, need) in enumerate(zip(calls, needs, strict=True))
    ]
    if rows:
        await connection.execute(insert(tool_calls), rows)
    return (await of_messages(connection, [message_id])).get(message_id, ())


async def start(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """Note that these calls are about to be carried out; those that have an output stay as they are."""
    unanswered = tool_calls.c.id.in_(ids), tool_calls.c.output.is_(None)
    await connection.execute(update(tool_calls).where(*unanswered).values(started_at=now))


async def finish(
    connection: AsyncConnection, id: int, output: str, outcome: Outcome, now: datetime, *, by: int | None = None
) -> bool:
    """Note what came of a call: whether this is its output now; the first one stays.  `by` is who decided so."""
    decision = {} if by is None else {"decided_at": now, "decided_by": by}
    statement = (
        update(tool_calls)
        .where(tool_calls.c.id == id, tool_calls.c.output.is_(None))
        .values(output=output, outcome=outcome, ended_at=now, **decision)
        .returning(tool_calls.c.id)
    )
    return await connection.scalar(statement) is not None


async def correct(connection: AsyncConnection, id: int, output: str, outcome: Outcome, now: datetime, by: int) -> None:
    """Give a call another output than it has, or its first."""
    values = {"output": output, "outcome": outcome, "ended_at": now, "decided_at": now, "decided_by": by}
    await connection.execute(update(tool_calls).where(tool_calls.c.id == id).values(values))


async def approve(connection: AsyncConnection, id: int, by: int, now: datetime) -> None:
    """Note that a person approved a call: it can be carried out now."""
    await connection.execute(update(tool_calls).where(tool_calls.c.id == id).values(decided_at=now, decided_by=by))


async def get(connection: AsyncConnection, id: int) -> StoredCall | None:
    """The call with this id."""
    calls = await _calls(connection, select(*COLUMNS).where(tool_calls.c.id == id))
    return calls[0] if calls else None


async def of_run(connection: AsyncConnection, run_id: int) -> tuple[StoredCall, ...]:
    """All calls of a run, oldest first, without those of a message that was replaced."""
    return await _calls(connection, _of_run(run_id))


OF_MESSAGES = (
    select(*COLUMNS)
    .where(tool_calls.c.message_id.in_(bindparam("message_ids", expanding=True)))
    .order_by(tool_calls.c.message_id, tool_calls.c.position)
)


async def of_messages(connection: AsyncConnection, message_ids: Sequence[int]) -> Mapping[int, tuple[StoredCall, ...]]:
    """The calls of each of these messages, in their order; a message without any is not in it."""
    found = groupby(await _calls(connection, OF_MESSAGES, message_ids=message_ids), key=lambda call: call.message_id)
    return {message_id: tuple(calls) for message_id, calls in found}


async def pending_of_run(connection: AsyncConnection, run_id: int) -> tuple[StoredCall, ...]:
    """The calls of a run that have no output yet, oldest first, without those of a message that was replaced."""
    return await _calls(connection, _of_run(run_id).where(tool_calls.c.output.is_(None)))


async def of_waiting_runs(connection: AsyncConnection, place_id: int) -> tuple[StoredCall, ...]:
    """The calls of a place's runs that wait for outputs, of the step that each waits with, oldest first.

    Those of answers that one person alone sees are not among them.
    """
    newest = (
        select(func.max(tool_calls.c.message_id))
        .join(runs, runs.c.id == tool_calls.c.run_id)
        .where(IS_LIVE, runs.c.status == Status.REQUIRES_ACTION)
        .where(runs.c.place_id == place_id, runs.c.interaction_token.is_(None))
        .group_by(tool_calls.c.run_id)
    )
    return await _calls(
        connection, select(*COLUMNS).where(tool_calls.c.message_id.in_(newest)).order_by(tool_calls.c.id)
    )


def _of_run(run_id: int) -> Select[*tuple[object, ...]]:
    return (
        select(*COLUMNS)
        .join(messages, messages.c.id == tool_calls.c.message_id)
        .where(tool_calls.c.run_id == run_id, messages.c.hidden_at.is_(None))
        .order_by(tool_calls.c.id)
    )


async def _calls(
    connection: AsyncConnection, statement: Select[*tuple[object, ...]], **parameters: object
) -> tuple[StoredCall, ...]:
    return tuple(StoredCall(**row._mapping) for row in await connection.execute(statement, parameters))
