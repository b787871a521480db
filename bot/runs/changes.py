"""What changes after it was said: edited and deleted questions, deleted answers, lost places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from bot.budgets.model import BudgetReached, Counted
from bot.messages import spoken
from bot.runs.model import LIVE, TERMINAL, Cause, Run, RunKind
from bot.runs.queue import RunDefaults, answer_again, cancel, end, first_try
from bot.runs.service import Budgets, Worker
from bot.store import conversations, guilds, messages, opt_outs, replies, runs
from bot.store.database import Database, Transaction
from bot.store.messages import StoredMessage

# An edit has them not answered anew: what was asked is further up, or was not asked.
NO_OWN_QUESTION = frozenset({RunKind.CONTINUE, RunKind.IMPORT})
ANSWER_DELETED = "Its message was deleted."
PLACE_DELETED = "Its channel was deleted."
THREAD_LEFT = "I was removed from its thread."
GUILD_LEFT = "I was removed from its server."


class ChangeService:
    """Keeps history and runs true to what people changed in Discord.

    Each method is one transaction, which also a message that just arrives has to wait for, or goes before: events that
    are replayed in quick succession after a lost connection take effect in their order.
    """

    def __init__(
        self,
        database: Database,
        worker: Worker,
        budgets: Budgets,
        *,
        defaults: RunDefaults,
        edit_window: timedelta,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        """For `edit_window` after an answer has ended, an edit of its question has it answered again."""
        self._database = database
        self._worker = worker
        self._budgets = budgets
        self._defaults = defaults
        self._edit_window = edit_window
        self._count_tokens = count_tokens
        self._clock = clock

    async def edit(self, message_id: int, text: str, counted: Counted | None) -> None:
        """A question may have been given other words: its answer begins anew, or is given again.

        The last answer of a conversation is given again, if it ended within the window; of earlier ones only the
        history changes.  So it is where the author is answered no longer, and `counted`, what counts for them, is None.
        Raises: BudgetReached where there is no answer because of one; the words are kept.
        """
        reached = None
        async with self._database.write() as transaction:
            message = await messages.by_discord_id(transaction, message_id)
            if message is None or not await self._reword(transaction, message, text) or counted is None:
                return
            try:
                run = await self._begin_anew(transaction, message, counted)
            except BudgetReached as error:
                run, reached = None, error
        if run is not None and run.status in TERMINAL and await self._worker.settled(run.id):
            async with self._database.write() as transaction:
                try:
                    run = await self._begin_anew(transaction, message, counted)
                except BudgetReached as error:
                    run, reached = None, error
        self._tell(() if run is None else [run.id])
        if reached is not None:
            raise reached

    async def forget(self, message_ids: Collection[int]) -> datetime:
        """Messages were deleted in Discord, whoever wrote them: the time at which they leave the history.

        Questions leave the history, and a run with nothing left to answer is stopped.  An answer leaves it with its
        last page, and one that is being written then ends, quietly; it is stopped if a page is left.
        """
        now, interrupted = self._clock(), set[int]()
        async with self._database.write() as transaction:
            questions = await messages.hide(transaction, message_ids, now)
            for run_id in {message.run_id for message in questions if message.run_id is not None}:
                interrupted |= await self._stop_without_question(transaction, run_id, now)
            for run_id in await replies.forget(transaction, message_ids):
                interrupted |= await self._take_away(transaction, run_id, now)
        self._tell(interrupted)
        return now

    async def lose_place(self, place_id: int, reason: str) -> None:
        """A channel or thread is gone for the bot, and its runs with it."""
        now = self._clock()
        async with self._database.write() as transaction:
            closed = await conversations.close_place(transaction, place_id, now)
            interrupted = await self._abandon(transaction, set(closed), reason, now)
        self._tell(interrupted)

    async def lose_guild(self, guild_id: int) -> None:
        """The bot was removed from a server; what was said there is kept until its retention ends."""
        now = self._clock()
        async with self._database.write() as transaction:
            await guilds.lose(transaction, guild_id, now)
            closed = await conversations.close_guild(transaction, guild_id, now)
            interrupted = await self._abandon(transaction, set(closed), GUILD_LEFT, now)
        self._tell(interrupted)

    async def regain(self, place_ids: Collection[int]) -> None:
        """The bot is in these places, whatever it was told before."""
        async with self._database.read() as transaction:
            closed = await conversations.closed_places(transaction)
        regained = closed.intersection(place_ids)
        if regained:
            async with self._database.write() as transaction:
                await conversations.reopen(transaction, regained)

    async def regain_guilds(self, guild_ids: Collection[int]) -> None:
        """The bot is in these servers, whatever it was told before."""
        async with self._database.read() as transaction:
            regained = (await guilds.lost(transaction)).intersection(guild_ids)
        if regained:
            async with self._database.write() as transaction:
                await guilds.regain(transaction, regained)

    async def compare(self, guild_ids: Collection[int], place_ids: Collection[int]) -> None:
        """Catch up with what Discord tells at the start of a session: all the servers and open places of the bot."""
        async with self._database.read() as transaction:
            silent = await guilds.known(transaction) - await guilds.lost(transaction)
            lost = (await conversations.open_guilds(transaction) | silent).difference(guild_ids)
        for guild_id in lost:
            await self.lose_guild(guild_id)
        await self.regain_guilds(guild_ids)
        await self.regain(place_ids)

    async def _reword(self, transaction: Transaction, message: StoredMessage, text: str) -> bool:
        """Give a question other words: whether they are other words."""
        sent = spoken(message.author_name or "", text, message.quote_author, message.quote_text)
        return await messages.reword(transaction, message.id, text, self._count_tokens(sent))

    async def _begin_anew(self, transaction: Transaction, message: StoredMessage, counted: Counted) -> Run | None:
        """Have a question answered anew, if nothing came after it.  Raises: BudgetReached.

        A live run is the one to interrupt.  One that has ended is in the way: until its last edit has arrived, no
        other can take its messages over.
        """
        now, run = self._clock(), await self._answering(transaction, message)
        if run is None:
            return None
        if run.status in LIVE:
            await self._budgets.take_question(transaction, counted)
            await messages.hide_answer(transaction, run.id, now)
            expires_at = None if run.waiting_since is None else now + self._defaults.timeout
            anew = await runs.move(
                transaction, run.id, Cause.QUESTION_EDITED, now, text="", remark="", expires_at=expires_at
            )
            if run.waiting_since is None:
                return anew
            return await runs.move(transaction, run.id, Cause.HANDED_BACK, now)  # nobody works on it
        if not await runs.has_ended_since(transaction, run.id, now - self._edit_window):
            return None
        if run.delivered_at is None:
            return run
        await self._budgets.take_question(transaction, counted)
        await answer_again(transaction, run, self._defaults, now)
        return None

    @staticmethod
    async def _answering(transaction: Transaction, message: StoredMessage) -> Run | None:
        """The run that answers a question, if nothing came after it and nobody wants it stopped, nor opted out."""
        run = None if message.run_id is None else await runs.get(transaction, message.run_id)
        if run is None or await opt_outs.among(transaction, [message.author_id]):
            return None
        conversation = await conversations.get(transaction, run.conversation_id)
        newest = await runs.live(transaction, conversation.id) or await runs.latest(
            transaction, conversation.id, conversation.epoch
        )
        if newest is None or newest.kind in NO_OWN_QUESTION or await first_try(transaction, newest) != run.id:
            return None
        is_stopping = newest.status in LIVE and newest.cancel_requested_at is not None
        return None if is_stopping else newest

    async def _stop_without_question(self, transaction: Transaction, run_id: int, now: datetime) -> set[int]:
        """Stop what answers the same as a run, if nothing of that is left."""
        run = await runs.get(transaction, run_id)
        live = None if run is None else await runs.live(transaction, run.conversation_id)
        if live is None or await first_try(transaction, live) != run_id:
            return set()
        if await messages.has_question(transaction, run_id):
            return set()
        await cancel(transaction, live, None, self._defaults, now)
        return {live.id}

    async def _take_away(self, transaction: Transaction, run_id: int, now: datetime) -> set[int]:
        """End what a run was to show, now that pages of it are gone; the bot itself deletes only what is left over."""
        run = await runs.get(transaction, run_id)
        if run is None:
            return set()
        is_gone = all(page.discord_id is None for page in await replies.pages(transaction, run_id))
        if run.status in LIVE:
            if not is_gone:
                await cancel(transaction, run, None, self._defaults, now)
                return {run_id}
            await runs.request_cancel(transaction, run_id, None, now)
            await end(transaction, run_id, Cause.CANCELLED, self._defaults, now, failure=ANSWER_DELETED)
        if is_gone:
            await messages.hide_answer(transaction, run_id, now)
        await runs.mark_delivered(transaction, run_id, now)
        return {run_id}

    @staticmethod
    async def _abandon(
        transaction: Transaction, conversation_ids: Collection[int], reason: str, now: datetime
    ) -> set[int]:
        """End the live runs of conversations that were closed; there is nowhere to show it."""
        ended = set[int]()
        for live in await runs.live_in_lost_places(transaction):
            if live.conversation_id in conversation_ids:
                await runs.request_cancel(transaction, live.id, None, now)
                await runs.move(transaction, live.id, Cause.CANCELLED, now, failure=reason)
                await runs.mark_delivered(transaction, live.id, now)
                ended.add(live.id)
        return ended

    def _tell(self, interrupted: Iterable[int]) -> None:
        for run_id in interrupted:
            self._worker.interrupt(run_id)
        self._worker.wake()
