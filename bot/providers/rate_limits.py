"""How much a provider may be asked: as its host says, or as its headers do; pure.

A budget fills up evenly.  That is how the large providers count; where one counts by fixed windows, its next headers
put right what is learnt from these, and what comes too early is a 429 like any other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MINUTE_SECONDS = 60.0

# OpenAI's names, which most compatible servers use, and Anthropic's, which gateways in front of it pass on.
HEADERS = ("x-ratelimit-{part}-{kind}", "anthropic-ratelimit-{kind}-{part}")
UNIT_SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
# Seconds or milliseconds since 1970 rather than from now: nothing takes thirty years to fill.
EPOCH_SECONDS, EPOCH_MILLISECONDS = 1e9, 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a provider says of one of its limits; `full_in_seconds` is when all of it may be used again."""

    limit: float
    remaining: float
    full_in_seconds: float | None = None


class Budget:
    """What may still be used of something, by one clock's seconds; without a limit, as much as one wants."""

    def __init__(self, per_minute: int | None = None) -> None:
        """`per_minute` is the host's word, which counts more than the provider's."""
        self._is_fixed = per_minute is not None
        self._limit: float | None = per_minute
        self._available = float(per_minute or 0)
        self._per_second = self._available / MINUTE_SECONDS
        self._at = -math.inf

    def wait_seconds(self, amount: float, now: float) -> float:
        """How long until this amount may be used; more than there can ever be may be when all of it is there."""
        if self._limit is None:
            return 0.0
        self._fill(self._limit, now)
        missing = min(amount, self._limit) - self._available
        if missing <= 0:
            return 0.0
        return missing / self._per_second

    def use(self, amount: float, now: float) -> None:
        """This amount is used; a negative one is given back."""
        if self._limit is not None:
            self._fill(self._limit, now)
            self._available -= amount

    def learn(self, found: Limit, unseen: float, now: float) -> None:
        """The provider says what is left; it may not have seen the last that was used yet."""
        if self._is_fixed or found.limit <= 0:
            return
        used = found.limit - found.remaining
        self._limit, self._at = found.limit, now
        self._available = found.remaining - unseen
        # A limit by the day is no matter of waiting in line: the provider is asked, and says no in its own words.
        self._per_second = max(used / (found.full_in_seconds or MINUTE_SECONDS), found.limit / MINUTE_SECONDS)

    def _fill(self, limit: float, now: float) -> None:
        """Add what has come since the last look."""
        if now > self._at:
            filled = (now - self._at) * self._per_second
            self._available, self._at = min(limit, self._available + filled), now


def limit_in(headers: Mapping[str, str], kind: str, *, now: datetime) -> Limit | None:
    """What a response's headers say of `requests` or `tokens`; names are in lower case, or found in any."""
    for pattern in HEADERS:
        limit = _number(headers.get(pattern.format(part="limit", kind=kind)))
        remaining = _number(headers.get(pattern.format(part="remaining", kind=kind)))
        if limit is not None and remaining is not None:
            reset = headers.get(pattern.format(part="reset", kind=kind), "")
            return Limit(limit=limit, remaining=min(remaining, limit), full_in_seconds=seconds_in(reset, now=now))
    return None


def seconds_in(text: str, *, now: datetime) -> float | None:
    """The seconds from now on that `1s`, `6m0s`, `12ms`, a plain number or a date mean."""
    text = text.strip()
    seconds = _number(text)
    if seconds is not None:
        since_1970 = seconds / 1000 if seconds >= EPOCH_MILLISECONDS else seconds
        return since_1970 - now.timestamp() if since_1970 >= EPOCH_SECONDS else seconds
    parts = DURATION.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        return sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts)
    try:
        return (datetime.fromisoformat(text) - now).total_seconds()
    except (ValueError, TypeError):  # no date, or one without its zone
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
