"""A time of day somewhere as a moment, with the hours that clocks skip or repeat; pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from bot.errors import Refusal
from bot.messages import one_line

MAX_CHARACTERS = 40
# Before 1900 places kept their own mean time, and beyond 2200 nobody knows the rules.
YEARS = range(1900, 2201)
WRITTEN = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d)(?:[T ]\s*|$))?"
    r"(?:(?P<hour>\d\d?)(?::(?P<minute>\d\d)(?::(?P<second>\d\d))?)?\s*(?P<half>[ap])?(?(half)\.?m\.?))?",
    re.ASCII | re.IGNORECASE,
)
HOW = "Write it as 18:30, 6:30 pm or 2026-12-24 18:30."


def moment(written: str, zone: tzinfo, now: datetime) -> tuple[datetime, bool]:
    """When it is that time in a zone, today where no day is named, and whether clocks show it once more after.

    Raises: Refusal for what is no time, or is skipped when clocks go forward.
    """
    clock = _read(written, now.astimezone(zone))
    first, second = (clock.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != clock:
        raise Refusal(f"{clock:%H:%M} does not exist there on {clock:%Y-%m-%d}: the clocks go forward over it.")
    return first, first.utcoffset() != second.utcoffset()


def _read(written: str, today: datetime) -> datetime:
    """What a clock shows, without a zone."""
    found = WRITTEN.fullmatch(written.strip())
    if found is None or not found[0]:
        raise Refusal(f"“{one_line(written, MAX_CHARACTERS)}” is not a time. {HOW}")
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    half = (found["half"] or "").lower()
    try:
        if half and not 1 <= hour <= 12:
            raise ValueError(hour)
        day = datetime.fromisoformat(found["day"]) if found["day"] else today.replace(tzinfo=None, fold=0)
        hour = hour % 12 + 12 * (half == "p") if half else hour
        clock = day.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError as exc:
        raise Refusal(f"There is no “{one_line(written, MAX_CHARACTERS)}” on any clock or calendar. {HOW}") from exc
    if clock.year not in YEARS:
        raise Refusal(f"I know the clocks of the years {YEARS[0]} to {YEARS[-1]} only.")
    return clock
