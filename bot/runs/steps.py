"""A step of a run: the model's tool calls are written down, carried out side by side, and submitted all together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.messages import ToolCall, ToolSpec
from bot.reply.characters import clean
from bot.runs import yields
from bot.runs.context import OUTCOME_UNKNOWN
from bot.runs.draft import Draft
from bot.runs.model import Cause, Run, Status
from bot.runs.persistence import until_stored
from bot.runs.progress import Progress
from bot.store import messages, runs, tool_approvals, tool_calls, tool_files
from bot.store.database import Database, Transaction
from bot.store.tool_calls import StoredCall
from bot.tools.model import Asker, Need, Outcome, Result
from bot.tools.switches import Policy

log = logging.getLogger(__name__)

# The outputs are worth nothing if no time is left to submit them and to hear the model's answer: a fifth of what is
# left, as a model takes to read and write, but not more than half a minute.
SUBMIT_SHARE = 0.2
MAX_SUBMIT_SECONDS = 30.0
# Outputs are stored as they come, but of many calls several together, so that a step has few commits: as many stores
# before the last, each after waiting this long for others to come in.
GATHER_SECONDS = (0.5, 2.0, 8.0)
# For a tool that is stopped to clean up behind itself.
END_SECONDS = 0.5
NO_TIME = Result(
    text="It was stopped, because the answer has to be given now. Say so, and that it may be tried again.",
    outcome=Outcome.TIMED_OUT,
)


class Tools(Protocol):
    """What the model may ask for."""

    async def offered(self, asker: Asker, found: Sequence[str] = ()) -> tuple[ToolSpec, ...]:
        """The functions as the model is told of them, with those that it has `found` by asking for them."""

    async def need(self, name: str, arguments_json: str, asker: Asker) -> Need | None:
        """What a person has to do before a call goes on."""

    def is_idempotent(self, name: str, guild_id: int | None) -> bool:
        """Whether carrying out the same call twice does what once does."""

    async def call(self, name: str, arguments_json: str, asker: Asker, progress: Callable[[str], None]) -> Result:
        """What came of it, whatever it is; raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a step stands: submitted, or with calls that are `ready` to be carried out, or else left to people."""

    calls: tuple[StoredCall, ...]
    ready: tuple[StoredCall, ...]
    is_submitted: bool


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
        self._stubborn: set[asyncio.Task[Result]] = set()

    async def needs(self, run: Run, calls: Iterable[ToolCall], policy: Policy) -> tuple[Need | None, ...]:
        """What each of these calls waits for from a person."""
        return tuple([await self._tools.need(call.name, call.arguments, asker(run, policy)) for call in calls])

    async def begin(self, run: Run, draft: Draft, needs: tuple[Need | None, ...]) -> tuple[StoredCall, ...]:
        """The calls of a draft, written down, those that wait for nobody as begun; the run waits for their outputs.

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
                remark=draft.remark,
                detail={"tools": [call.name for call in draft.calls]},
            )
            message_id = await messages.add_answer(transaction, run, text, self._count_tokens(text), now)
            stored = await tool_calls.add(transaction, run, message_id, draft.calls, needs)
            calls = await self._approved(transaction, run, stored, now)
            await tool_calls.start(transaction, [call.id for call in calls if not call.waits], now)
            await yields.keep(transaction, run, draft, now, step_message_id=message_id)
        return tuple(call if call.waits else replace(call, started_at=now) for call in calls)

    @staticmethod
    async def _approved(
        transaction: Transaction, run: Run, calls: tuple[StoredCall, ...], now: datetime
    ) -> tuple[StoredCall, ...]:
        """The calls, of which those are approved whose tools were, for the whole conversation."""
        asking = {call.name for call in calls if call.need is Need.APPROVAL}
        approvers = await tool_approvals.approved(transaction, run, asking) if asking else {}
        decided = list[StoredCall]()
        for call in calls:
            if call.need is Need.APPROVAL and call.name in approvers:
                await tool_calls.approve(transaction, call.id, approvers[call.name], now)
                call = replace(call, decided_at=now, decided_by=approvers[call.name])
            decided.append(call)
        return tuple(decided)

    async def are_stored(self, transaction: Transaction, run: Run) -> bool:
        """Whether the calls that the model asked for last are written down, so that the run waits for their outputs."""
        stored = await runs.get(transaction, run.id)
        return stored is not None and stored.status is Status.REQUIRES_ACTION

    async def resume(self, run: Run) -> tuple[StoredCall, ...]:
        """The calls that an earlier attempt left without an output and that may be carried out now.

        Those of which nobody knows whether they had their effect get an output that says so.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            pending = await tool_calls.pending_of_run(transaction, run.id)
            lost = [call for call in pending if call.started_at is not None and not self._may_repeat(call, run)]
            for call in lost:
                await tool_calls.finish(transaction, call.id, OUTCOME_UNKNOWN, Outcome.UNKNOWN, now)
            ready = tuple(call for call in pending if call not in lost and not call.waits)
            await tool_calls.start(transaction, [call.id for call in ready], now)
        return ready

    def _may_repeat(self, call: StoredCall, run: Run) -> bool:
        return self._tools.is_idempotent(call.name, run.guild_id)

    async def carry_out(self, run: Run, ready: tuple[StoredCall, ...], progress: Progress, policy: Policy) -> bool:
        """Carry out these calls, and what people approve meanwhile, and submit all outputs with the last one.

        False if what is left waits for a person.  Raises: InvalidTransition if another attempt has begun.
        """
        while True:
            outputs = await self._side_by_side(run, ready, progress, policy) if ready else {}
            settled = await until_stored(run.id, partial(self._settle, run, outputs))
            progress.set(settled.calls)
            if settled.is_submitted:
                return True
            if not settled.ready:
                return False
            ready = settled.ready

    async def _side_by_side(
        self, run: Run, calls: tuple[StoredCall, ...], progress: Progress, policy: Policy
    ) -> Mapping[StoredCall, Result]:
        """The outputs of the calls that came last; those that came before them are stored."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._seconds_for_tools(run)
        outputs: dict[StoredCall, Result] = {}
        under_way = {loop.create_task(self._call(run, call, progress, policy)): call for call in calls}
        try:
            for gather_seconds in (*GATHER_SECONDS, None):
                await _some(under_way, ends_at, gather_seconds)
                outputs = {under_way.pop(task): task.result() for task in [*under_way] if task.done()}
                if not under_way or loop.time() >= ends_at:
                    break
                await until_stored(run.id, partial(self._store, run, outputs))
                progress.ended(outputs, self._clock())
            return outputs | dict.fromkeys(under_way.values(), NO_TIME)
        finally:
            await self._end(run, under_way)

    async def _end(self, run: Run, under_way: Mapping[asyncio.Task[Result], StoredCall]) -> None:
        """End these calls; a tool that does not heed it is left to itself, so that it holds up nobody else."""
        for task in under_way:
            task.cancel()
        if not under_way:
            return
        _, stubborn = await asyncio.wait(under_way, timeout=END_SECONDS)
        for task in stubborn:
            log.warning("run %d: the tool %s does not heed that it was stopped", run.id, under_way[task].name)
            self._stubborn.add(task)
            task.add_done_callback(self._stubborn.discard)

    def _seconds_for_tools(self, run: Run) -> float:
        """What is left of a run's time, without what is needed to submit the outputs and to answer."""
        left = (run.expires_at - self._clock()) / timedelta(seconds=1)
        return left - min(left * SUBMIT_SHARE, MAX_SUBMIT_SECONDS)

    async def _call(self, run: Run, call: StoredCall, progress: Progress, policy: Policy) -> Result:
        loop = asyncio.get_running_loop()

        def say(text: str) -> None:  # tools may do so from threads of theirs
            loop.call_soon_threadsafe(progress.say, call.id, text)

        return await self._tools.call(call.name, call.arguments, asker(run, policy, call), say)

    async def _store(self, run: Run, outputs: Mapping[StoredCall, Result]) -> None:
        async with self._database.write() as transaction:
            await self._finish(transaction, run, outputs)

    async def _settle(self, run: Run, outputs: Mapping[StoredCall, Result]) -> Settled:
        """Store the last outputs and, if none is missing, submit all; else begin what was approved meanwhile."""
        now = self._clock()
        async with self._database.write() as transaction:
            await self._finish(transaction, run, outputs)
            pending = await tool_calls.pending_of_run(transaction, run.id)
            ready = tuple(call for call in pending if not call.waits)
            if pending:
                await tool_calls.start(transaction, [call.id for call in ready], now)
            else:
                await runs.move(transaction, run.id, Cause.OUTPUTS_SUBMITTED, now, attempt=run.attempt)
            calls = await tool_calls.of_run(transaction, run.id)
        return Settled(calls=calls, ready=ready, is_submitted=not pending)

    async def _finish(self, transaction: Transaction, run: Run, outputs: Mapping[StoredCall, Result]) -> None:
        for call, result in outputs.items():
            if await tool_calls.finish(transaction, call.id, result.text, result.outcome, self._clock()):
                await tool_files.add(transaction, run.id, call.id, result.files)


async def _some(
    under_way: Mapping[asyncio.Task[Result], StoredCall], ends_at: float, gather_seconds: float | None
) -> None:
    """Wait for the first of these tasks, and so long for more to come with it; for all without a number of seconds."""
    loop = asyncio.get_running_loop()
    if gather_seconds is not None:
        await asyncio.wait(under_way, timeout=ends_at - loop.time(), return_when=asyncio.FIRST_COMPLETED)
        gather_seconds = min(gather_seconds, ends_at - loop.time()) if len(under_way) > len(GATHER_SECONDS) + 1 else 0
    else:
        gather_seconds = ends_at - loop.time()
    if gather_seconds > 0:
        await asyncio.wait(under_way, timeout=gather_seconds)


def asker(run: Run, policy: Policy, call: StoredCall | None = None) -> Asker:
    """For whom a run's model calls, and what moderators want of tools there."""
    return Asker(
        user_id=run.asker_id,
        guild_id=run.guild_id,
        channel_id=run.place_id,
        run_id=run.id,
        question_id=run.question_id,
        call_id=None if call is None else call.id,
        is_approved=call is not None and call.decided_at is not None,
        model=run.model,
        policy=policy,
    )
