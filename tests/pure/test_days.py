"""Days of a zone, over the changes of its clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.days import last_days, spans

HOUR = timedelta(hours=1)


def test_days_end_with_today_in_the_zone() -> None:
    """Today is what the zone calls today, and days are there whether or not anything was on them."""
    now = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    days = last_days(now, ZoneInfo("Asia/Tokyo"), 3)
    assert [str(day) for day in days.dates] == ["2026-02-28", "2026-03-01", "2026-03-02"]
    assert days.begins_at[-1] == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert len(list(spans(days))) == 1


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 3, 30, 12, tzinfo=UTC), [24, 23, 24]),
        ("Europe/Berlin", datetime(2026, 10, 26, 12, tzinfo=UTC), [24, 25, 24]),
        ("America/Santiago", datetime(2025, 9, 8, 12, tzinfo=UTC), [24, 23, 24]),  # clocks skip midnight itself
        ("Australia/Lord_Howe", datetime(2026, 10, 5, 12, tzinfo=UTC), [24, 23.5, 24]),
    ],
)
def test_day_in_which_clocks_change_has_its_own_length(zone: str, now: datetime, hours: list[float]) -> None:
    """Such a day is a span of its own, so that the days around it can be told by division."""
    days = last_days(now, ZoneInfo(zone), 3)
    lengths = [(end - begin) / HOUR for begin, end in zip(days.begins_at, days.begins_at[1:], strict=False)]
    assert lengths == hours
    assert [(span.first, span.is_even) for span in spans(days)] == [(0, True), (1, False), (2, True)]


def test_day_that_a_zone_left_out_is_empty() -> None:
    """Samoa had no 30 December 2011: it ends as it begins."""
    days = last_days(datetime(2011, 12, 31, 12, tzinfo=UTC), ZoneInfo("Pacific/Apia"), 3)
    assert days.begins_at[0] == days.begins_at[1]
