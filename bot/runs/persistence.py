"""Writes that must not be lost because the database is busy or full for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import StoreError

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Between attempts: doubled each time, to the second at the most.  A full disk is noticed soon after there is room.
FIRST_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 5.0


async def until_stored(run_id: int, store: Callable[[], Awaitable[Result]]) -> Result:
    """What `store` gives, which is called again until the database takes it; what it would store waits in memory."""
    backoff_seconds = FIRST_BACKOFF_SECONDS
    while True:
        try:
            return await store()
        except StoreError as error:
            log.error("run %d waits for the database: %s", run_id, error)
        await asyncio.sleep(backoff_seconds)
        backoff_seconds = min(backoff_seconds * 2, MAX_BACKOFF_SECONDS)
