"""Deletes for good, in the background, what is kept no longer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.store import guilds, retention
from bot.store.database import Database

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 3600.0  # retention is counted in days


class Retention:
    """Ends the time for which the words of lost places are kept."""

    def __init__(self, database: Database, *, kept_after_removal: timedelta, clock: Callable[[], datetime]) -> None:
        """`kept_after_removal` begins when the bot lost the place."""
        self._database = database
        self._kept_after_removal = kept_after_removal
        self._clock = clock

    async def run(self) -> None:
        """Delete what is due, now and every hour, until cancelled."""
        while True:
            try:
                deleted = await self.delete_due()
                if deleted:
                    log.info("%d conversations were deleted: the bot is no longer where they were.", deleted)
            except StoreError as error:
                log.error("what is kept no longer could not be deleted: %s", error)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

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
