"""One run from its claim to its delivery: it is written, ended in the store, and shown as it ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from bot.errors import InvalidTransition, Refusal, ReplyGone
from bot.notices import Notice
from bot.place_settings.chosen import PlaceValues
from bot.reply.characters import clean, has_content
from bot.reply.content import PageContent, ended, paused, waiting
from bot.reply.pacer import Pacer
from bot.reply.writer import ReplyWriter, Surface
from bot.runs import yields
from bot.runs.context import run_key
from bot.runs.draft import WAITS, Draft, Ending, joined
from bot.runs.ledger import StoredLedger
from bot.runs.model import TERMINAL, Cause, Choice, Run, Status
from bot.runs.moderation import Moderator
from bot.runs.persistence import until_stored
from bot.runs.progress import Progress
from bot.runs.queue import RunDefaults, end
from bot.runs.run_place import Places, RunPlace
from bot.runs.steps import Steps
from bot.runs.summary_text import used_line
from bot.runs.writing import Author, Provider
from bot.store import alternatives, bookmarks, messages, overview, runs, tool_calls, tool_files
from bot.store.database import Database, Transaction

log = logging.getLogger(__name__)

Found = TypeVar("Found")

# What one person alone sees can be changed for 15 minutes (receiving-and-responding.mdx); the rest is for the answer.
PRIVATE_WAIT = timedelta(minutes=10)
GONE = Ending(cause=Cause.FAILED, failure="Its message or its channel was gone.")


class Notices(Protocol):
    """What moderators have to be told below an answer, once."""

    async def due(
        self, guild_id: int | None, model: str, place_id: int = 0, refused: Notice | None = None
    ) -> Notice | None:
        """What the next answer of a model in a place, of which choices may be refused, should carry."""

    async def mark(self, transaction: Transaction, guild_id: int, notice: Notice) -> None:
        """Note that a guild was told."""

    async def once(self, guild_id: int, sentence: str) -> str | None:
        """The sentence, the first time that a guild is to be told it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """What the host sets for all answers, of places too; a run waits for a person for `wait_timeout`."""

    defaults: RunDefaults
    host: PlaceValues
    wait_timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A run as it was left: ended, handed back, or for a person to go on with."""

    run: Run
    progress: Progress
    notice: Notice | None = None
    waits: bool = False
    choice: Choice | None = None


class Answerer:
    """Answers runs; all that a run needs is in `carry_out`."""

    def __init__(
        self,
        database: Database,
        author: Author,
        provider: Provider,
        moderator: Moderator,
        places: Places,
        steps: Steps,
        notices: Notices,
        pacer: Pacer,
        options: AnswerOptions,
        *,
        owner: str,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        """`owner` is the name under which the runs are claimed."""
        self._database = database
        self._author = author
        self._provider = provider
        self._moderator = moderator
        self._places = places
        self._steps = steps
        self._notices = notices
        self._pacer = pacer
        self._options = options
        self._owner = owner
        self._count_tokens = count_tokens
        self._clock = clock

    async def carry_out(self, run: Run, surface: Surface, queued: Callable[[], None]) -> None:
        """Answer a run that was claimed, or deliver one that has ended; `queued` is called if another follows it."""
        ledger = StoredLedger(self._database, run, self._clock)
        place = RunPlace(self._places, run, self._options.host)
        writer = ReplyWriter(
            run.id,
            surface=surface,
            pacer=self._pacer,
            ledger=ledger,
            known=await ledger.open(),
            style=lambda: place.style,
        )
        left: Left | None = None
        drafts: list[Draft] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                delivery = tasks.create_task(writer.run())
                left = await self._answer(run, writer, place, drafts, queued)
                if left is None:
                    log.warning("run %d went to another process", run.id)
                    delivery.cancel()
                else:
                    writer.finish(await self._last_look(left, writer, place))
                    await self._cancel_elsewhere(left.run)
        except* ReplyGone as gone:
            log.info("run %d: %s", run.id, gone.exceptions[0])
            left = await self._end_unseen(run, drafts, queued)
            if left is not None:
                await self._cancel_elsewhere(left.run)
        if left is not None and left.run.status in TERMINAL:
            await until_stored(run.id, partial(self._mark_delivered, run))
        elif left is not None and left.waits:
            await self._leave_to_people(left.run, surface, queued)

    async def _answer(
        self, run: Run, writer: ReplyWriter, place: RunPlace, drafts: list[Draft], queued: Callable[[], None]
    ) -> Left | None:
        """The run as it was left; None if it is another's by now.  Each draft that is begun is added to `drafts`."""
        mine: Run | None = run
        while mine is not None:
            draft = await until_stored(run.id, partial(self._begin, mine))
            drafts.append(draft)
            progress = await self._progress(mine, draft, writer)
            if mine.status in TERMINAL:
                return Left(run=mine, progress=progress, choice=await self._read(mine, alternatives.choice))
            ending = await self._author.write(mine, draft, writer, progress, place)
            if ending.cause is not Cause.HANDED_BACK and has_content(draft.whole):
                objection = await self._moderator.objection(mine, (draft.whole, *draft.alternatives), place)
                if objection is not None:
                    draft.withdraw()
                    ending = ending.filtered(objection)
            try:
                if ending is not WAITS:
                    guild_id = None if mine.interaction_token else mine.guild_id
                    due = partial(self._notices.due, guild_id, draft.asked or mine.model, mine.place_id, place.refused)
                    notice = await until_stored(run.id, due)
                    ended = await until_stored(run.id, partial(self._end, mine, draft, ending, queued, notice))
                    return Left(run=ended, progress=progress, notice=notice, choice=draft.choice)
                return Left(run=await until_stored(run.id, partial(self._as_left, mine)), progress=progress, waits=True)
            except InvalidTransition:  # the question was edited, or the lease was lost
                mine = await until_stored(run.id, partial(self._still_mine, run))
                is_news = draft.usage is not None or draft.reservation is not None
                if is_news and (mine is not None or not draft.is_run_elsewhere):
                    await until_stored(run.id, partial(self._spend, run, draft))
        return None

    async def _spend(self, run: Run, draft: Draft) -> None:
        """Count what a request took of which nothing else is kept."""
        async with self._database.write() as transaction:
            await yields.keep(transaction, run, draft.spent, self._clock())

    async def _progress(self, run: Run, draft: Draft, writer: ReplyWriter) -> Progress:
        """What is shown of the run's tool calls; one that was never taken up before has none."""

        def show() -> None:
            writer.show(draft.whole, draft.thinking, progress.activity)

        calls = (
            await self._read(run, tool_calls.of_run) if run.attempt > 1 or run.status is not Status.IN_PROGRESS else ()
        )
        progress = Progress(calls, changed=show)
        return progress

    async def _read(self, run: Run, look: Callable[[Transaction, int], Awaitable[Found]]) -> Found:
        """What the database holds of a run."""

        async def read() -> Found:
            async with self._database.read() as transaction:
                return await look(transaction, run.id)

        return await until_stored(run.id, read)

    async def _as_left(self, run: Run) -> Run:
        """The run as it is stored while people are asked.  Raises: InvalidTransition if another attempt has begun."""
        stored = await self._still_mine(run)
        if stored is None or stored.attempt != run.attempt:
            raise InvalidTransition("Another attempt has begun.")
        return stored

    async def _leave_to_people(self, run: Run, surface: Surface, queued: Callable[[], None]) -> None:
        """Give up the run until a person has decided; go on at once if they have, also to stop it or to edit it."""
        if await until_stored(run.id, partial(self._ask_people, run)):
            return
        mine = await until_stored(run.id, partial(self._still_mine, run))
        if mine is not None:
            await self.carry_out(mine, surface, queued)

    async def _ask_people(self, run: Run) -> bool:
        """Whether the run waits for a person from now on, and nobody holds it."""
        now = self._clock()
        async with self._database.write() as transaction:
            pending = await tool_calls.pending_of_run(transaction, run.id)
            is_unwanted = run.id in await runs.unwanted(transaction, {run.id: run.attempt})
            if is_unwanted or not pending or not all(call.waits for call in pending):
                return False
            expires_at = now + (self._options.wait_timeout if run.interaction_token is None else PRIVATE_WAIT)
            await runs.move(transaction, run.id, Cause.PERSON_ASKED, now, attempt=run.attempt, expires_at=expires_at)
        return True

    async def _begin(self, run: Run) -> Draft:
        """The draft that a run begins with: what earlier attempts have written."""
        if not run.text:
            return Draft()
        async with self._database.read() as transaction:
            steps = await messages.written_by(transaction, run.id)
        return Draft.from_stored(run.text, joined(*steps))

    async def _cancel_elsewhere(self, run: Run) -> None:
        """Have providers that keep runs themselves not go on with one that has ended here."""
        if run.status in TERMINAL and run.status is not Status.COMPLETED:
            known = await self._read(run, lambda transaction, _: bookmarks.of_run(transaction, run))
            if known:
                await self._provider.cancel(run_key(run.id), known)

    async def _still_mine(self, run: Run) -> Run | None:
        """The run as it is stored, if it is ours to answer, begun anew."""
        async with self._database.read() as transaction:
            return await runs.owned(transaction, run.id, self._owner)

    async def _end(
        self, run: Run, draft: Draft, ending: Ending, queued: Callable[[], None], notice: Notice | None = None
    ) -> Run:
        """The run as it ended: stored in one transaction with all that came of it and with the run for what waits.

        Raises: InvalidTransition if another attempt has begun.
        """
        now, is_handed_back = self._clock(), ending.cause is Cause.HANDED_BACK
        async with self._database.write() as transaction:
            if draft.calls and await self._steps.are_stored(transaction, run):
                draft.next_step()  # an interrupt came with the word that they are
            if is_handed_back and draft.is_run_elsewhere:
                draft.usage = None  # who goes on with that run is told at its end what all of it took
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
                remark=draft.remark,
            )
            text = clean(draft.text)
            if has_content(text) and not is_handed_back:
                await messages.add_answer(transaction, run, text, self._answer_tokens(draft), now)
                await alternatives.add(transaction, run.id, draft.alternatives)
            if draft.is_withdrawn:
                await messages.hide_answer(transaction, run.id, now)
            await yields.keep(transaction, run, draft, now)
            if notice is not None and run.guild_id is not None and not is_handed_back:
                await self._notices.mark(transaction, run.guild_id, notice)
        if following is not None:
            queued()
        return run

    async def _end_unseen(self, run: Run, drafts: list[Draft], queued: Callable[[], None]) -> Left | None:
        """A run whose reply cannot be shown any more, ended unless it has ended already; None if it is another's."""
        mine = await until_stored(run.id, partial(self._still_mine, run))
        spent = drafts[-1].spent if drafts else Draft()
        try:
            if mine is not None and mine.status not in TERMINAL:
                mine = await until_stored(run.id, partial(self._end, mine, spent, GONE, queued))
        except InvalidTransition:
            return None
        return None if mine is None else Left(run=mine, progress=Progress(changed=_nothing_to_show))

    async def _last_look(self, left: Left, writer: ReplyWriter, place: RunPlace) -> tuple[PageContent, ...]:
        """How the reply is to look until its run goes on, or for good."""
        run, activity = left.run, left.progress.activity
        with suppress(Refusal):  # then it looks as the host wants it
            await place.latest()
        await writer.opened()
        style = writer.style
        if left.waits:
            return waiting(run, activity, style)
        if run.status not in TERMINAL:
            return paused(run, activity, style=style, was_shown=writer.was_shown)
        files = await self._read(run, tool_files.of_run) if left.progress.steps else ()
        shown = replace(activity, files=files, prompts=())
        used = await self._read(run, overview.summary) if style.usage else None
        told = [None if used is None else used_line(used), None if left.notice is None else left.notice.sentence]
        if writer.lack and run.guild_id is not None:
            told.append(await until_stored(run.id, partial(self._notices.once, run.guild_id, writer.lack)))
        return ended(run, shown, left.choice, told=told, style=style, was_shown=writer.was_shown)

    async def _mark_delivered(self, run: Run) -> None:
        async with self._database.write() as transaction:
            await runs.mark_delivered(transaction, run.id, self._clock())

    def _answer_tokens(self, draft: Draft) -> int:
        """What the answer will cost when it is sent back: the provider's own count where it gave one."""
        if (
            draft.usage is None
            or draft.resumed
            or draft.alternatives
            or draft.usage.output_tokens <= draft.usage.reasoning_tokens
        ):
            return self._count_tokens(draft.text)
        return draft.usage.output_tokens - draft.usage.reasoning_tokens


def _nothing_to_show() -> None:
    """The reply is gone."""
