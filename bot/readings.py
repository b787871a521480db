"""What the database held a moment ago, so that not every answer reads it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")

# Another process may write too; a moderator who tries out what they changed takes longer than this.
FRESH = timedelta(seconds=5)
# As many servers as ask within seconds; of each there are some rows.
MAX_KEPT = 2000


class Readings(Generic[Key, Found]):
    """Reads by key, and keeps what it found for seconds."""

    def __init__(self, read: Callable[[Key], Awaitable[Found]], clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._kept: dict[Key, tuple[datetime, Found]] = {}
        self._changes = 0

    async def of(self, key: Key) -> Found:
        """What there is.  Raises: what the reading raises."""
        now, kept = self._clock(), self._kept.get(key)
        if kept is not None and timedelta(0) <= now - kept[0] < FRESH:
            return kept[1]
        before = self._changes
        found = await self._read(key)
        if before == self._changes:  # else it may be what was there before
            self._kept.pop(key, None)
            self._kept[key] = now, found
            if len(self._kept) > MAX_KEPT:
                del self._kept[next(iter(self._kept))]
        return found

    def changed(self, key: Key) -> None:
        """This process has just changed what there is."""
        self._changes += 1
        self._kept.pop(key, None)
