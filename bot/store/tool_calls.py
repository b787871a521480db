"""Tool calls: what a model asked for, noted before it is carried out, and what came of it, noted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import ToolCall
from bot.runs.model import Run
from bot.store.schema import messages, tool_calls


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """One row of `tool_calls`; `message_id` is of the assistant's message that asks for it, `position` counts from 0.

    `call_id` is the model's own name for the call, the same in no two calls of one message.  A call with `started_at`
    and no `output` was being carried out when it was last heard of.
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


COLUMNS = tuple(tool_calls.c[field.name] for field in fields(StoredCall))


async def add(
    connection: AsyncConnection, run: Run, message_id: int, calls: Sequence[ToolCall]
) -> tuple[StoredCall, ...]:
    """Write down the calls of one message before any of them is carried out: as they are stored, in their order."""
    rows = [
        {
            "run_id": run.id,
            "message_id": message_id,
            "position": position,
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
        }
        for position, call in enumerate(calls)
    ]
    if rows:
        await connection.execute(insert(tool_calls), rows)
    return (await of_messages(connection, [message_id])).get(message_id, ())


async def start(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """Note that these calls are about to be carried out; those that have an output stay as they are."""
    unanswered = tool_calls.c.id.in_(ids), tool_calls.c.output.is_(None)
    await connection.execute(update(tool_calls).where(*unanswered).values(started_at=now))


async def finish(connection: AsyncConnection, id: int, output: str, now: datetime) -> bool:
    """Note what came of a call: whether this is its output now; the first one stays."""
    statement = (
        update(tool_calls)
        .where(tool_calls.c.id == id, tool_calls.c.output.is_(None))
        .values(output=output, ended_at=now)
        .returning(tool_calls.c.id)
    )
    return await connection.scalar(statement) is not None


async def of_messages(connection: AsyncConnection, message_ids: Sequence[int]) -> Mapping[int, tuple[StoredCall, ...]]:
    """The calls of each of these messages, in their order; a message without any is not in it."""
    statement = (
        select(*COLUMNS)
        .where(tool_calls.c.message_id.in_(message_ids))
        .order_by(tool_calls.c.message_id, tool_calls.c.position)
    )
    found = groupby(await _calls(connection, statement), key=lambda call: call.message_id)
    return {message_id: tuple(calls) for message_id, calls in found}


async def pending_of_run(connection: AsyncConnection, run_id: int) -> tuple[StoredCall, ...]:
    """The calls of a run that have no output yet, oldest first, without those of a message that was replaced."""
    statement = (
        select(*COLUMNS)
        .join(messages, messages.c.id == tool_calls.c.message_id)
        .where(tool_calls.c.run_id == run_id, tool_calls.c.output.is_(None), messages.c.hidden_at.is_(None))
        .order_by(tool_calls.c.id)
    )
    return await _calls(connection, statement)


async def _calls(connection: AsyncConnection, statement: Select[*tuple[object, ...]]) -> tuple[StoredCall, ...]:
    return tuple(StoredCall(**row._mapping) for row in await connection.execute(statement))
