"""One run from its claim to its delivery: the provider's stream goes into the reply, what came of it into the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

from bot.errors import UNEXPECTED, InvalidTransition, ParleyError, ProviderError, ReplyGone
from bot.messages import ProviderRequest
from bot.providers.events import Event, Finished, FinishReason, ReasoningDelta, TextDelta, Usage
from bot.reply.characters import clean, has_content
from bot.reply.content import ended
from bot.reply.pacer import Pacer
from bot.reply.writer import ReplyWriter, Surface
from bot.runs import context
from bot.runs.ledger import StoredLedger
from bot.runs.model import TERMINAL, Cause, IncompleteReason, Run
from bot.runs.queue import RunDefaults, end
from bot.store import messages, runs, usage
from bot.store.database import Database

log = logging.getLogger(__name__)

# A model that never stops is stopped: by then Discord would show a hundred messages.
MAX_ANSWER_CHARACTERS = 200_000


class Provider(Protocol):
    """One provider's stream of events."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Event]:
        """The events of one answer.  Raises: ProviderError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """What the host sets for all answers."""

    defaults: RunDefaults
    system_prompt: str
    temperature: float | None
    window_tokens: int
    max_output_tokens: int
    history_max_messages: int
    max_pages: int


@dataclass(slots=True)
class Draft:
    """An answer as far as it has come."""

    text: str = ""
    thinking: str = ""
    usage: Usage | None = None
    reason: FinishReason | None = None

    def take(self, event: Event) -> None:
        """Add what the provider sent."""
        match event:
            case TextDelta():
                self.text += event.text
            case ReasoningDelta():
                self.thinking += event.text
            case Usage():
                self.usage = event
            case Finished():
                self.reason = event.reason
            case _:
                log.debug("not used yet: %s", type(event).__name__)
        if len(self.text) > MAX_ANSWER_CHARACTERS:
            self.reason = FinishReason.LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ends, and why."""

    cause: Cause
    incomplete_reason: IncompleteReason | None = None
    failure: str | None = None


FINISHED = Ending(cause=Cause.FINISHED)
ENDINGS = {
    FinishReason.LENGTH: Ending(cause=Cause.CUT_SHORT, incomplete_reason=IncompleteReason.MAX_OUTPUT_TOKENS),
    FinishReason.CONTENT_FILTER: Ending(cause=Cause.CUT_SHORT, incomplete_reason=IncompleteReason.CONTENT_FILTER),
}


class Answerer:
    """Answers one run after another; all that a run needs while it lives is in `carry_out`."""

    def __init__(
        self,
        database: Database,
        provider: Provider,
        pacer: Pacer,
        options: AnswerOptions,
        *,
        owner: str,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        """`owner` is the name under which the runs are claimed."""
        self._database = database
        self._provider = provider
        self._pacer = pacer
        self._options = options
        self._owner = owner
        self._count_tokens = count_tokens
        self._clock = clock
        self._deadlines: dict[int, asyncio.Timeout] = {}

    def interrupt(self, run_id: int) -> None:
        """End a run's stream, if it is open here."""
        deadline = self._deadlines.get(run_id)
        if deadline is not None and not deadline.expired():
            deadline.reschedule(asyncio.get_running_loop().time())

    async def carry_out(self, run: Run, surface: Surface, queued: Callable[[], None]) -> None:
        """Answer a run that was claimed, or deliver one that has ended; `queued` is called if another follows it."""
        ledger = StoredLedger(self._database, run, self._clock)
        writer = ReplyWriter(
            run.id,
            surface=surface,
            pacer=self._pacer,
            ledger=ledger,
            known=await ledger.open(),
            max_pages=self._options.max_pages,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                delivery = tasks.create_task(writer.run())
                if run.status not in TERMINAL:
                    draft = Draft()
                    ending = await self._generate(run, draft, writer)
                    try:
                        run = await self._end(run, draft, ending, queued)
                    except InvalidTransition:
                        log.warning("run %d went to another process", run.id)
                        delivery.cancel()
                        return
                writer.finish(ended(run, max_pages=self._options.max_pages, was_shown=writer.was_shown))
        except* ReplyGone as gone:
            log.info("run %d: %s", run.id, gone.exceptions[0])
            if run.status not in TERMINAL:
                ending = Ending(cause=Cause.FAILED, failure="Its message or its channel was gone.")
                run = await self._end(run, Draft(), ending, queued)
        async with self._database.write() as transaction:
            await runs.mark_delivered(transaction, run.id, self._clock())

    async def _generate(self, run: Run, draft: Draft, writer: ReplyWriter) -> Ending:
        """Stream the answer into the draft and the reply: how it ended."""
        seconds_left = (run.expires_at - self._clock()).total_seconds()
        try:
            async with asyncio.timeout(seconds_left) as deadline:
                self._deadlines[run.id] = deadline
                if await self._is_unwanted(run):
                    return Ending(cause=Cause.CANCELLED)
                await self._stream(run, draft, writer)
        except TimeoutError:
            return Ending(cause=Cause.CANCELLED if await self._is_unwanted(run) else Cause.DEADLINE)
        except ProviderError as error:
            log.warning("run %d: provider: %s (%s) %s", run.id, error.fault, error.status, error.detail)
            return Ending(cause=Cause.FAILED, failure=str(error))
        except ParleyError as error:
            log.warning("run %d: %s", run.id, error)
            return Ending(cause=Cause.FAILED, failure=str(error))
        except Exception:
            log.exception("run %d failed", run.id)
            return Ending(cause=Cause.FAILED, failure=UNEXPECTED)
        finally:
            self._deadlines.pop(run.id, None)
        return ENDINGS.get(draft.reason or FinishReason.STOP, FINISHED)

    async def _stream(self, run: Run, draft: Draft, writer: ReplyWriter) -> None:
        request = await self._request(run)
        async with aclosing(self._provider.stream(request)) as events:
            async for event in events:
                draft.take(event)
                writer.show(draft.text, draft.thinking)
                if draft.reason is not None:
                    break

    async def _is_unwanted(self, run: Run) -> bool:
        """Whether somebody wished the run to end; the wish may have come since its claim."""
        async with self._database.read() as transaction:
            stored = await runs.get(transaction, run.id)
        return stored is not None and stored.cancel_requested_at is not None

    async def _request(self, run: Run) -> ProviderRequest:
        options = self._options
        async with self._database.read() as transaction:
            history = await messages.history(
                transaction,
                run.conversation_id,
                run.epoch,
                before_or_of_run=run.id,
                limit=options.history_max_messages,
            )
        return ProviderRequest(
            model=run.model,
            messages=context.build(
                history,
                run,
                system_prompt=options.system_prompt,
                count=self._count_tokens,
                window_tokens=options.window_tokens,
                answer_tokens=options.max_output_tokens,
            ),
            max_output_tokens=options.max_output_tokens,
            temperature=options.temperature,
            end_user=blake2b(str(run.asker_id).encode(), digest_size=16, person=b"parley-user").hexdigest(),
        )

    async def _end(self, run: Run, draft: Draft, ending: Ending, queued: Callable[[], None]) -> Run:
        """The run as it ended: stored in one transaction with all that came of it and with the run for what waits.

        Raises: InvalidTransition if the run is another's by now.
        """
        now, text = self._clock(), clean(draft.text)
        async with self._database.write() as transaction:
            run, following = await end(
                transaction,
                run.id,
                ending.cause,
                self._options.defaults,
                now,
                attempt=run.attempt,
                text=text,
                incomplete_reason=ending.incomplete_reason,
                failure=ending.failure,
            )
            if has_content(text):
                await messages.add_answer(transaction, run, text, self._answer_tokens(draft), now)
            if draft.usage is not None:
                await usage.record(transaction, run.id, run.model, draft.usage, now)
        if following is not None:
            queued()
        return run

    def _answer_tokens(self, draft: Draft) -> int:
        """What the answer will cost when it is sent back: the provider's own count where it gave one."""
        if draft.usage is None or draft.usage.output_tokens <= draft.usage.reasoning_tokens:
            return self._count_tokens(draft.text)
        return draft.usage.output_tokens - draft.usage.reasoning_tokens
