"""Deletes for good, in the background, what is kept no longer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.errors import StoreError
from bot.place_settings.chosen import PlaceValues
from bot.places import Place, PlaceKind
from bot.store import bookmarks, command_usage, guilds, jobs, retention
from bot.store.database import Database
from bot.store.jobs import Job, JobName

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 3600.0  # retention is counted in days
# A year to compare with, and the month that is under way.
KEPT_SUMS = timedelta(days=396)
# No budget has a longer period than a month, and nobody else looks at what one person took.
KEPT_MEMBER_SUMS = timedelta(days=32)
STOPPED = "The bot was stopped; it goes on at its next start."


class Keepers(Protocol):
    """Providers that keep conversations themselves."""

    async def forget(self, provider: str, bookmark: Mapping[str, Any]) -> None:
        """Delete what a provider keeps of a conversation, as far as it lets us; raises nothing."""


class Rules(Protocol):
    """What moderators chose."""

    async def around(self, places: tuple[Place, ...]) -> PlaceValues:
        """What counts in these places."""


async def forget_elsewhere(database: Database, keepers: Keepers, conversation_id: int) -> None:
    """Have providers begin a conversation anew, and delete what they keep of it; there first, so that no id is lost."""
    async with database.read() as transaction:
        known = await bookmarks.of_conversation(transaction, conversation_id)
    for provider, state in known:
        await keepers.forget(provider, state)
    if known:
        async with database.write() as transaction:
            await bookmarks.remove(transaction, conversation_id)


class Retention:
    """Ends the time for which words are kept: those of lost places, and those older than a server wants."""

    def __init__(
        self,
        database: Database,
        keepers: Keepers,
        rules: Rules,
        *,
        kept_after_removal: timedelta,
        default_days: int | None,
        clock: Callable[[], datetime],
    ) -> None:
        """`kept_after_removal` begins when the bot lost the place; `default_days` are those of direct messages."""
        self._database = database
        self._keepers = keepers
        self._rules = rules
        self._kept_after_removal = kept_after_removal
        self._default_days = default_days
        self._clock = clock

    async def run(self) -> None:
        """Delete what is due, now and every hour, until cancelled."""
        while True:
            try:
                await self.carry_out()
            except StoreError as error:
                log.error("what is kept no longer could not be deleted: %s", error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def carry_out(self) -> None:
        """One pass, which can be looked at as a job.  Raises: StoreError."""
        async with self._database.write() as transaction:
            job = await jobs.begin(transaction, JobName.RETENTION, self._clock())
        failure: str | None = STOPPED
        try:
            deleted = await self.delete_due()
            if deleted:
                log.info("%d conversations were deleted: the bot is no longer where they were.", deleted)
            await self._delete_old(job)
            await self._delete_sums()
            failure = None
        except StoreError as error:
            failure = str(error)
            raise
        finally:
            await self._note_end(job, failure)

    async def _note_end(self, job: Job, failure: str | None) -> None:
        """Note that a pass is over; what ended it is not to be hidden by a database that cannot be written."""
        try:
            async with self._database.write() as transaction:
                await jobs.end(transaction, job.id, self._clock(), failure)
        except StoreError as error:
            log.error("the end of job %d could not be noted: %s", job.id, error)

    async def days(self, guild_id: int | None) -> int | None:
        """For how many days words are kept in a server, or in direct messages; None for as long as the bot is there."""
        if guild_id is None:
            return self._default_days
        return (await self._rules.around((Place(kind=PlaceKind.GUILD, id=guild_id),))).retention_days

    async def last(self, guild_id: int | None) -> tuple[Job | None, Job | None]:
        """The last pass, and the last one that deleted something of a server's."""
        async with self._database.read() as transaction:
            everywhere = await jobs.last(transaction, JobName.RETENTION, None)
            here = None if guild_id is None else await jobs.last(transaction, JobName.RETENTION, guild_id)
            return everywhere, here

    async def _delete_old(self, job: Job) -> None:
        """Delete what is older than each server wants, or the host where no server is; a job for each of them."""
        async with self._database.read() as transaction:
            everywhere = await retention.guilds(transaction)
        for guild_id in everywhere:
            days = await self.days(guild_id)
            if days is not None:
                before = self._clock() - timedelta(days=days)
                await self._delete_older(job, guild_id, before)
                await self._forget_who_asked(guild_id, before)

    async def _delete_older(self, job: Job, guild_id: int | None, before: datetime) -> None:
        async with self._database.read() as transaction:
            aged = await retention.aged(transaction, guild_id, before)
        if not aged:
            return
        noted = [job.id]
        if guild_id is not None:
            async with self._database.write() as transaction:
                own = await jobs.begin(transaction, JobName.RETENTION, self._clock(), guild_id=guild_id)
            noted.append(own.id)
        for conversation_id in aged:
            await forget_elsewhere(self._database, self._keepers, conversation_id)
            count: int | None = 0
            while count is not None:
                async with self._database.read() as transaction:
                    run_ids = await retention.old_runs(transaction, conversation_id, before)
                async with self._database.write() as transaction:
                    count = await retention.delete_old(transaction, conversation_id, run_ids, before, self._clock())
                    await jobs.advance(transaction, noted, count or 0)
        async with self._database.write() as transaction:
            for job_id in noted[1:]:
                await jobs.end(transaction, job_id, self._clock())

    async def _forget_who_asked(self, guild_id: int | None, before: datetime) -> None:
        """Keep of old commands what they cost, and not whom, as of old answers."""
        while True:
            async with self._database.read() as transaction:
                named = await command_usage.named(transaction, guild_id, before)
            if not named:
                return
            async with self._database.write() as transaction:
                await command_usage.forget_names(transaction, named)

    async def _delete_sums(self) -> None:
        before, members_before = self._clock() - KEPT_SUMS, self._clock() - KEPT_MEMBER_SUMS
        count = 1
        while count:
            async with self._database.write() as transaction:
                count = await retention.delete_old_sums(transaction, before, members_before)

    async def delete_due(self) -> int:
        """Delete all that is due, little by little, so that answers wait for none of it: how many conversations.

        What a lost server had besides, such as its tools, goes with them.
        """
        closed_before = self._clock() - self._kept_after_removal
        async with self._database.read() as transaction:
            due = await retention.expired(transaction, closed_before)
            lost = await guilds.expired(transaction, closed_before)
        for conversation_id in due:
            is_more = True
            while is_more:
                async with self._database.write() as transaction:
                    is_more = await retention.delete_part(transaction, conversation_id, closed_before)
        for guild_id in lost:
            async with self._database.write() as transaction:
                await guilds.forget(transaction, guild_id, closed_before)
        return len(due)
