"""Deletes what is stored about a person, in the background; what a crash interrupts is gone on with after the start."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from bot.errors import StoreError
from bot.privacy.retention import Keepers, forget_elsewhere
from bot.runs.queue import RunDefaults, cancel
from bot.runs.service import Worker
from bot.store import bookmarks, forgetting, jobs, runs
from bot.store.database import Database
from bot.store.jobs import Job, JobName

log = logging.getLogger(__name__)

# Between two looks at an answer that is being ended or delivered, and at a database that could not be written.
LOOK_AGAIN_SECONDS = 1.0
# For an answer to others to end that a provider is writing in a conversation that it keeps.  Otherwise the next
# request begins that conversation anew, and has the provider delete what was before.
PATIENCE_LOOKS = 60


class Forgetting:
    """Deletes what is stored about people, one after the other."""

    def __init__(
        self,
        database: Database,
        worker: Worker,
        keepers: Keepers,
        *,
        defaults: RunDefaults,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._worker = worker
        self._keepers = keepers
        self._defaults = defaults
        self._clock = clock
        self._asked = asyncio.Event()
        self._ended: dict[int, asyncio.Event] = {}

    async def ask(self, user_id: int) -> int:
        """Have all that is stored about a person up to now deleted: the job's id.  It is done though nobody waits."""
        async with self._database.write() as transaction:
            job = await jobs.begin(transaction, JobName.DELETION, self._clock(), user_id=user_id)
            self._ended[job.id] = asyncio.Event()  # before anybody else can see the job
        self._asked.set()
        return job.id

    async def finished(self, job_id: int) -> int:
        """Wait for the end of a job that was asked for here: how many entries were deleted or made nobody's."""
        if job_id in self._ended:
            await self._ended[job_id].wait()
        async with self._database.read() as transaction:
            job = await jobs.get(transaction, job_id)
        return 0 if job is None else job.done

    async def run(self) -> None:
        """Do what is asked, and what was left at the last end, until cancelled."""
        while True:
            self._asked.clear()
            try:
                async with self._database.read() as transaction:
                    left = await jobs.unfinished(transaction, JobName.DELETION)
                for job in left:
                    await self.carry_out(job)
            except StoreError as error:
                log.error("what a person wants deleted could not be deleted yet: %s", error)
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            if not left:
                await self._asked.wait()

    async def carry_out(self, job: Job) -> None:
        """All of one job.  Raises: StoreError, and what is done stays done."""
        if job.user_id is None:
            return
        await self._stop(job.user_id, job.started_at)
        await self._hide(job, job.user_id)
        await self._erase(job, job.user_id)
        await self._change_rows(job, job.user_id)
        async with self._database.write() as transaction:
            await jobs.end(transaction, job.id, self._clock())
        log.info("what was stored about a person is deleted.")
        if job.id in self._ended:
            self._ended.pop(job.id).set()

    async def _stop(self, user_id: int, before: datetime) -> None:
        """End what is being answered to a person, and have nothing answered that waits."""
        now = self._clock()
        async with self._database.write() as transaction:
            await forgetting.hide_waiting(transaction, user_id, before, now)
            live = [run for run in await runs.live_of(transaction, user_id) if run.created_at <= before]
            for run in live:
                await cancel(transaction, run, user_id, self._defaults, now)
        for run in live:
            self._worker.interrupt(run.id)
        while live:
            if not await self._worker.settled(live[0].id):
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            async with self._database.read() as transaction:
                live = [run for run in await runs.live_of(transaction, user_id) if run.created_at <= before]

    async def _hide(self, job: Job, user_id: int) -> None:
        """Take a person's words out of the conversations with others."""
        async with self._database.read() as transaction:
            shared = await forgetting.shared(transaction, user_id, job.started_at)
        for conversation_id in shared:
            await self._let_end(conversation_id)
            await forget_elsewhere(self._database, self._keepers, conversation_id)
            count = 1
            while count:
                async with self._database.write() as transaction:
                    count = await forgetting.hide_in(
                        transaction, conversation_id, user_id, job.started_at, self._clock()
                    )
                    await jobs.advance(transaction, [job.id], count)

    async def _let_end(self, conversation_id: int) -> None:
        """Wait a while for the answer to others that a provider is writing in a conversation that it keeps."""
        for _ in range(PATIENCE_LOOKS):
            async with self._database.read() as transaction:
                if not await bookmarks.of_conversation(transaction, conversation_id):
                    return
                if not await forgetting.is_being_written_in(transaction, conversation_id):
                    return
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _erase(self, job: Job, user_id: int) -> None:
        """Delete the conversations that are a person's alone, when what is at work in them has ended."""
        async with self._database.read() as transaction:
            own = await forgetting.own(transaction, user_id)
        is_left = bool(own)
        while is_left:
            for conversation_id in own:
                await self._erase_one(job, conversation_id)
            async with self._database.read() as transaction:
                is_left = await forgetting.is_own_left(transaction, own, job.started_at)
            if is_left:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _erase_one(self, job: Job, conversation_id: int) -> None:
        await forget_elsewhere(self._database, self._keepers, conversation_id)
        count = 1
        while count:
            async with self._database.write() as transaction:
                count = await forgetting.erase_own(transaction, conversation_id, job.started_at, self._clock())
                await jobs.advance(transaction, [job.id], count)

    async def _change_rows(self, job: Job, user_id: int) -> None:
        """Delete what else there is, or make it nobody's; it is looked for without keeping others from writing."""
        while True:
            async with self._database.read() as transaction:
                found = await forgetting.look_for_rows(transaction, user_id, job.started_at)
            if not found:
                return
            for number, keys in found:
                async with self._database.write() as transaction:
                    count = await forgetting.change_rows(transaction, user_id, job.started_at, number, keys)
                    await jobs.advance(transaction, [job.id], count)
