"""First come, first served, for whoever comes to the same place."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Order:
    """Lets those who come with the same key go on one after the other, in the order in which they came.

    Between their coming and the transaction that stores what they said may be looks at the database, and those end in
    any order.
    """

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: Hashable) -> asyncio.Lock:
        """To be held until it is the next one's turn."""
        lock = self._turns.get(key)
        if lock is None:
            lock = self._turns[key] = asyncio.Lock()
        return lock
