"""When a budget began to count and when it begins anew, by the calendar of a time zone; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.place_settings.budget_names import Period

A_DAY = timedelta(days=1)
LENGTHS = {Period.MINUTE: timedelta(minutes=1), Period.HOUR: timedelta(hours=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From a moment on, until just before another; both in UTC."""

    starts_at: datetime
    ends_at: datetime


def window(period: Period, now: datetime, zone: ZoneInfo) -> Window:
    """The window that a moment lies in; those of a period follow each other without a gap.

    A day is as long as the zone's: of 23 or 25 hours where clocks change.  Hours and minutes are counted from its
    beginning, so that none is longer or comes twice.
    """
    day = _day(now, zone)
    if period is Period.DAY:
        return Window(starts_at=midnight(day, zone), ends_at=midnight(day + A_DAY, zone))
    if period is Period.MONTH:
        first = day.replace(day=1)
        return Window(starts_at=midnight(first, zone), ends_at=midnight((first + 31 * A_DAY).replace(day=1), zone))
    began, length = midnight(day, zone), LENGTHS[period]
    starts_at = began + (now - began) // length * length
    return Window(starts_at=starts_at, ends_at=min(starts_at + length, midnight(day + A_DAY, zone)))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins: where clocks skip 0:00 at the moment after, where they show it twice at the first time."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _day(now: datetime, zone: ZoneInfo) -> date:
    """The latest day that has begun; where clocks go back over midnight it goes on, whatever date they show."""
    today = now.astimezone(zone).date()
    return next(day for day in (today + A_DAY, today, today - A_DAY) if midnight(day, zone) <= now)
