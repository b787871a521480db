"""One run from its claim to its delivery: the provider's stream goes into the reply, what came of it into the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Protocol

from bot.errors import UNEXPECTED, InvalidTransition, ParleyError, ProviderError, ReplyGone
from bot.messages import ProviderRequest, Role
from bot.providers.events import Event, FinishReason
from bot.reply.characters import clean, has_content
from bot.reply.content import PageContent, ended, paused
from bot.reply.pacer import Pacer
from bot.reply.writer import ReplyWriter, Surface
from bot.runs import context
from bot.runs.draft import ENDINGS, FINISHED, TOO_MANY_STEPS, Draft, Ending, joined
from bot.runs.ledger import StoredLedger
from bot.runs.model import TERMINAL, Cause, Run, Status
from bot.runs.persistence import until_stored
from bot.runs.queue import RunDefaults, end
from bot.runs.steps import Steps, Tools, asker
from bot.store import messages, runs, tool_calls, usage
from bot.store.database import Database
from bot.store.runs import Checkpoint

log = logging.getLogger(__name__)

# A model that has not answered by then goes in circles.
MAX_STEPS = 10
GONE = Ending(cause=Cause.FAILED, failure="Its message or its channel was gone.")


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
class Live:
    """A run under way here; `saved` is as much of its draft as the database holds."""

    run: Run
    draft: Draft
    deadline: asyncio.Timeout
    saved: str


class Answerer:
    """Answers one run after another; all that a run needs while it lives is in `carry_out`."""

    def __init__(
        self,
        database: Database,
        provider: Provider,
        tools: Tools,
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
        self._tools = tools
        self._steps = Steps(database, tools, count_tokens=count_tokens, clock=clock)
        self._pacer = pacer
        self._options = options
        self._owner = owner
        self._count_tokens = count_tokens
        self._clock = clock
        self._live: dict[int, Live] = {}
        self._is_pausing = False

    def interrupt(self, run_id: int) -> None:
        """End a run's stream, if it is open here, and look at its row again."""
        live = self._live.get(run_id)
        if live is not None and not live.deadline.expired():
            live.deadline.reschedule(asyncio.get_running_loop().time())

    def pause(self) -> None:
        """Hand all runs back as far as they have come; whoever claims them goes on from there."""
        self._is_pausing = True
        for run_id in self._live:
            self.interrupt(run_id)

    @property
    def attempts(self) -> dict[int, int]:
        """The runs whose streams are open here, with the number of the attempt."""
        return {run_id: live.run.attempt for run_id, live in self._live.items()}

    def unsaved(self) -> list[Checkpoint]:
        """What the streams have brought since the last that is known to be `saved`."""
        texts = [(live.run, live.saved, clean(live.draft.kept)) for live in self._live.values()]
        return [Checkpoint(run.id, run.attempt, text) for run, saved, text in texts if text != saved]

    def saved(self, checkpoints: Iterable[Checkpoint]) -> None:
        """These are in the database now."""
        for checkpoint in checkpoints:
            live = self._live.get(checkpoint.run_id)
            if live is not None:
                live.saved = checkpoint.text

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
        now: Run | None = run
        try:
            async with asyncio.TaskGroup() as tasks:
                delivery = tasks.create_task(writer.run())
                if run.status not in TERMINAL:
                    now = await self._answer(run, writer, queued)
                if now is None:
                    log.warning("run %d went to another process", run.id)
                    delivery.cancel()
                else:
                    writer.finish(self._last_look(now, writer))
        except* ReplyGone as gone:
            log.info("run %d: %s", run.id, gone.exceptions[0])
            now = await self._end_unseen(run, queued)
        if now is not None and now.status in TERMINAL:
            await until_stored(run.id, partial(self._mark_delivered, run))

    async def _answer(self, run: Run, writer: ReplyWriter, queued: Callable[[], None]) -> Run | None:
        """The run as it ended or was handed back; None if it is another's by now."""
        mine: Run | None = run
        while mine is not None and mine.status not in TERMINAL:
            draft = await until_stored(run.id, partial(self._begin, mine))
            writer.show(draft.whole)
            ending = await self._generate(mine, draft, writer)
            try:
                return await until_stored(run.id, partial(self._end, mine, draft, ending, queued))
            except InvalidTransition:  # the question was edited, or the lease was lost
                mine = await until_stored(run.id, partial(self._still_mine, run))
        return mine

    async def _begin(self, run: Run) -> Draft:
        """The draft that a run begins with: what earlier attempts have written."""
        if not run.text:
            return Draft()
        async with self._database.read() as transaction:
            steps = await messages.written_by(transaction, run.id)
        return Draft.from_stored(run.text, joined(*steps))

    async def _generate(self, run: Run, draft: Draft, writer: ReplyWriter) -> Ending:
        """Stream the answer into the draft and the reply: how it ended."""
        seconds_left = (run.expires_at - self._clock()).total_seconds()
        try:
            async with asyncio.timeout(seconds_left) as deadline:
                self._live[run.id] = Live(run, draft, deadline, saved=run.text)
                if await self._is_unwanted(run):
                    return Ending(cause=Cause.CANCELLED)
                if self._is_pausing:
                    return Ending(cause=Cause.HANDED_BACK)
                return await self._write(run, draft, writer)
        except TimeoutError:
            if await self._is_unwanted(run):
                return Ending(cause=Cause.CANCELLED)
            return Ending(cause=Cause.HANDED_BACK if self._is_pausing else Cause.DEADLINE)
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
            self._live.pop(run.id, None)

    async def _write(self, run: Run, draft: Draft, writer: ReplyWriter) -> Ending:
        """Stream step after step, with the use of tools between them: how the last one ended."""
        if run.status is Status.REQUIRES_ACTION:
            calls = await until_stored(run.id, partial(self._steps.resume, run))
            await self._steps.carry_out(run, calls)
        for _ in range(MAX_STEPS):
            await self._stream(run, draft, writer)
            if draft.reason is not FinishReason.TOOL_CALLS:
                return ENDINGS.get(draft.reason or FinishReason.STOP, FINISHED)
            calls = await until_stored(run.id, partial(self._steps.begin, run, draft))
            draft.next_step()
            await self._steps.carry_out(run, calls)
        return TOO_MANY_STEPS

    async def _stream(self, run: Run, draft: Draft, writer: ReplyWriter) -> None:
        request = await until_stored(run.id, partial(self._request, run, draft))
        async with aclosing(self._provider.stream(request)) as events:
            async for event in events:
                draft.take(event)
                writer.show(draft.whole, draft.thinking)
                if draft.reason is not None:
                    break

    async def _is_unwanted(self, run: Run) -> bool:
        """Whether somebody wished the run to end, or it was begun anew; that may have come since its claim."""

        async def look() -> Run | None:
            async with self._database.read() as transaction:
                return await runs.get(transaction, run.id)

        stored = await until_stored(run.id, look)
        return stored is not None and (stored.cancel_requested_at is not None or stored.attempt != run.attempt)

    async def _still_mine(self, run: Run) -> Run | None:
        """The run as it is stored, if it is ours to answer, begun anew."""
        async with self._database.read() as transaction:
            return await runs.owned(transaction, run.id, self._owner)

    async def _request(self, run: Run, draft: Draft) -> ProviderRequest:
        options = self._options
        async with self._database.read() as transaction:
            history = await messages.history(
                transaction,
                run.conversation_id,
                run.epoch,
                before_or_of_run=run.id,
                limit=options.history_max_messages,
            )
            steps = [message.id for message in history if message.role is Role.ASSISTANT]
            calls = await tool_calls.of_messages(transaction, steps) if steps else {}
        tools = await self._tools.offered(asker(run))
        return ProviderRequest(
            model=run.model,
            messages=context.build(
                history,
                run,
                system_prompt=options.system_prompt,
                count=self._count_tokens,
                window_tokens=options.window_tokens,
                answer_tokens=options.max_output_tokens,
                calls=calls,
                tools=tools,
                partial=draft.resumed.rstrip(),
            ),
            tools=tools,
            max_output_tokens=options.max_output_tokens,
            temperature=options.temperature,
            end_user=blake2b(str(run.asker_id).encode(), digest_size=16, person=b"parley-user").hexdigest(),
        )

    async def _end(self, run: Run, draft: Draft, ending: Ending, queued: Callable[[], None]) -> Run:
        """The run as it ended: stored in one transaction with all that came of it and with the run for what waits.

        Raises: InvalidTransition if another attempt has begun.
        """
        now, is_handed_back = self._clock(), ending.cause is Cause.HANDED_BACK
        async with self._database.write() as transaction:
            if draft.calls and await self._steps.are_stored(transaction, run):
                draft.next_step()  # an interrupt came with the word that they are
            run, following = await end(
                transaction,
                run.id,
                ending.cause,
                self._options.defaults,
                now,
                attempt=run.attempt,
                text=clean(draft.kept if is_handed_back else draft.whole),
                incomplete_reason=ending.incomplete_reason,
                failure=ending.failure,
            )
            text = clean(draft.text)
            if has_content(text) and not is_handed_back:
                await messages.add_answer(transaction, run, text, self._answer_tokens(draft), now)
            if draft.usage is not None:
                await usage.record(transaction, run.id, run.model, draft.usage, now)
        if following is not None:
            queued()
        return run

    async def _end_unseen(self, run: Run, queued: Callable[[], None]) -> Run | None:
        """A run whose reply cannot be shown any more, ended unless it has ended already; None if it is another's."""
        mine = await until_stored(run.id, partial(self._still_mine, run))
        if mine is None or mine.status in TERMINAL:
            return mine
        try:
            return await until_stored(run.id, partial(self._end, mine, Draft(), GONE, queued))
        except InvalidTransition:
            return None

    def _last_look(self, run: Run, writer: ReplyWriter) -> tuple[PageContent, ...]:
        """How the reply is to look until its run goes on, or for good."""
        pages = self._options.max_pages
        if run.status in TERMINAL:
            return ended(run, max_pages=pages, was_shown=writer.was_shown)
        return paused(run, max_pages=pages, was_shown=writer.was_shown)

    async def _mark_delivered(self, run: Run) -> None:
        async with self._database.write() as transaction:
            await runs.mark_delivered(transaction, run.id, self._clock())

    def _answer_tokens(self, draft: Draft) -> int:
        """What the answer will cost when it is sent back: the provider's own count where it gave one."""
        if draft.usage is None or draft.resumed or draft.usage.output_tokens <= draft.usage.reasoning_tokens:
            return self._count_tokens(draft.text)
        return draft.usage.output_tokens - draft.usage.reasoning_tokens
