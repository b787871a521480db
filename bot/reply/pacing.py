"""When a channel may be written to next, and by whom; pure, the clock is passed in.

Discord counts writes per channel in windows (by common observation 5 edits and, apart from them, 5 posts in 5 seconds)
and all requests of a bot together (50 a second, developers/topics/rate-limits.mdx).  The numbers are learnt from the
`X-RateLimit-*` headers of each answer; until the first one the common observation is assumed.

Who goes first: final texts, then first texts, then the reply whose visible text is oldest, then typing.  Texts in
between are spread evenly over a window and leave one write of it to an answer that may finish in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from math import inf

ASSUMED_LIMIT = 5
# A text in between follows the last write in its channel this soon at the earliest: early words matter most, and the
# window that they open is then spread evenly.
FRESH_GAP_SECONDS = 0.6
# discord.py holds a bucket until its own clock has passed the reset, and then for the whole window: arrive after it.
RESET_MARGIN_SECONDS = 0.02
# Of each window one write is left to a final text; but when the window resets this soon, a final text would not be seen
# to wait, and the write is given up.  Keeping more makes four answers in one channel read worse and end no sooner.
KEPT_FOR_FINALS = 1
SPARE_BEFORE_RESET_SECONDS = 0.2
# An answer that never comes must not hold a channel: a request is forgotten after this long.
LOST_AFTER_SECONDS = 30.0
GLOBAL_WINDOW_SECONDS = 1.0


class Urgency(IntEnum):
    """What a write is for; the lower goes first."""

    FINAL = 0
    FIRST = 1
    PROGRESS = 2
    TYPING = 3


# How much of the requests a bot may make in a second is used up before a write of this urgency gives way.
SHARE_OF_ALL = {Urgency.FINAL: 0.96, Urgency.FIRST: 0.96, Urgency.PROGRESS: 0.70, Urgency.TYPING: 0.40}


class Bucket(Enum):
    """Which of a channel's limits a request counts against, as long as Discord has not said that two are one."""

    CREATE = auto()
    EDIT = auto()
    DELETE = auto()
    TYPING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One reply's wish to write; `since` is when what it would show became newer than what is visible.

    `channel` names what Discord counts together: a channel's id, or an interaction's token.
    """

    reply: Hashable
    channel: Hashable
    bucket: Bucket
    urgency: Urgency
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an answer's headers said: `X-RateLimit-Limit`, `-Remaining`, `-Reset-After` in seconds, and `-Bucket`."""

    limit: int
    remaining: int
    reset_after_seconds: float
    bucket_hash: str


@dataclass(slots=True)
class Window:
    """One channel's writes in one bucket; `resets_at` is None while no window is open."""

    limit: int = ASSUMED_LIMIT
    remaining: int = ASSUMED_LIMIT
    resets_at: float | None = None
    in_flight: deque[float] = field(default_factory=deque)

    def roll(self, now: float) -> None:
        """Start afresh once the window is over, and forget requests that were never answered."""
        if self.resets_at is not None and now >= self.resets_at:
            self.remaining, self.resets_at = self.limit, None
        while self.in_flight and now - self.in_flight[0] > LOST_AFTER_SECONDS:
            self.in_flight.popleft()

    @property
    def available(self) -> int:
        """Writes that may still be sent in this window."""
        return self.remaining - len(self.in_flight)

    def learn(self, limits: Limits, now: float) -> None:
        """Take over what Discord said; of two answers about one window the lower count is the newer one."""
        resets_at = now + limits.reset_after_seconds + RESET_MARGIN_SECONDS
        same_window = self.resets_at is not None and resets_at < self.resets_at + limits.reset_after_seconds / 2
        self.remaining = min(self.remaining, limits.remaining) if same_window else limits.remaining
        self.limit, self.resets_at = limits.limit, resets_at


@dataclass(slots=True)
class Channel:
    """What is known of one channel."""

    windows: dict[str, Window] = field(default_factory=dict)
    hashes: dict[Bucket, str] = field(default_factory=dict)
    wrote_at: float = -inf
    edited_at: float = -inf

    def window(self, bucket: Bucket) -> Window:
        """The window that a bucket's requests count against; two buckets of one hash share one."""
        return self.windows.setdefault(self.hashes.get(bucket, bucket.name), Window())

    def learn(self, bucket: Bucket, limits: Limits, now: float) -> None:
        """Take over what the headers of an answer said."""
        before = self.window(bucket)
        self.hashes[bucket] = limits.bucket_hash
        window = self.windows.setdefault(limits.bucket_hash, before)
        window.roll(now)
        window.learn(limits, now)

    def is_quiet(self, now: float) -> bool:
        """Whether nothing is under way and no window is open, so that nothing is lost by forgetting it."""
        for window in self.windows.values():
            window.roll(now)
        return all(window.resets_at is None and not window.in_flight for window in self.windows.values())


class Pacing:
    """Decides which of the wanted writes may go now.

    The owner calls `want`, then `due` at once and whenever the time that it returned has come, and `answered` when
    Discord has answered what `due` let go.
    """

    def __init__(self, *, requests_per_second: int) -> None:
        self._requests_per_second = requests_per_second
        self._channels: dict[Hashable, Channel] = {}
        self._wants: dict[Urgency, dict[Hashable, Want]] = {urgency: {} for urgency in Urgency}
        self._recent: deque[float] = deque()
        self._paused_until = -inf

    @property
    def channel_count(self) -> int:
        """How many channels are remembered."""
        return len(self._channels)

    def want(self, want: Want) -> None:
        """Note a wish; it replaces the reply's earlier one."""
        self.withdraw(want.reply)
        self._wants[want.urgency][want.reply] = want

    def withdraw(self, reply: Hashable) -> None:
        """Forget a reply's wish, if it has one."""
        for wants in self._wants.values():
            wants.pop(reply, None)

    def leave(self, reply: Hashable, now: float) -> None:
        """A reply is finished, or given up; channels in which nothing goes on are forgotten."""
        self.withdraw(reply)
        for channel in [channel for channel, known in self._channels.items() if known.is_quiet(now)]:
            del self._channels[channel]

    def due(self, now: float) -> tuple[list[Want], float | None]:
        """The wants that go now, most urgent first, and when to ask again (None: after the next event)."""
        granted: list[Want] = []
        again = inf
        for urgency in Urgency:
            for want in sorted(self._wants[urgency].values(), key=lambda want: want.since):
                open_at = self._open_at(urgency, now)
                at = open_at if open_at > now else self._earliest_in_channel(want, now)
                if at <= now:
                    self.withdraw(want.reply)
                    self._send(want, now)
                    granted.append(want)
                    continue
                again = min(again, at)
                if open_at > now:
                    break  # the bot as a whole has to wait, and so have all others of this urgency
        return granted, (None if again == inf else again)

    def answered(self, channel: Hashable, bucket: Bucket, limits: Limits | None, now: float) -> None:
        """Discord answered one request that `due` let go, or it was lost (`limits` None)."""
        known = self._known(channel)
        if known.window(bucket).in_flight:
            known.window(bucket).in_flight.popleft()
        if limits is not None:
            known.learn(bucket, limits, now)

    def counted(self, now: float) -> None:
        """A request that was not paced here (a tool's, a log-in's) counts against the limit of the whole bot."""
        self._recent.append(now)

    def pause(self, seconds: float, now: float) -> None:
        """Discord refused everything for a while (a global 429)."""
        self._paused_until = max(self._paused_until, now + seconds)

    def _known(self, channel: Hashable) -> Channel:
        return self._channels.setdefault(channel, Channel())

    def _send(self, want: Want, now: float) -> None:
        self._recent.append(now)
        channel = self._known(want.channel)
        channel.window(want.bucket).in_flight.append(now)
        if want.urgency is not Urgency.TYPING:
            channel.wrote_at = now
        if want.bucket is Bucket.EDIT:
            channel.edited_at = now

    def _earliest_in_channel(self, want: Want, now: float) -> float:
        channel = self._known(want.channel)
        window = channel.window(want.bucket)
        window.roll(now)
        kept = min(KEPT_FOR_FINALS, window.limit - 1) if want.urgency is Urgency.PROGRESS else 0
        if window.available > kept:
            return self._evenly(channel, window, kept) if want.urgency is Urgency.PROGRESS else now
        if window.resets_at is None:
            return window.in_flight[0] + LOST_AFTER_SECONDS  # its first answer will tell, which comes sooner
        if want.urgency is Urgency.PROGRESS and window.available > 0:
            return window.resets_at - SPARE_BEFORE_RESET_SECONDS
        return window.resets_at

    @staticmethod
    def _evenly(channel: Channel, window: Window, kept: int) -> float:
        """When the next text in between is due, so that what is left lasts until the window resets."""
        soonest = channel.wrote_at + FRESH_GAP_SECONDS
        if window.resets_at is None:
            return soonest
        steps = window.available - kept + 1
        return max(soonest, channel.edited_at + (window.resets_at - channel.edited_at) / steps)

    def _open_at(self, urgency: Urgency, now: float) -> float:
        """When a write of this urgency may go as far as the limit of the whole bot goes."""
        while self._recent and now - self._recent[0] >= GLOBAL_WINDOW_SECONDS:
            self._recent.popleft()
        allowed = max(1, int(self._requests_per_second * SHARE_OF_ALL[urgency]))
        if len(self._recent) < allowed:
            return self._paused_until
        return max(self._paused_until, self._recent[len(self._recent) - allowed] + GLOBAL_WINDOW_SECONDS)
