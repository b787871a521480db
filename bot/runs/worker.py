"""Claims queued runs and keeps their leases; what a run does is in `answer`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from bot.errors import UNEXPECTED, InvalidTransition, StoreError
from bot.reply.writer import Surface
from bot.runs.answer import Answerer
from bot.runs.model import Cause, Run, Status
from bot.runs.queue import RunDefaults, end
from bot.store import runs
from bot.store.database import Database

log = logging.getLogger(__name__)

# The database is the truth and the wake-up only a hint: queued runs are looked for this often all the same.
LOOK_AGAIN_SECONDS = 5.0
# A lease is extended this many times before it would end, so that one slow write does not lose it.
EXTENSIONS_PER_LEASE = 3


class Surfaces(Protocol):
    """Finds where a run's answer is shown."""

    def of(self, run: Run) -> Surface:
        """The place of a run's reply."""


class RunWorker:
    """Carries out the runs of one process, as many at once as it may."""

    def __init__(
        self,
        database: Database,
        answerer: Answerer,
        *,
        owner: str,
        defaults: RunDefaults,
        max_concurrent_runs: int,
        lease: timedelta,
        grace_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """`grace_seconds` is what running answers get to finish when the worker is told to stop."""
        self._database = database
        self._answerer = answerer
        self._owner = owner
        self._defaults = defaults
        self._max_concurrent_runs = max_concurrent_runs
        self._lease = lease
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._looks_back = True

    def wake(self) -> None:
        """There may be a queued run."""
        self._wake.set()

    def interrupt(self, run_id: int) -> None:
        """Somebody wants this run to stop."""
        self._answerer.interrupt(run_id)

    async def run(self, surfaces: Surfaces) -> None:
        """Carry runs out until cancelled; those under way then get their grace, and what is left is handed back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_house())
            try:
                while True:
                    self._wake.clear()
                    for run in await self._next_runs():
                        task = tasks.create_task(self._carry_out(run, surfaces.of(run)))
                        self._tasks[run.id] = task
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN_SECONDS)
            finally:
                if self._tasks:
                    await asyncio.wait(self._tasks.values(), timeout=self._grace_seconds)

    async def _next_runs(self) -> tuple[Run, ...]:
        """Now and then the runs that ended but were not delivered, then as many queued ones as there is room for."""
        try:
            ended = await self._undelivered() if self._looks_back else ()
            self._looks_back = False
            room = self._max_concurrent_runs - len(self._tasks) - len(ended)
            return (*ended, *await self._claim(room))
        except StoreError as error:
            log.error("no run can be claimed now: %s", error)
            return ()

    async def _undelivered(self) -> tuple[Run, ...]:
        busy = set(self._tasks)  # before the look: a run that is delivered meanwhile must not come up as undelivered
        async with self._database.read() as transaction:
            return tuple(run for run in await runs.undelivered(transaction, self._clock()) if run.id not in busy)

    async def _claim(self, room: int) -> tuple[Run, ...]:
        if room <= 0:
            return ()
        async with self._database.write() as transaction:
            now = self._clock()
            return await runs.claim(transaction, self._owner, now=now, lease_expires_at=now + self._lease, limit=room)

    async def _carry_out(self, run: Run, surface: Surface) -> None:
        try:
            await self._answerer.carry_out(run, surface, queued=self.wake)
        except asyncio.CancelledError:
            await self._hand_back(run)
            raise
        except Exception:
            log.exception("run %d failed", run.id)
            await self._fail(run)
        finally:
            del self._tasks[run.id]
            if len(self._tasks) == self._max_concurrent_runs - 1:
                self._wake.set()

    async def _hand_back(self, run: Run) -> None:
        """Let another process, or this one after its restart, take a run up at once."""
        with contextlib.suppress(InvalidTransition, StoreError):
            async with self._database.write() as transaction:
                await runs.hand_back(transaction, run.id, run.attempt, self._clock())

    async def _fail(self, run: Run) -> None:
        """End a run that failed for a reason nobody foresaw; a second try would likely fail and be paid for too."""
        with contextlib.suppress(InvalidTransition, StoreError):
            async with self._database.write() as transaction:
                now = self._clock()
                await end(
                    transaction, run.id, Cause.FAILED, self._defaults, now, attempt=run.attempt, failure=UNEXPECTED
                )

    async def _keep_house(self) -> None:
        """Extend our leases, take over the runs whose lease has ended, expire those that waited too long in line."""
        while True:
            now = self._clock()
            try:
                async with self._database.write() as transaction:
                    await runs.extend_leases(transaction, self._owner, now + self._lease, tuple(self._tasks))
                    taken = await runs.reclaim(transaction, now)
                    overdue = [run for run in await runs.overdue(transaction, now) if run.status is Status.QUEUED]
                    for run in overdue:
                        await end(transaction, run.id, Cause.DEADLINE, self._defaults, now)
                self._looks_back = True
                if taken or overdue:
                    self._wake.set()
            except StoreError as error:
                log.error("leases could not be extended: %s", error)
            await asyncio.sleep(self._lease.total_seconds() / EXTENSIONS_PER_LEASE)
