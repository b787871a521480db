"""Work that has to end when it is told to, and work that has to be finished first."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

CANCEL_AGAIN_SECONDS = 0.2


async def surely_cancelled(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work gives; when this is cancelled the work is too, as often as it takes.

    Python 3.11's `asyncio.wait_for`, which discord.py uses, forgets a cancel that comes with what it waits for.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task])
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=CANCEL_AGAIN_SECONDS)
    return task.result()


async def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work gives; when this is cancelled the work is finished all the same, and the caller cancelled then."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    try:
        return task.result()
    finally:
        if cancelled is not None:
            raise cancelled
