"""Discord's memory of nonces: a message sent again with the same one is not made again.  Pure."""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED_SECONDS = 300.0  # "in the past few minutes", says Discord's message document
REMEMBERED_NONCES = 10_000


class Nonces:
    """Which message a nonce made, per channel, for some minutes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def find(self, key: tuple[str, str], now: float) -> int | None:
        """The message that a channel id and nonce made, if that was not long ago."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and now - kept[0] < REMEMBERED_SECONDS else None

    def keep(self, key: tuple[str, str], message_id: int, now: float) -> None:
        """Remember a message; the oldest are forgotten first."""
        self._kept[key] = (now, message_id)
        self._kept.move_to_end(key)
        while len(self._kept) > REMEMBERED_NONCES:
            self._kept.popitem(last=False)
