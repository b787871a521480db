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
from bot.runs.jumps import JumpWatch
from bot.runs.live import LiveRuns
from bot.runs.model import TERMINAL, Cause, Run
from bot.runs.queue import RunDefaults, end
from bot.store import deadlines, leases, runs
from bot.store.database import Database
from bot.store.owners import Owner

log = logging.getLogger(__name__)

# The database is the truth and the wake-up only a hint: queued runs are looked for this often all the same.
LOOK_AGAIN_SECONDS = 5.0
# A lease is extended this many times before it would end, so that one slow write does not lose it.
EXTENSIONS_PER_LEASE = 3
# What a crash may cost of an answer's text; all answers are kept in one commit.
CHECKPOINT_SECONDS = 2.0
# For Discord to take the note below an answer that is handed back; with the default grace it ends before the 10
# seconds after which container runtimes kill.
PAUSE_SECONDS = 3.0
NOBODY_DECIDED = "Nobody answered in time, so this was ended and nothing more was done."


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
        live: LiveRuns,
        *,
        owner: Owner,
        defaults: RunDefaults,
        max_concurrent_runs: int,
        lease: timedelta,
        grace_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """`grace_seconds` is what running answers get to finish when the worker is told to stop."""
        self._database = database
        self._answerer = answerer
        self._live = live
        self._owner = owner
        self._defaults = defaults
        self._max_concurrent_runs = max_concurrent_runs
        self._lease = lease
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._looks_back = False
        self._news = set[int]()  # of runs under way; one that leaves its run to people may not hear of it any more
        self._claims_watch, self._house_watch = (JumpWatch(clock, lease / EXTENSIONS_PER_LEASE) for _ in range(2))

    def wake(self) -> None:
        """There may be a queued run."""
        self._wake.set()

    def interrupt(self, run_id: int) -> None:
        """Somebody wants this run to stop, or its question has changed."""
        self._live.interrupt(run_id)
        self.decided(run_id)

    def decided(self, run_id: int) -> None:
        """A person has decided what this run waits for; one that is under way finds that by itself."""
        if run_id in self._tasks:
            self._news.add(run_id)
        else:  # or it has ended without being claimed, and is to be delivered
            self._look_back()

    def _look_back(self) -> None:
        """There may be a run that nobody works on, though it is not queued."""
        self._looks_back = True
        self._wake.set()

    async def settled(self, run_id: int) -> bool:
        """Wait until a run is delivered, or handed back; False if it is not under way here."""
        task = self._tasks.get(run_id)
        if task is None:
            return False
        await asyncio.wait([task])
        return True

    async def run(self, surfaces: Surfaces) -> None:
        """Carry runs out until cancelled; those under way then get their grace, and what is left is handed back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_house())
            tasks.create_task(self._keep_drafts())
            try:
                while True:
                    self._wake.clear()
                    for run in await self._next_runs():
                        task = tasks.create_task(self._carry_out(run, surfaces.of(run)))
                        self._tasks[run.id] = task
                    with contextlib.suppress(TimeoutError):
                        # Not wait_for, which forgets a cancel that comes together with the wake
                        async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                            await self._wake.wait()
            finally:
                await self._wait(self._grace_seconds)
                self._live.pause()
                await self._wait(PAUSE_SECONDS)

    async def _wait(self, seconds: float) -> None:
        """Wait for what is under way, for so long at the most."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)

    async def _next_runs(self) -> tuple[Run, ...]:
        """Now and then the runs that nobody looks after, then as many queued ones as there is room for."""
        looks_back, self._looks_back = self._looks_back, False
        try:
            async with self._database.write() as transaction:
                now = self._clock()
                lease_expires_at, found = now + self._lease, tuple[Run, ...]()
                if self._claims_watch.has_jumped():
                    await deadlines.give_time(transaction, now, self._defaults.timeout)
                if looks_back:
                    found = await leases.take_up(
                        transaction, self._owner.name, now=now, lease_expires_at=lease_expires_at, busy=self._tasks
                    )
                room = self._max_concurrent_runs - len(self._tasks) - len(found)
                if room > 0:
                    found += await leases.claim(
                        transaction, self._owner.name, now=now, lease_expires_at=lease_expires_at, limit=room
                    )
        except StoreError as error:
            self._looks_back |= looks_back
            log.error("no run can be claimed now: %s", error)
            return ()
        # A run that was lost and came back while its old task still runs is begun anew by that one.
        return tuple(run for run in found if run.id not in self._tasks)

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
            if run.id in self._news:
                self._news.discard(run.id)
                self._look_back()
            if len(self._tasks) == self._max_concurrent_runs - 1:
                self._wake.set()

    async def _hand_back(self, run: Run) -> None:
        """Let another process, or this one after its restart, take a run up at once."""
        with contextlib.suppress(InvalidTransition, StoreError):
            async with self._database.write() as transaction:
                await leases.hand_back(transaction, run.id, run.attempt, self._clock())

    async def _fail(self, run: Run) -> None:
        """End a run that failed for a reason nobody foresaw; a second try would likely fail and be paid for too."""
        with contextlib.suppress(InvalidTransition, StoreError):
            async with self._database.write() as transaction:
                now = self._clock()
                if run.status in TERMINAL:
                    await runs.mark_delivered(transaction, run.id, now)
                    return
                await end(
                    transaction, run.id, Cause.FAILED, self._defaults, now, attempt=run.attempt, failure=UNEXPECTED
                )

    async def _keep_drafts(self) -> None:
        """Keep what the answers have come to, and end those that somebody wished to end through another process."""
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            attempts = self._live.attempts
            if not attempts:
                continue
            try:
                async with self._database.write() as transaction:
                    unsaved = self._live.unsaved()
                    await runs.save_texts(transaction, unsaved)
                    unwanted = await runs.unwanted(transaction, attempts)
            except StoreError as error:
                log.error("answers under way could not be kept: %s", error)
                continue
            self._live.saved(unsaved)
            for run_id in unwanted:
                if self._live.attempts.get(run_id) == attempts[run_id]:  # else begun anew meanwhile
                    self._live.interrupt(run_id)

    async def _keep_house(self) -> None:
        """Extend our leases, take over the runs whose lease has ended, expire those that waited too long in line."""
        pause_seconds = self._lease.total_seconds() / EXTENSIONS_PER_LEASE
        while True:
            try:
                await self._tidy_up(self._clock(), has_jumped=self._house_watch.has_jumped())
            except StoreError as error:
                log.error("leases could not be extended: %s", error)
            await asyncio.sleep(pause_seconds)

    async def _tidy_up(self, now: datetime, *, has_jumped: bool) -> None:
        """After a jump of the clock nothing is taken or expired: others have yet to renew what seems to have ended."""
        async with self._database.write() as transaction:
            await leases.extend(transaction, self._owner.name, now + self._lease, tuple(self._tasks))
            if not has_jumped:
                others = await leases.owners(transaction)
                dead = [name for name in others if name != self._owner.name and self._owner.is_dead(name)]
                await leases.reclaim(transaction, now, dead=dead)
                for run in await deadlines.overdue(transaction, now):
                    failure = None if run.waiting_since is None else NOBODY_DECIDED
                    await end(transaction, run.id, Cause.DEADLINE, self._defaults, now, failure=failure)
        self._look_back()
