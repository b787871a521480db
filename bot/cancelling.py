"""Work of others that has to end when it is told to."""

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
