"""Pacing with a clock: one timer for all replies of the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Protocol

from bot.reply.pacing import Bucket, Limits, Pacing, Urgency, Want


class Paced(Protocol):
    """Something that waits for its turn to write."""

    def __hash__(self) -> int: ...

    def granted(self, bucket: Bucket) -> None:
        """It is your turn: send now one request of this bucket, and then say `answered`."""


class Pacer:
    """Tells replies when it is their turn."""

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Hashable, Paced] = {}
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """The clock that `since` is measured by, in seconds."""
        return self._loop.time()

    def want(self, reply: Paced, channel: Hashable, bucket: Bucket, urgency: Urgency, since: float) -> None:
        """Wait for a turn; a later wish of the same reply replaces this one."""
        self._waiting[reply] = reply
        self._pacing.want(Want(reply=reply, channel=channel, bucket=bucket, urgency=urgency, since=since))
        self._pump()

    def answered(self, channel: Hashable, bucket: Bucket, limits: Limits | None = None) -> None:
        """Discord answered, or the request was lost; `limits` where the headers are known."""
        self._pacing.answered(channel, bucket, limits, self._loop.time())
        self._pump()

    def counted(self) -> None:
        """A request outside of replies was sent."""
        self._pacing.counted(self._loop.time())

    def pause(self, seconds: float) -> None:
        """Discord refused everything for a while."""
        self._pacing.pause(seconds, self._loop.time())

    def leave(self, reply: Paced) -> None:
        """A reply is over."""
        self._waiting.pop(reply, None)
        self._pacing.leave(reply, self._loop.time())

    def _pump(self) -> None:
        due, again_at = self._pacing.due(self._loop.time())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if again_at is None else self._loop.call_at(again_at, self._pump)
        for want in due:
            self._waiting.pop(want.reply).granted(want.bucket)
