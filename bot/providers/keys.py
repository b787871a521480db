"""Which of a provider's keys is used next: they take turns, and one that was refused rests; pure.

Times are seconds of any clock that only goes forward.
"""

from __future__ import annotations

from bot.errors import ProviderError, ProviderFault

# A key that was revoked stays so, and credit is bought in hours or comes with a new day: one lost request an hour is
# little, and an hour late is soon enough.
REFUSED_SECONDS = 3600.0
# Limits count by the minute, and relays do not say when theirs ends.
LIMITED_SECONDS = 30.0

RESTS = {
    ProviderFault.AUTH: REFUSED_SECONDS,
    ProviderFault.QUOTA: REFUSED_SECONDS,
    ProviderFault.RATE_LIMITED: LIMITED_SECONDS,
}


class KeyRing:
    """The turns of some keys, which are known by their position from 0."""

    def __init__(self, count: int) -> None:
        """There is at least one."""
        self._wakes_at = [0.0] * count
        self._next = 0

    def turn(self, now: float) -> tuple[int, ...]:
        """The keys to try for one request, in this order; when all rest, the one that wakes first."""
        count = len(self._wakes_at)
        round = [(self._next + step) % count for step in range(count)]
        awake = tuple(position for position in round if self._wakes_at[position] <= now)
        chosen = awake or (min(round, key=self._wakes_at.__getitem__),)
        self._next = (chosen[0] + 1) % count
        return chosen

    def refused(self, position: int, error: ProviderError, now: float) -> float | None:
        """How many seconds a key rests because of an error, None where the error is not about the key."""
        seconds = RESTS.get(error.fault)
        if seconds is not None:
            if error.fault is ProviderFault.RATE_LIMITED and error.retry_after_seconds is not None:
                seconds = min(error.retry_after_seconds, REFUSED_SECONDS)  # nobody takes a key away for good
            self._wakes_at[position] = now + seconds
        return seconds

    def worked(self, position: int) -> None:
        """A key was accepted, so it need not rest."""
        self._wakes_at[position] = 0.0
