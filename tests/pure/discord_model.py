"""Discord's counting as `Pacing` should see it: fixed windows per channel, answers half a round trip later; no I/O."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from bot.reply.pacing import Bucket, Limits, Pacing, Urgency, Want

ONE_WAY_SECONDS = 0.04


@dataclass(eq=False)
class SimulatedReply:
    """An answer of `tokens` at 50 a second; `seen` lists when which number of them became visible."""

    channel: int
    started_at: float
    tokens: int
    seen: list[tuple[float, int]] = field(default_factory=list)
    asked_at: float | None = None
    shown: int = 0
    is_posted: bool = False
    in_flight: bool = False

    @property
    def ends_at(self) -> float:
        """When the last token comes."""
        return self.started_at + (self.tokens - 1) / 50

    def newest(self, now: float) -> int:
        """How many tokens there are by now."""
        return min(self.tokens, int((now - self.started_at) * 50 + 1e-6) + 1)


class DiscordModel:
    """Runs replies through a `Pacing`, with a clock of its own, and counts what Discord would have refused."""

    def __init__(self, *, limit: int = 5, window_seconds: float = 5.0, is_shared: bool = False) -> None:
        self.limit = limit
        self.window_seconds = window_seconds
        self.is_shared = is_shared
        self.refused = 0
        self.applied: list[tuple[float, Want]] = []
        self._pacing = Pacing(requests_per_second=50)
        self._windows: dict[tuple[object, str], tuple[float, int]] = {}
        self._second: deque[float] = deque()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._timer: float | None = None

    def play(self, *replies: SimulatedReply) -> None:
        """Let all replies be written to their ends."""
        for reply in replies:
            self._at(reply.started_at, lambda now, reply=reply: self._ask(reply, now))  # type: ignore[misc]
            self._at(reply.ends_at, lambda now, reply=reply: self._ask(reply, now))  # type: ignore[misc]
        while self._events:
            now, _, happen = heapq.heappop(self._events)
            happen(now)

    def _at(self, when: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), happen))

    def _ask(self, reply: SimulatedReply, now: float) -> None:
        if reply.in_flight or reply.shown == reply.tokens:
            return
        if reply.shown == reply.newest(now):
            self._at(now + 0.02, lambda later: self._ask(reply, later))
            return
        is_last = now >= reply.ends_at
        urgency = Urgency.FINAL if is_last else Urgency.PROGRESS if reply.is_posted else Urgency.FIRST
        bucket = Bucket.EDIT if reply.is_posted else Bucket.CREATE
        since = reply.started_at + reply.shown / 50
        self._pacing.want(Want(reply=reply, channel=reply.channel, bucket=bucket, urgency=urgency, since=since))
        self._pump(now)

    def _pump(self, now: float) -> None:
        due, again_at = self._pacing.due(now)
        for want in due:
            assert isinstance(want.reply, SimulatedReply)
            want.reply.in_flight = True
            shows = want.reply.newest(now)
            self._at(now + ONE_WAY_SECONDS, lambda at, want=want, shows=shows: self._apply(want, shows, at))  # type: ignore[misc]
        if again_at is not None and (self._timer is None or again_at < self._timer or self._timer <= now):
            self._timer = again_at
            self._at(again_at, self._ring)

    def _ring(self, now: float) -> None:
        self._timer = None
        self._pump(now)

    def _apply(self, want: Want, shows: int, now: float) -> None:
        limits = self._count(want, now)
        assert isinstance(want.reply, SimulatedReply)
        if limits is not None:
            want.reply.seen.append((now, shows))
            self.applied.append((now, want))
        self._at(now + ONE_WAY_SECONDS, lambda at: self._answer(want, shows, limits, at))

    def _count(self, want: Want, now: float) -> Limits | None:
        while self._second and now - self._second[0] >= 1:
            self._second.popleft()
        self._second.append(now)
        name = "shared" if self.is_shared else want.bucket.name
        opened_at, used = self._windows.get((want.channel, name), (-1e9, 0))
        if now - opened_at >= self.window_seconds:
            opened_at, used = now, 0
        if used >= self.limit or len(self._second) > 50:
            self.refused += 1
            return None
        self._windows[want.channel, name] = (opened_at, used + 1)
        return Limits(
            limit=self.limit,
            remaining=self.limit - used - 1,
            reset_after_seconds=opened_at + self.window_seconds - now,
            bucket_hash=name,
        )

    def _answer(self, want: Want, shows: int, limits: Limits | None, now: float) -> None:
        reply = want.reply
        assert isinstance(reply, SimulatedReply)
        self._pacing.answered(want.channel, want.bucket, limits, now)
        reply.in_flight = False
        if limits is not None:
            reply.is_posted, reply.shown = True, shows
        if reply.shown == reply.tokens:
            self._pacing.leave(reply, now)
            self._pump(now)
        else:
            self._ask(reply, now)
