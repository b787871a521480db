"""How far what people say has been dealt with, so that the next start or session knows where to read on."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

from bot.errors import StoreError
from bot.store import shards
from bot.store.database import Database

log = logging.getLogger(__name__)

DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # where the times in Discord's ids begin
TIME_SHIFT = 22  # below them an id has 22 bits for workers and a counter

# After a kill, what was said in these seconds is read once more; a commit for each message would cost more than that.
WRITE_SECONDS = 5.0


def first_id(moment: datetime) -> int:
    """The lowest id that Discord gives at a moment."""
    return (moment - DISCORD_EPOCH) // timedelta(milliseconds=1) << TIME_SHIFT


class Watermark:
    """Up to which message everything that a shard hears has been dealt with; ids of Discord grow with time.

    It is behind every message under way or left for later, and it `stands` still from the beginning of a `session` of
    the gateway until what was said before that session has been read.
    """

    def __init__(self, database: Database, shard_number: int, last_message_id: int | None) -> None:
        """`last_message_id` is what was written down last, None at the first start of all."""
        self._database = database
        self._shard_number = shard_number
        self.last_message_id = last_message_id
        self._written = last_message_id
        self._highest = last_message_id or 0
        self._under_way: list[int] = []
        self._left = set[int]()
        self.stands = False
        self.session = 0

    @classmethod
    async def open(cls, database: Database, *, shard_number: int, now: datetime) -> Self:
        """The mark of a shard as it was written down last; the first start of all writes its time down.

        Raises: StoreError.
        """
        async with database.write() as transaction:
            mark = await shards.last_message_id(transaction, shard_number)
            if mark is None:
                await shards.note(transaction, shard_number, first_id(now))
        return cls(database, shard_number, mark)

    @contextmanager
    def passing(self, message_id: int) -> Iterator[None]:
        """A message is dealt with in this block; one that is cut off there was not, and keeps the mark behind it."""
        self._under_way.append(message_id)
        self._left.discard(message_id)
        try:
            yield
        finally:
            if not isinstance(sys.exception(), asyncio.CancelledError):
                self._under_way.remove(message_id)
                self._reach(message_id)

    def leave(self, message_id: int) -> None:
        """The message that is just passing could not be dealt with: a later reading is to find it."""
        self._left.add(message_id)

    def stand_still(self) -> None:
        """A new session begins: what was said before it may not have been heard."""
        self.session += 1
        self.stands = True

    def move_on(self, session: int, newest: int) -> None:
        """Everything up to `newest` that was said before a session has been read; only the last session counts."""
        if session == self.session:
            self.stands = False
            self._reach(newest)

    def _reach(self, message_id: int) -> None:
        self._highest = max(self._highest, message_id)
        if not self.stands:
            reached = min([self._highest, *(earlier - 1 for earlier in (*self._under_way, *self._left))])
            self.last_message_id = max(reached, self.last_message_id or 0)

    async def keep(self) -> None:
        """Write the mark down now and then until cancelled, and then once more."""
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                await self._write_down()
        finally:
            await self._write_down()

    async def _write_down(self) -> None:
        mark = self.last_message_id
        if mark is None or mark == self._written:
            return
        try:
            async with self._database.write() as transaction:
                await shards.note(transaction, self._shard_number, mark)
            self._written = mark
        except StoreError as error:
            log.warning("how far messages have been read could not be written down: %s", error)
