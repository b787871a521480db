"""A time of day somewhere as a moment, with the hours that clocks skip or repeat; pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo

from bot.errors import Refusal
from bot.messages import one_line
from bot.moments import clock

MAX_CHARACTERS = 40
# Before 1900 places kept their own mean time, and beyond 2200 nobody knows the rules.
YEARS = range(1900, 2201)
WRITTEN = re.compile(r"(?:(?P<day>\d{4}-\d\d-\d\d)(?:[t ]|$))?(?P<time>[^ ]+(?: ?[ap]\.?m\.?)?)?")
HOW = "Write it as 18:30, 6:30 pm or 2026-12-24 18:30."


def moment(written: str, zone: tzinfo, now: datetime) -> tuple[datetime, bool]:
    """When it is that time in a zone, today where no day is named, and whether clocks show it once more after.

    Raises: Refusal for what is no time, or is skipped when clocks go forward.
    """
    shown = _read(written, now.astimezone(zone))
    first, second = (shown.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != shown:
        raise Refusal(f"{shown:%H:%M} does not exist there on {shown:%Y-%m-%d}: the clocks go forward over it.")
    return first, first.utcoffset() != second.utcoffset()


def _read(written: str, today: datetime) -> datetime:
    """What a clock shows, without a zone."""
    found = WRITTEN.fullmatch(" ".join(written.lower().split()))
    try:
        at = None if found is None or not found[0] else clock(found["time"] or "midnight", is_alone=False)
        if found is None or at is None:
            raise Refusal(f"“{one_line(written, MAX_CHARACTERS)}” is not a time. {HOW}")
        day = date.fromisoformat(found["day"]) if found["day"] else today.date()
    except ValueError as exc:
        raise Refusal(f"There is no “{one_line(written, MAX_CHARACTERS)}” on any clock or calendar. {HOW}") from exc
    if day.year not in YEARS:
        raise Refusal(f"I know the clocks of the years {YEARS[0]} to {YEARS[-1]} only.")
    return datetime.combine(day, at)
