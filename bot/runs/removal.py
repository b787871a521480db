"""What people take out of the stored conversations: all of one, all after a message, or one message."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.errors import Refusal, StoreError
from bot.messages import Role
from bot.runs.changes import ChangeService
from bot.runs.history import Homes
from bot.runs.model import LIVE, Cause
from bot.runs.queue import RunDefaults, end
from bot.runs.service import BUSY, NOT_YOURS, Presser, Where, Worker, allow
from bot.store import bookmarks, clearing, conversations, history, messages, runs
from bot.store.conversations import Conversation, Place, Scope
from bot.store.database import Database, Transaction
from bot.store.history import Entry

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 3600.0  # what could not be deleted at once waits for an answer to be delivered
STOP_SECONDS = 5.0  # that somebody who clears a conversation waits for its answer to stop

MODERATORS_ONLY = "This conversation belongs to everybody here, so that takes Manage Messages. Ask a moderator."
NOTHING_HERE = "Nothing is stored of this conversation."
NOT_IN_IT = "That message is not in the conversation that goes on here. Pick one that is offered while you type."
NOTHING_AFTER = "Nothing in my history comes after that message."
NOT_KEPT = "This message is not in my history, so there is nothing to forget."
STILL_WRITTEN = "This answer is still being written. Stop it first."
CLEARED = "The conversation was cleared."
TOO_LATE = "That cannot be undone any more."


class Keepers(Protocol):
    """Providers, some of which keep conversations."""

    async def forget(self, provider: str, bookmark: Mapping[str, Any]) -> None:
        """Delete what a provider keeps of a conversation, as far as it lets us; raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What left the history and when, so that it can be put back: a message, or all that a run answered."""

    message_id: int
    is_answer: bool
    at: datetime


class Removal:
    """Takes out of the history what people wish, and deletes for good what nobody can put back."""

    def __init__(
        self,
        database: Database,
        worker: Worker,
        homes: Homes,
        changes: ChangeService,
        keepers: Keepers,
        *,
        defaults: RunDefaults,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._worker = worker
        self._homes = homes
        self._changes = changes
        self._keepers = keepers
        self._defaults = defaults
        self._clock = clock

    async def clearing(self, where: Where, presser: Presser, *, is_private: bool) -> int:
        """How many messages `clear` would delete.  Raises: Refusal."""
        place = await self._homes.place(where, is_private=is_private)
        require_right(place, presser)
        async with self._database.read() as transaction:
            conversation = await conversations.known(transaction, place)
            count = 0 if conversation is None else await clearing.count(transaction, conversation)
        if not count:
            raise Refusal(NOTHING_HERE)
        return count

    async def clear(self, where: Where, presser: Presser, *, is_private: bool) -> int:
        """Delete all that was ever said in a conversation for good, and begin anew: how many messages.

        An answer that is being written is stopped, and nothing of it is kept.  Raises: Refusal.
        """
        now, place = self._clock(), await self._homes.place(where, is_private=is_private)
        require_right(place, presser)
        async with self._database.write() as transaction:
            conversation = await conversations.known(transaction, place)
            if conversation is None:
                raise Refusal(NOTHING_HERE)
            count = await clearing.hide_all(transaction, conversation, now)
            await conversations.start_epoch(transaction, conversation.id)
            live = await runs.live(transaction, conversation.id)
            if live is not None:  # ended here, so that whoever works on it adds nothing any more
                await runs.request_cancel(transaction, live.id, presser.user_id, now)
                await end(transaction, live.id, Cause.CANCELLED, self._defaults, now, text="", failure=CLEARED)
        if live is not None:
            self._worker.interrupt(live.id)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._worker.settled(live.id)
        await self.delete_due()
        return count

    async def rewinding(self, where: Where, presser: Presser, message_id: int) -> int:
        """How many messages `rewind` would take out.  Raises: Refusal."""
        place = await self._homes.place(where)
        async with self._database.read() as transaction:
            conversation, entry = await self._last(transaction, place, presser, message_id)
            count = await history.count_after(transaction, conversation, entry.message)
        if not count:
            raise Refusal(NOTHING_AFTER)
        return count

    async def rewind(self, where: Where, presser: Presser, message_id: int) -> int:
        """Take all that came after a message, by its id in Discord, out of the history: how many messages.

        Raises: Refusal.
        """
        now, place = self._clock(), await self._homes.place(where)
        async with self._database.write() as transaction:
            conversation, entry = await self._last(transaction, place, presser, message_id)
            count = await history.hide_after(transaction, conversation, entry.message, now)
        if not count:
            raise Refusal(NOTHING_AFTER)
        return count

    async def forget(self, place_id: int, presser: Presser, message_id: int) -> Forgotten:
        """Take a message of Discord's, and what it shows of an answer all of that, out of the history.

        Raises: Refusal.
        """
        now = self._clock()
        async with self._database.write() as transaction:
            found = await history.find(transaction, message_id)
            if found is None or found[0].place.place_id != place_id:
                raise Refusal(NOT_KEPT)
            message = found[1].message
            await _allow(transaction, *found, presser)
            if message.role is not Role.USER and message.run_id is not None:
                run = await runs.get(transaction, message.run_id)
                if run is not None and run.status in LIVE:
                    raise Refusal(STILL_WRITTEN)
                await messages.hide_answer(transaction, message.run_id, now)
                return Forgotten(message_id=message.id, is_answer=True, at=now)
        at = await self._changes.forget([message_id])
        return Forgotten(message_id=message.id, is_answer=False, at=at)

    async def restore(self, forgotten: Forgotten, presser: Presser) -> None:
        """Put back what was taken out with `forget`; providers that keep the conversation begin it anew.

        Raises: Refusal.
        """
        async with self._database.write() as transaction:
            found = await history.get(transaction, forgotten.message_id)
            if found is None or found[1].epoch != found[0].epoch:
                raise Refusal(TOO_LATE)
            conversation, entry = found
            await _allow(transaction, conversation, entry, presser)
            if await runs.live(transaction, conversation.id) is not None:
                raise Refusal(BUSY)
            run_id = entry.message.run_id if forgotten.is_answer else None
            if not await history.restore(transaction, run_id, entry.message.id, forgotten.at):
                raise Refusal(TOO_LATE)
            await bookmarks.remove(transaction, conversation.id)

    async def keep(self) -> None:
        """Delete now and every hour what could not be deleted when it was due, until cancelled."""
        while True:
            try:
                await self.delete_due()
            except StoreError as error:
                log.error("what was taken out of conversations could not be deleted: %s", error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def delete_due(self) -> None:
        """Delete for good what nobody can put back, little by little, so that answers wait for none of it.

        Providers that keep something of it are told to delete it too.
        """
        is_more = True
        while is_more:
            async with self._database.write() as transaction:
                is_more = await clearing.delete_part(transaction)
        async with self._database.read() as transaction:
            elsewhere = await clearing.kept_elsewhere(transaction)
        for kept in elsewhere:
            await self._keepers.forget(kept.provider, kept.state)
            async with self._database.write() as transaction:
                await clearing.forget_elsewhere(transaction, kept)

    @staticmethod
    async def _last(
        transaction: Transaction, place: Place, presser: Presser, message_id: int
    ) -> tuple[Conversation, Entry]:
        """The message that is to be the last one, and its conversation.  Raises: Refusal."""
        require_right(place, presser)
        conversation, found = await conversations.known(transaction, place), await history.find(transaction, message_id)
        if conversation is None or found is None or found[0] != conversation or found[1].epoch != conversation.epoch:
            raise Refusal(NOT_IN_IT)
        if await runs.live(transaction, conversation.id) is not None:
            raise Refusal(BUSY)
        return found


def require_right(place: Place, presser: Presser) -> None:
    """Raises: Refusal where the conversation is everybody's and the person is no moderator."""
    if place.scope is Scope.CHANNEL and place.guild_id is not None and not presser.moderates(place.place_id):
        raise Refusal(MODERATORS_ONLY)


async def _allow(transaction: Transaction, conversation: Conversation, entry: Entry, presser: Presser) -> None:
    """Raises: Refusal unless the presser said it, or asked for it, or is a moderator."""
    message = entry.message
    run = None if message.role is Role.USER or message.run_id is None else await runs.get(transaction, message.run_id)
    if run is not None:
        allow(presser, run)
    elif presser.user_id != message.author_id and not presser.moderates(conversation.place.place_id):
        raise Refusal(NOT_YOURS)
