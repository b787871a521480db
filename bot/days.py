"""The days of a time zone and the moments at which they begin; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days on end: `begins_at` has one moment more than there are `dates`, at which the last of them is over."""

    dates: tuple[date, ...]
    begins_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days on end of 24 hours each, or one day that is shorter or longer because clocks are changed in it.

    `first` is the place of the first of them among all days.
    """

    first: int
    begins_at: datetime
    is_even: bool


def last_days(now: datetime, zone: tzinfo, count: int) -> Days:
    """So many days, of which today is the last."""
    today = now.astimezone(zone).date()
    dates = tuple(today - ONE_DAY * ago for ago in reversed(range(-1, count)))
    # Where clocks go forward over midnight the day begins with the moment at which they do.
    begins_at = tuple(datetime.combine(day, time.min, zone).astimezone(UTC) for day in dates)
    return Days(dates=dates[:-1], begins_at=begins_at)


def spans(days: Days) -> Iterator[Span]:
    """The days in as few spans as there can be."""
    was_even = False
    for place, begins_at in enumerate(days.begins_at[:-1]):
        is_even = days.begins_at[place + 1] - begins_at == ONE_DAY
        if not (is_even and was_even):
            yield Span(first=place, begins_at=begins_at, is_even=is_even)
        was_even = is_even
