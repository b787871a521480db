"""What was said in a channel before the bot was first used there: stored, so that the first answer knows the talk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.messages import spoken
from bot.place_settings.chosen import PlaceValues
from bot.runs.queue import RunDefaults
from bot.runs.service import Said, Where, place_of
from bot.store import conversations, messages, opt_outs, runs
from bot.store.conversations import Place, Scope
from bot.store.database import Database, Transaction
from bot.store.messages import NewMessage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A message that was said at a time."""

    said: Said
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How many messages of a place are to be read, of whom not, and none that was said before a time."""

    place: Place
    count: int
    left_out: frozenset[int]
    not_before: datetime | None


class Importer:
    """Takes up what people said before a channel's first question, once; they are never asked for an answer."""

    def __init__(
        self,
        database: Database,
        *,
        defaults: RunDefaults,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._defaults = defaults
        self._count_tokens = count_tokens
        self._clock = clock

    async def wish(self, where: Where, chosen: PlaceValues) -> Wish | None:
        """What is to be read before a question in this place; None if nothing: it is not the first, or nobody chose so.

        `chosen` is what moderators chose there.  Only where everybody shares the conversation, because a message is
        stored once.
        """
        place = place_of(where, chosen, is_private=False)
        if where.guild_id is None or not chosen.import_messages or place.scope is not Scope.CHANNEL:
            return None
        async with self._database.read() as transaction:
            if not await _is_first(transaction, place):
                return None
            left_out = await opt_outs.everyone(transaction)
        days = chosen.retention_days
        not_before = None if days is None else self._clock() - timedelta(days=days)
        return Wish(place=place, count=chosen.import_messages, left_out=left_out, not_before=not_before)

    async def take(self, wish: Wish, earlier: Sequence[Earlier]) -> int:
        """Store what was read, oldest first: how many messages; none if somebody else asked meanwhile."""
        now, taken = self._clock(), list[int]()
        async with self._database.write() as transaction:
            if not earlier or not await _is_first(transaction, wish.place):
                return 0
            conversation = await conversations.find(transaction, wish.place, now)
            for each in earlier:
                message_id = await messages.append(transaction, conversation, self._message(each))
                taken += [] if message_id is None else [message_id]
            run_id = await runs.add_imported(transaction, conversation, self._defaults.model, now)
            await messages.attach(transaction, taken, run_id)
            await messages.mark_unchecked(transaction, taken)
        log.info("%d earlier messages of channel %d were taken up.", len(taken), wish.place.place_id)
        return len(taken)

    def _message(self, earlier: Earlier) -> NewMessage:
        said = earlier.said
        sent = spoken(said.author_name, said.text, said.reply_author, said.reply_text)
        return NewMessage(
            discord_id=said.message_id,
            author_id=said.author_id,
            author_name=said.author_name,
            text=said.text,
            quote_author=said.reply_author,
            quote_author_id=said.reply_author_id,
            quote_text=said.reply_text,
            tokens=self._count_tokens(sent),
            created_at=earlier.at,
        )


async def _is_first(transaction: Transaction, place: Place) -> bool:
    """Whether nothing was ever said to the bot in a place, nor cleared there."""
    conversation = await conversations.known(transaction, place)
    return conversation is None or (
        not conversation.epoch
        and not await messages.waiting(transaction, conversation)
        and await runs.latest(transaction, conversation.id, conversation.epoch) is None
    )
