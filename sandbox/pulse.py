"""Waiting for something to become true, looked at again after every event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Pulse:
    """Wakes whoever waits whenever anything happened."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Something happened: let everybody look again."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait_for(self, look: Callable[[], T | None], timeout_seconds: float) -> T:
        """The first value of `look` that is neither None nor False.

        Raises:
            TimeoutError: there was none in time.
        """
        async with asyncio.timeout(timeout_seconds):
            while True:
                value = look()
                if value is not None and value is not False:
                    return value
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)
