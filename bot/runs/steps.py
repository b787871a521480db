"""A step of a run: the model's tool calls are written down, carried out side by side, and submitted all together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.messages import ToolSpec
from bot.reply.characters import clean
from bot.runs.context import OUTCOME_UNKNOWN
from bot.runs.draft import Draft
from bot.runs.model import Cause, Run, Status
from bot.runs.persistence import until_stored
from bot.store import messages, runs, tool_calls, usage
from bot.store.database import Database, Transaction
from bot.store.tool_calls import StoredCall
from bot.tools.model import Asker, Result
from bot.tools.toolbox import unheard


class Tools(Protocol):
    """What the model may ask for."""

    async def offered(self, asker: Asker) -> tuple[ToolSpec, ...]:
        """The functions as the model is told of them."""

    def is_idempotent(self, name: str, guild_id: int | None) -> bool:
        """Whether carrying out the same call twice does what once does."""

    async def call(self, name: str, arguments_json: str, asker: Asker, progress: Callable[[str], None]) -> Result:
        """What came of it, whatever it is; raises nothing."""


class Steps:
    """Carries out what a model asks for, so that each effect is there once, or said to be unknown."""

    def __init__(
        self,
        database: Database,
        tools: Tools,
        *,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tools = tools
        self._count_tokens = count_tokens
        self._clock = clock

    async def begin(self, run: Run, draft: Draft) -> tuple[StoredCall, ...]:
        """The calls of a draft, written down as begun; the run waits for their outputs from now on.

        Raises: InvalidTransition if another attempt has begun.
        """
        now, text = self._clock(), clean(draft.text)
        async with self._database.write() as transaction:
            await runs.move(
                transaction,
                run.id,
                Cause.TOOL_CALLS,
                now,
                attempt=run.attempt,
                text=clean(draft.whole),
                detail={"tools": [call.name for call in draft.calls]},
            )
            message_id = await messages.add_answer(transaction, run, text, self._count_tokens(text), now)
            calls = await tool_calls.add(transaction, run, message_id, draft.calls)
            await tool_calls.start(transaction, [call.id for call in calls], now)
            if draft.usage is not None:
                await usage.record(transaction, run.id, run.model, draft.usage, now)
        return calls

    async def are_stored(self, transaction: Transaction, run: Run) -> bool:
        """Whether the calls that the model asked for last are written down, so that the run waits for their outputs."""
        stored = await runs.get(transaction, run.id)
        return stored is not None and stored.status is Status.REQUIRES_ACTION

    async def resume(self, run: Run) -> tuple[StoredCall, ...]:
        """The calls that an earlier attempt left without an output and that may be carried out again.

        The others, of which nobody knows whether they had their effect, get an output that says so.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            pending = await tool_calls.pending_of_run(transaction, run.id)
            again = [
                call
                for call in pending
                if call.started_at is None or self._tools.is_idempotent(call.name, run.guild_id)
            ]
            for call in pending:
                if call not in again:
                    await tool_calls.finish(transaction, call.id, OUTCOME_UNKNOWN, now)
            await tool_calls.start(transaction, [call.id for call in again], now)
        return tuple(again)

    async def carry_out(self, run: Run, calls: tuple[StoredCall, ...]) -> None:
        """Carry the calls out side by side, store each output as it comes, and with the last one submit them all.

        Raises: InvalidTransition if another attempt has begun.
        """
        async with asyncio.TaskGroup() as group:
            under_way = {
                group.create_task(self._tools.call(call.name, call.arguments, asker(run, call.id), unheard)): call.id
                for call in calls
            }
            outputs: dict[int, str] = {}
            while under_way:
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                outputs = {under_way.pop(task): task.result().text for task in done}
                if under_way:
                    await until_stored(run.id, partial(self._store, outputs))
        await until_stored(run.id, partial(self._submit, run, outputs))

    async def _store(self, outputs: Mapping[int, str]) -> None:
        async with self._database.write() as transaction:
            await self._finish(transaction, outputs)

    async def _submit(self, run: Run, outputs: Mapping[int, str]) -> None:
        async with self._database.write() as transaction:
            await self._finish(transaction, outputs)
            await runs.move(transaction, run.id, Cause.OUTPUTS_SUBMITTED, self._clock(), attempt=run.attempt)

    async def _finish(self, transaction: Transaction, outputs: Mapping[int, str]) -> None:
        for call_id, output in outputs.items():
            await tool_calls.finish(transaction, call_id, output, self._clock())


def asker(run: Run, call_id: int | None = None) -> Asker:
    """For whom a run's model calls."""
    return Asker(
        user_id=run.asker_id,
        guild_id=run.guild_id,
        channel_id=run.place_id,
        run_id=run.id,
        question_id=run.question_id,
        call_id=call_id,
    )
