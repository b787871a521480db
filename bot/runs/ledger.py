"""Writes a reply's pages down, before and after they are posted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex

from bot.runs.model import Run
from bot.store import replies
from bot.store.database import Database

NONCE_BYTES = 12  # 24 characters; Discord allows 25


class StoredLedger:
    """The pages of one run's reply, in the database."""

    def __init__(self, database: Database, run: Run, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._nonces: dict[int, str] = {}

    async def open(self) -> dict[int, int | None]:
        """The message ids of the pages planned so far, None where Discord did not acknowledge; each keeps its nonce."""
        async with self._database.read() as transaction:
            pages = await replies.pages(transaction, self._run.id)
        self._nonces = {page.number: page.nonce for page in pages}
        return {page.number: page.discord_id for page in pages}

    async def plan(self, number: int) -> str:
        """The nonce of a page, the same for each attempt."""
        if number not in self._nonces:
            async with self._database.write() as transaction:
                page = await replies.plan(
                    transaction, self._run.id, number, self._run.place_id, token_hex(NONCE_BYTES), self._clock()
                )
            self._nonces[number] = page.nonce
        return self._nonces[number]

    async def posted(self, number: int, message_id: int) -> None:
        """A page is there."""
        async with self._database.write() as transaction:
            await replies.posted(transaction, self._run.id, number, message_id, self._clock())

    async def removed(self, number: int) -> None:
        """A page is no longer there."""
        async with self._database.write() as transaction:
            await replies.remove(transaction, self._run.id, number)
        self._nonces.pop(number, None)
