"""What people decide about tool calls that wait: each method is one thing that they can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import InvalidOutputs, Refusal
from bot.reply.activity import asked, details, glance
from bot.runs.model import Cause, Run, Status
from bot.runs.queue import RunDefaults
from bot.runs.required_action import require_exactly, required_action
from bot.runs.service import NOT_YOURS, Presser, Worker, allow
from bot.store import runs, tool_approvals, tool_calls
from bot.store.database import Database, Transaction
from bot.store.tool_calls import StoredCall
from bot.tools.model import Need, Outcome

OVER = "This answer has ended or has gone on, so there is nothing to decide any more."
DECIDED = "That has been decided already."
# What the model is told where a person said no.
DENIED = "The person did not approve this call, so it was not carried out. Do not try it again; go on without it."
SUBMITTED = "Its output has been given to the model already, or it is not waiting for one."
UNKNOWN = "There is no such tool call here: pick one from the list."
MAX_ANSWER_CHARACTERS = 4000  # what Discord's form takes


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCall:
    """A tool call without an output, for people to pick from."""

    id: int
    name: str
    glance: str
    waits_for_person: bool


class Decisions:
    """Takes what people decide, once, and has the run go on."""

    def __init__(
        self,
        database: Database,
        worker: Worker,
        *,
        defaults: RunDefaults,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._worker = worker
        self._defaults = defaults
        self._clock = clock

    async def approve(
        self, call_id: int, presser: Presser, *, for_conversation: bool = False, interaction_token: str | None = None
    ) -> None:
        """Have a call carried out; with `for_conversation` its asker is not asked about its tool there any more.

        `interaction_token`, here and below, is of the press where only one person sees the answer.  Raises: Refusal.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            run, call = await self._waiting(transaction, call_id, presser, Need.APPROVAL)
            await tool_calls.approve(transaction, call.id, presser.user_id, now)
            if for_conversation:
                await tool_approvals.add(transaction, run, call.name, presser.user_id, now)
                for other in await tool_calls.pending_of_run(transaction, run.id):
                    if other.waits and other.need is Need.APPROVAL and other.name == call.name:
                        await tool_calls.approve(transaction, other.id, presser.user_id, now)
            await self._go_on(transaction, run, now, interaction_token)
        self._worker.decided(run.id)

    async def deny(self, call_id: int, presser: Presser, *, interaction_token: str | None = None) -> None:
        """Have a call not carried out, and tell the model so.  Raises: Refusal."""
        now = self._clock()
        async with self._database.write() as transaction:
            run, call = await self._waiting(transaction, call_id, presser, Need.APPROVAL)
            await tool_calls.finish(transaction, call.id, DENIED, Outcome.DENIED, now, by=presser.user_id)
            await self._go_on(transaction, run, now, interaction_token)
        self._worker.decided(run.id)

    async def answer(self, call_id: int, presser: Presser, text: str, *, interaction_token: str | None = None) -> None:
        """Answer a question of the model's.  Raises: Refusal."""
        async with self._database.write() as transaction:
            run, call = await self._waiting(transaction, call_id, presser, Need.ANSWER)
            await self._answer(transaction, run, call, presser.user_id, text, interaction_token)
        self._worker.decided(run.id)

    async def choose(
        self, call_id: int, presser: Presser, number: int, *, interaction_token: str | None = None
    ) -> None:
        """Answer with one of the choices that a question offers, counted from 0.  Raises: Refusal."""
        async with self._database.write() as transaction:
            run, call = await self._waiting(transaction, call_id, presser, Need.ANSWER)
            _, choices = asked(call.arguments)
            if number >= len(choices):
                raise Refusal("That is not among the answers.")
            await self._answer(transaction, run, call, presser.user_id, choices[number], interaction_token)
        self._worker.decided(run.id)

    async def question(self, call_id: int, presser: Presser) -> str:
        """What the model asks, for the form in which it is answered.  Raises: Refusal."""
        async with self._database.read() as transaction:
            _, call = await self._waiting(transaction, call_id, presser, Need.ANSWER)
        return asked(call.arguments)[0]

    async def reply(self, transaction: Transaction, run: Run, user_id: int, text: str) -> bool:
        """Take a message as the answer to a question that a run waits with: whether it is one, of the asker's."""
        if run.asker_id != user_id or run.status is not Status.REQUIRES_ACTION or not text:
            return False
        pending = await tool_calls.pending_of_run(transaction, run.id)
        call = next((call for call in pending if call.waits and call.need is Need.ANSWER), None)
        if call is None:
            return False
        await self._answer(transaction, run, call, user_id, text)
        return True

    async def supply(self, call_id: int, place_id: int, moderator: Presser, text: str) -> None:
        """Give or correct the output of a call whose run waits for outputs in this place, by hand.

        What one person alone sees is not for moderators.  Raises: Refusal.
        """
        if not moderator.moderates(place_id):
            raise Refusal(NOT_YOURS)
        now = self._clock()
        async with self._database.write() as transaction:
            call = await tool_calls.get(transaction, call_id)
            run = None if call is None else await runs.get(transaction, call.run_id)
            if call is None or run is None or run.place_id != place_id or run.interaction_token is not None:
                raise Refusal(UNKNOWN)
            if not await self._is_open(transaction, run, call):
                raise Refusal(SUBMITTED)
            await tool_calls.correct(transaction, call.id, text, Outcome.SUPPLIED, now, moderator.user_id)
            await self._go_on(transaction, run, now)
        self._worker.decided(run.id)

    async def submit_tool_outputs(self, run_id: int, outputs: Sequence[tuple[str, str]], *, by: int) -> None:
        """Give the outputs of all calls that a run waits for, each as the call's id and its output; of none else.

        As the request of this name in the Runs API.  Raises: InvalidOutputs, and nothing has changed.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            run = await runs.get(transaction, run_id)
            if run is None or run.status is not Status.REQUIRES_ACTION:
                raise InvalidOutputs("The run does not wait for tool outputs.")
            pending = await tool_calls.pending_of_run(transaction, run.id)
            require_exactly(pending, [call_id for call_id, _ in outputs])
            given = dict(outputs)
            for call in pending:
                await tool_calls.finish(transaction, call.id, given[call.call_id], Outcome.SUPPLIED, now, by=by)
            await self._go_on(transaction, run, now)
        self._worker.decided(run_id)

    async def required_action(self, run_id: int) -> dict[str, Any] | None:
        """What a run waits for, as the Runs API says it; None if it does not wait for tool outputs."""
        async with self._database.read() as transaction:
            run = await runs.get(transaction, run_id)
            if run is None or run.status is not Status.REQUIRES_ACTION:
                return None
            return required_action(await tool_calls.pending_of_run(transaction, run_id))

    async def waiting(self, place_id: int) -> tuple[WaitingCall, ...]:
        """The calls of a place whose outputs can be given by hand, those that have none first."""
        async with self._database.read() as transaction:
            calls = await tool_calls.of_waiting_runs(transaction, place_id)
        found = [
            WaitingCall(id=call.id, name=call.name, glance=glance(call.arguments), waits_for_person=call.waits)
            for call in sorted(calls, key=lambda call: call.output is not None)
        ]
        return tuple(found)

    async def details(self, run_id: int, presser: Presser) -> str:
        """All about the tool calls of a run, as Markdown.  Raises: Refusal."""
        async with self._database.read() as transaction:
            run = await runs.get(transaction, run_id)
            calls = await tool_calls.of_run(transaction, run_id)
        if run is None or not calls:
            raise Refusal("Nothing is known of its tools any more.")
        allow(presser, run)
        return details(calls)

    async def _waiting(
        self, transaction: Transaction, call_id: int, presser: Presser, need: Need
    ) -> tuple[Run, StoredCall]:
        """A call that waits for this, and its run.  Raises: Refusal unless the presser may decide."""
        call = await tool_calls.get(transaction, call_id)
        run = None if call is None else await runs.get(transaction, call.run_id)
        if call is None or run is None:
            raise Refusal(OVER)
        allow(presser, run)
        if call.decided_at is not None:
            raise Refusal(DECIDED)
        if not call.waits or call.need is not need or not await self._is_open(transaction, run, call):
            raise Refusal(OVER)
        return run, call

    @staticmethod
    async def _is_open(transaction: Transaction, run: Run, call: StoredCall) -> bool:
        """Whether the run still waits for this call's step, and nobody wants it stopped."""
        if run.status is not Status.REQUIRES_ACTION or run.cancel_requested_at is not None:
            return False
        pending = await tool_calls.pending_of_run(transaction, run.id)
        return any(other.message_id == call.message_id for other in pending)

    async def _answer(
        self,
        transaction: Transaction,
        run: Run,
        call: StoredCall,
        user_id: int,
        text: str,
        interaction_token: str | None = None,
    ) -> None:
        now = self._clock()
        words = text[:MAX_ANSWER_CHARACTERS]
        await tool_calls.finish(transaction, call.id, words, Outcome.ANSWERED, now, by=user_id)
        await self._go_on(transaction, run, now, interaction_token)

    async def _go_on(
        self, transaction: Transaction, run: Run, now: datetime, interaction_token: str | None = None
    ) -> None:
        """Let the run be taken up; one that is under way somewhere finds the decision by itself."""
        if run.interaction_token is not None and interaction_token is not None:
            await runs.set_interaction_token(transaction, run.id, interaction_token)
        if run.waiting_since is not None:
            expires_at = now + self._defaults.timeout
            await runs.move(transaction, run.id, Cause.PERSON_ANSWERED, now, expires_at=expires_at)
