"""Discord's rate limits: a bucket per route and channel, a global window, and the headers that tell of them.

Pure: the caller passes the time.  Discord publishes no numbers per route; 5 per 5 seconds and channel for
creating and for editing is what bots observe, so every number here is a parameter.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

Scope = Literal["user", "shared", "global"]

EDIT_ROUTE = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
CREATE_ROUTE = ("POST", "/channels/{channel_id}/messages")
WEBHOOK_ROUTES = "/webhooks/{webhook_id}/{token}"
INTERACTION_ROUTES = "/interactions/"  # "not bound to the bot's global rate limit", says Discord's document
GLOBAL_WINDOW_SECONDS = 1.0
FORGET_ABOVE_BUCKETS = 4096  # expired buckets are dropped when there are more than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a bot may ask for; windows in seconds."""

    edit_limit: int = 5
    edit_window_seconds: float = 5.0
    create_limit: int = 5
    create_window_seconds: float = 5.0
    shared_bucket: bool = False  # whether creating and editing draw on one bucket
    global_per_second: int = 50  # Discord's documented limit for a bot
    webhook_limit: int = 5  # per webhook or interaction token
    webhook_window_seconds: float = 5.0
    default_limit: int = 50  # typing, reactions, reads: generous, they are not what is studied here
    default_window_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse limits that would let nothing through, which no Discord has."""
        for name in ("edit", "create", "webhook", "default"):
            if getattr(self, f"{name}_limit") < 1 or getattr(self, f"{name}_window_seconds") <= 0:
                raise ValueError(f"the {name} bucket needs a limit of at least 1 and a window above 0 seconds")
        if self.global_per_second < 1:
            raise ValueError("global_per_second must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the limits say to one request, and what its answer's headers tell the bot."""

    allowed: bool
    bucket: str
    limit: int
    remaining: int
    reset_after_seconds: float
    retry_after_seconds: float = 0.0
    scope: Scope | None = None

    def headers(self, wall_seconds: float) -> dict[str, str]:
        """The `X-RateLimit-*` headers, and on a refusal `Retry-After` and the proxy's `Via`.

        discord.py takes a 429 without `Via` for a ban by Cloudflare and gives up (http.py, `request`).
        """
        headers: dict[str, str] = {}
        if self.scope != "global":
            headers = {
                "X-RateLimit-Limit": str(self.limit),
                "X-RateLimit-Remaining": str(self.remaining),
                "X-RateLimit-Reset": f"{wall_seconds + self.reset_after_seconds:.3f}",
                "X-RateLimit-Reset-After": f"{round_up(self.reset_after_seconds):.3f}",
                "X-RateLimit-Bucket": self.bucket,
            }
        if self.scope is not None:
            headers |= refusal_headers(self.scope, self.retry_after_seconds)
        return headers


def round_up(seconds: float) -> float:
    """Seconds to the next millisecond, so that waiting as told is never too short."""
    return math.ceil(seconds * 1000) / 1000


def refusal_headers(scope: Scope, retry_after_seconds: float) -> dict[str, str]:
    """The headers that make an answer a 429 as Discord writes it."""
    headers = {
        "Via": "1.1 google",
        "Retry-After": str(max(1, math.ceil(retry_after_seconds))),
        "X-RateLimit-Scope": scope,
    }
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return headers


class _Rule(NamedTuple):
    """Which bucket a route draws on."""

    name: str
    limit: int
    window_seconds: float
    counts_globally: bool = True


@dataclass(slots=True)
class _Window:
    """A fixed window that opened with its first request."""

    opened_at: float
    used: int


class RateLimiter:
    """Judges requests one by one.  `now` is any clock in seconds that does not run backwards."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._windows: dict[tuple[str, str], _Window] = {}
        self._recent: deque[float] = deque()  # times of requests within the global window

    def take(self, method: str, route: str, major: str, now: float) -> Verdict:
        """Count one request of a route template (`/channels/{channel_id}/...`) on its major parameter."""
        rule = self._rule(method, route)
        limit = rule.limit
        bucket = hashlib.blake2s(rule.name.encode(), digest_size=8).hexdigest()
        window = self._window(rule, major, now)
        reset_after = window.opened_at + rule.window_seconds - now
        refused_for = self._global_wait(now) if rule.counts_globally else 0.0
        if refused_for > 0:
            return Verdict(
                allowed=False,
                bucket=bucket,
                limit=limit,
                remaining=max(0, limit - window.used),
                reset_after_seconds=reset_after,
                retry_after_seconds=refused_for,
                scope="global",
            )
        allowed = window.used < limit
        window.used += allowed
        return Verdict(
            allowed=allowed,
            bucket=bucket,
            limit=limit,
            remaining=limit - window.used,
            reset_after_seconds=reset_after,
            retry_after_seconds=0.0 if allowed else reset_after,
            scope=None if allowed else "user",
        )

    def _rule(self, method: str, route: str) -> _Rule:
        limits, key = self.limits, (method, route)
        if key == EDIT_ROUTE and not limits.shared_bucket:
            return _Rule("edit", limits.edit_limit, limits.edit_window_seconds)
        if key in (EDIT_ROUTE, CREATE_ROUTE):
            return _Rule("create", limits.create_limit, limits.create_window_seconds)
        if route.startswith(WEBHOOK_ROUTES):
            return _Rule("webhook", limits.webhook_limit, limits.webhook_window_seconds, counts_globally=False)
        counts_globally = not route.startswith(INTERACTION_ROUTES)
        name = f"{method} {route}"
        return _Rule(name, limits.default_limit, limits.default_window_seconds, counts_globally)

    def _window(self, rule: _Rule, major: str, now: float) -> _Window:
        window = self._windows.get((rule.name, major))
        if window is None or now >= window.opened_at + rule.window_seconds:
            if len(self._windows) > FORGET_ABOVE_BUCKETS:
                self._forget_expired(now)
            window = self._windows[rule.name, major] = _Window(opened_at=now, used=0)
        return window

    def _forget_expired(self, now: float) -> None:
        limits = self.limits
        longest = max(
            limits.edit_window_seconds,
            limits.create_window_seconds,
            limits.webhook_window_seconds,
            limits.default_window_seconds,
        )
        self._windows = {key: window for key, window in self._windows.items() if now < window.opened_at + longest}

    def _global_wait(self, now: float) -> float:
        """Seconds until the sliding window has room again; 0 counts the request as let through."""
        recent = self._recent
        while recent and now - recent[0] >= GLOBAL_WINDOW_SECONDS:
            recent.popleft()
        if len(recent) >= self.limits.global_per_second:
            return recent[0] + GLOBAL_WINDOW_SECONDS - now
        recent.append(now)
        return 0.0
