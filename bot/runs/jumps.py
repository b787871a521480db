"""Notices when the machine's clock was set while the bot runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta


class JumpWatch:
    """Compares the clock with the loop's time, which nobody sets."""

    def __init__(self, clock: Callable[[], datetime], tolerance: timedelta) -> None:
        """`tolerance` is how much the two may part between two looks."""
        self._clock = clock
        self._tolerance = tolerance
        self._last_start = self._start()

    def has_jumped(self) -> bool:
        """Whether the clock was set forward since this was asked last; a machine that slept looks the same."""
        last, self._last_start = self._last_start, self._start()
        return self._last_start - last > self._tolerance

    def _start(self) -> datetime:
        """When the loop's time began, by what the clock shows now."""
        return self._clock() - timedelta(seconds=asyncio.get_running_loop().time())
