"""Whose turn is next where not everybody can have theirs at once; pure.

Places take turns, and within a place who came first is first.  The next place is the one that holds the fewest turns;
among those that hold as many, the one that came first, or whose last turn began or ended first.  So a place that holds
none waits for one turn of each other place at most, however many wait there.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Who waits, place by place, and how many turns each place holds."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}
        self._since: dict[str, int] = {}  # of places with somebody waiting: when they came, or were last served
        self._held = Counter[str]()
        self._number = 0

    def join(self, place: str, who: T) -> None:
        """Somebody comes, behind those of their place."""
        if place not in self._waiting:
            self._waiting[place] = deque()
            self._since[place] = self._next_number()
        self._waiting[place].append(who)

    def leave(self, place: str, who: T) -> None:
        """Somebody does not wait any longer."""
        self._waiting[place].remove(who)
        self._forget_empty(place)

    def take(self, place: str, who: T) -> None:
        """Somebody who waited gets their turn."""
        self._held[place] += 1
        self._since[place] = self._next_number()
        self.leave(place, who)

    def end(self, place: str) -> None:
        """A turn of this place is over."""
        self._held[place] -= 1
        if not self._held[place]:
            del self._held[place]
        if place in self._since:
            self._since[place] = self._next_number()

    def upcoming(self) -> Iterator[T]:
        """All who wait, in the order of their turns if nobody comes and no turn ends meanwhile."""
        number = self._number
        heap = [(self._held[place], since, place, 0) for place, since in self._since.items()]
        heapify(heap)
        while heap:
            held, _, place, index = heappop(heap)
            number += 1
            yield self._waiting[place][index]
            if index + 1 < len(self._waiting[place]):
                heappush(heap, (held + 1, number, place, index + 1))

    def _forget_empty(self, place: str) -> None:
        if not self._waiting[place]:
            del self._waiting[place], self._since[place]

    def _next_number(self) -> int:
        self._number += 1
        return self._number
