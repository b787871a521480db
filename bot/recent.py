"""What was learnt in the last minute, so that many who need to know it at once ask for it once."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from bot.locks import Locks

T = TypeVar("T")

# A model's calls follow a question within seconds; who lost a role keeps what it allowed for no longer than this.
KEPT_SECONDS = 60.0
# People who ask within a minute, in all servers; each takes about 1 kB.
MAX_KEPT = 2000


class Recent(Generic[T]):
    """Values by key, kept for a minute or so, the newest ones where there are too many; None is a value too."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        max_kept: int = MAX_KEPT,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        """The clock counts seconds."""
        self._clock = clock
        self._kept_seconds = kept_seconds
        self._max_kept = max_kept
        self._kept: dict[Hashable, tuple[float, T | None]] = {}
        self._asking = Locks()

    def keep(self, key: Hashable, value: T | None) -> None:
        """Know this from now on."""
        self._kept.pop(key, None)
        self._kept[key] = self._clock() + self._kept_seconds, value
        if len(self._kept) > self._max_kept:
            del self._kept[next(iter(self._kept))]

    def knows(self, key: Hashable) -> bool:
        """Whether something is known still."""
        return key in self._kept and self._kept[key][0] > self._clock()

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """What is known, or what `ask` says; those who come meanwhile wait for it.  Raises: what `ask` raises."""
        async with self._asking.of(key):
            until, value = self._kept.get(key, (self._clock(), None))
            if until <= self._clock():
                value = await ask()
                self.keep(key, value)
            return value
