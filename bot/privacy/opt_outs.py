"""Leaves people alone who wish it, and answers them again when they change their minds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.errors import Refusal
from bot.runs.queue import RunDefaults, cancel
from bot.runs.service import OPTED_OUT, Worker
from bot.store import opt_outs, runs
from bot.store.database import Database


class OptOuts:
    """Who is neither answered nor read.

    It is asked of the database each time, by its primary key, so that every process goes by it from the next message
    on; the histories that runs build on leave the same people out by themselves.
    """

    def __init__(
        self, database: Database, worker: Worker, *, defaults: RunDefaults, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._worker = worker
        self._defaults = defaults
        self._clock = clock

    async def since(self, user_id: int) -> datetime | None:
        """Since when a person is left alone; None if they are not."""
        async with self._database.read() as transaction:
            return await opt_outs.since(transaction, user_id)

    async def everyone(self) -> frozenset[int]:
        """All who are left alone, for whoever reads what many people said."""
        async with self._database.read() as transaction:
            return await opt_outs.everyone(transaction)

    async def require_in(self, user_id: int) -> None:
        """Raises: Refusal if the person is left alone."""
        if await self.since(user_id) is not None:
            raise Refusal(OPTED_OUT)

    async def leave(self, user_id: int) -> None:
        """Leave a person alone from now on; what is being answered to them ends."""
        now = self._clock()
        async with self._database.write() as transaction:
            await opt_outs.put(transaction, user_id, now)
            live = await runs.live_of(transaction, user_id)
            for run in live:
                await cancel(transaction, run, user_id, self._defaults, now)
        for run in live:
            self._worker.interrupt(run.id)

    async def join(self, user_id: int) -> None:
        """Answer a person again."""
        async with self._database.write() as transaction:
            await opt_outs.remove(transaction, user_id)
