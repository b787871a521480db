"""What changes after it was said: edited and deleted questions, deleted answers, lost places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from bot.messages import spoken
from bot.runs.model import LIVE, Cause, Run, RunKind
from bot.runs.queue import RunDefaults, answer_again, end, first_try
from bot.runs.service import Worker
from bot.store import conversations, messages, replies, runs
from bot.store.database import Database, Transaction
from bot.store.messages import StoredMessage

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
        *,
        defaults: RunDefaults,
        edit_window: timedelta,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        """For `edit_window` after an answer has ended, an edit of its question has it answered again."""
        self._database = database
        self._worker = worker
        self._defaults = defaults
        self._edit_window = edit_window
        self._count_tokens = count_tokens
        self._clock = clock

    async def edit(self, message_id: int, text: str) -> None:
        """A question may have been given other words: its answer begins anew, or is given again.

        The last answer of a conversation is given again, if it ended within the window; of earlier ones only the
        history changes.  A question without words counts as deleted.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            message = await messages.by_discord_id(transaction, message_id)
            if message is None:
                return
            if text or message.quote_text is not None:
                interrupted = await self._reword(transaction, message, text, now)
            else:
                interrupted = await self._forget(transaction, [message_id], now)
        self._tell(interrupted)

    async def forget(self, message_ids: Collection[int]) -> None:
        """Messages were deleted in Discord, whoever wrote them.

        Questions leave the history, and a run with nothing left to answer is stopped.  An answer leaves it with its
        last page, and one that is being written then ends, quietly; it is stopped if a page is left.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            interrupted = await self._forget(transaction, message_ids, now)
        self._tell(interrupted)

    async def lose_place(self, place_id: int, reason: str) -> None:
        """A channel or thread is gone for the bot, and its runs with it."""
        now = self._clock()
        async with self._database.write() as transaction:
            closed = await conversations.close_place(transaction, place_id, now)
            interrupted = await self._abandon(transaction, closed, reason, now)
        self._tell(interrupted)

    async def lose_guild(self, guild_id: int) -> None:
        """The bot was removed from a server; what was said there is kept until its retention ends."""
        now = self._clock()
        async with self._database.write() as transaction:
            closed = await conversations.close_guild(transaction, guild_id, now)
            interrupted = await self._abandon(transaction, closed, GUILD_LEFT, now)
        self._tell(interrupted)

    async def regain(self, place_ids: Collection[int]) -> None:
        """The bot is in these places, whatever it was told before."""
        async with self._database.read() as transaction:
            closed = await conversations.closed_places(transaction)
        regained = closed.intersection(place_ids)
        if regained:
            async with self._database.write() as transaction:
                await conversations.reopen(transaction, regained)

    async def compare(self, guild_ids: Collection[int], place_ids: Collection[int]) -> None:
        """Catch up with what Discord tells at the start of a session: all the servers and open places of the bot."""
        async with self._database.read() as transaction:
            lost = (await conversations.open_guilds(transaction)).difference(guild_ids)
        for guild_id in lost:
            await self.lose_guild(guild_id)
        await self.regain(place_ids)

    async def _reword(self, transaction: Transaction, message: StoredMessage, text: str, now: datetime) -> set[int]:
        """The runs to interrupt, because their question has changed."""
        sent = spoken(message.author_name or "", text, message.quote_author, message.quote_text)
        is_new = await messages.reword(transaction, message.id, text, self._count_tokens(sent))
        answered = await self._answered(transaction, message) if is_new else None
        if answered is None:
            return set()
        if answered.status in LIVE:
            if answered.cancel_requested_at is not None:
                return set()
            await messages.hide_answer(transaction, answered.id, now)
            await runs.move(transaction, answered.id, Cause.QUESTION_EDITED, now, text="")
            return {answered.id}
        # Before the last edit of an answer has arrived, another run could not take its messages over.
        if answered.delivered_at is not None and await runs.has_ended_since(
            transaction, answered.id, now - self._edit_window
        ):
            await answer_again(transaction, answered, self._defaults, now)
        return set()

    @staticmethod
    async def _answered(transaction: Transaction, message: StoredMessage) -> Run | None:
        """The run that answers a question, if nothing came after it."""
        run = None if message.run_id is None else await runs.get(transaction, message.run_id)
        if run is None:
            return None
        conversation = await conversations.get(transaction, run.conversation_id)
        newest = await runs.live(transaction, conversation.id) or await runs.latest(
            transaction, conversation.id, conversation.epoch
        )
        if newest is None or newest.kind is RunKind.CONTINUE or await first_try(transaction, newest) != run.id:
            return None
        return newest

    async def _forget(self, transaction: Transaction, message_ids: Collection[int], now: datetime) -> set[int]:
        """The runs to interrupt, because their question or their answer is gone."""
        interrupted = set[int]()
        questions = await messages.hide(transaction, message_ids, now)
        for run_id in {message.run_id for message in questions if message.run_id is not None}:
            interrupted |= await self._stop_without_question(transaction, run_id, now)
        for run_id in await replies.forget(transaction, message_ids):
            interrupted |= await self._take_away(transaction, run_id, now)
        return interrupted

    @staticmethod
    async def _stop_without_question(transaction: Transaction, run_id: int, now: datetime) -> set[int]:
        """Stop what answers the same as a run, if nothing of that is left."""
        run = await runs.get(transaction, run_id)
        live = None if run is None else await runs.live(transaction, run.conversation_id)
        if live is None or await first_try(transaction, live) != run_id:
            return set()
        if await messages.has_question(transaction, run_id):
            return set()
        await runs.request_cancel(transaction, live.id, None, now)
        return {live.id}

    async def _take_away(self, transaction: Transaction, run_id: int, now: datetime) -> set[int]:
        """End what a run was to show, now that pages of it are gone; the bot itself deletes only what is left over."""
        run = await runs.get(transaction, run_id)
        if run is None:
            return set()
        is_gone = all(page.discord_id is None for page in await replies.pages(transaction, run_id))
        if run.status in LIVE:
            await runs.request_cancel(transaction, run_id, None, now)
            if not is_gone:
                return {run_id}
            await end(transaction, run_id, Cause.CANCELLED, self._defaults, now, failure=ANSWER_DELETED)
        if is_gone:
            await messages.hide_answer(transaction, run_id, now)
        await runs.mark_delivered(transaction, run_id, now)
        return {run_id}

    @staticmethod
    async def _abandon(
        transaction: Transaction, conversation_ids: Iterable[int], reason: str, now: datetime
    ) -> set[int]:
        """End the live runs of conversations; there is nowhere to show it."""
        ended = set[int]()
        for conversation_id in conversation_ids:
            live = await runs.live(transaction, conversation_id)
            if live is not None:
                await runs.request_cancel(transaction, live.id, None, now)
                await runs.move(transaction, live.id, Cause.CANCELLED, now, failure=reason)
                await runs.mark_delivered(transaction, live.id, now)
                ended.add(live.id)
        return ended

    def _tell(self, interrupted: Iterable[int]) -> None:
        for run_id in interrupted:
            self._worker.interrupt(run_id)
        self._worker.wake()
