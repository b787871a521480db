"""Writes a reply's pages down, before and after they are posted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex

from bot.reply.content import Posted
from bot.runs.model import Run
from bot.runs.persistence import until_stored
from bot.store import replies
from bot.store.database import Database, Transaction

NONCE_BYTES = 12  # 24 characters; Discord allows 25


class StoredLedger:
    """The pages of one run's reply, in the database."""

    def __init__(self, database: Database, run: Run, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._nonces: dict[int, str] = {}

    async def open(self) -> dict[int, Posted | None]:
        """The messages of the pages planned before, None where Discord did not acknowledge; each keeps its nonce.

        The first page is planned with it, so that nothing has to be written down between the first word and its post.
        """
        return await until_stored(self._run.id, self._open)

    async def _open(self) -> dict[int, Posted | None]:
        async with self._database.write() as transaction:
            pages = await replies.pages(transaction, self._run.id)
            planned = pages or (await self._plan(transaction, 0),)
        self._nonces = {page.number: page.nonce for page in planned}
        return {page.number: _message(page) for page in pages}

    async def plan(self, number: int) -> str:
        """The nonce of a page, the same for each attempt."""

        async def plan() -> str:
            async with self._database.write() as transaction:
                return (await self._plan(transaction, number)).nonce

        if number not in self._nonces:
            self._nonces[number] = await until_stored(self._run.id, plan)
        return self._nonces[number]

    async def _plan(self, transaction: Transaction, number: int) -> replies.Page:
        nonce = token_hex(NONCE_BYTES)
        return await replies.plan(transaction, self._run.id, number, self._run.place_id, nonce, self._clock())

    async def is_taken(self, message_id: int) -> bool:
        """Whether a message is known to be a page of some reply."""

        async def look() -> bool:
            async with self._database.read() as transaction:
                return await replies.run_of(transaction, message_id) is not None

        return await until_stored(self._run.id, look)

    async def posted(self, number: int, message: Posted) -> None:
        """A page is there."""

        async def note() -> None:
            async with self._database.write() as transaction:
                await replies.posted(
                    transaction, self._run.id, number, message.id, self._clock(), webhook_id=message.webhook_id
                )

        await until_stored(self._run.id, note)

    async def removed(self, number: int) -> bool:
        """A page is no longer there; False if that was known, because Discord told of it."""

        async def forget() -> bool:
            async with self._database.write() as transaction:
                return await replies.remove(transaction, self._run.id, number)

        self._nonces.pop(number, None)
        return await until_stored(self._run.id, forget)


def _message(page: replies.Page) -> Posted | None:
    return None if page.discord_id is None else Posted(id=page.discord_id, webhook_id=page.webhook_id)
