"""When budgets begin anew: whatever clocks do, one window follows the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.budgets.windows import Window, window
from bot.place_settings.budget_names import Period

ZONES = sorted(available_timezones() - {"localtime"})
MOMENTS = st.integers(631_152_000, 2_143_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))  # 1990-2037
A_MOMENT = timedelta(microseconds=1)
HOURS = timedelta(hours=1)
LONGEST = {
    Period.MINUTE: timedelta(minutes=1),
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(hours=49),  # where a day was left out or came twice, at the date line
    Period.MONTH: timedelta(days=32, hours=1),
}


def shown(found: Window, zone: str) -> list[str]:
    """When it begins and ends, as clocks there show it."""
    return [f"{at.astimezone(ZoneInfo(zone)):%m-%d %H:%M}" for at in (found.starts_at, found.ends_at)]


@given(period=st.sampled_from(Period), now=MOMENTS, name=st.sampled_from(ZONES))
def test_windows_follow_each_other(period: Period, now: datetime, name: str) -> None:
    """Every moment lies in one, every moment of it says the same, and the next begins where it ends."""
    zone = ZoneInfo(name)
    found = window(period, now, zone)
    assert found.starts_at <= now < found.ends_at
    assert found.ends_at - found.starts_at <= LONGEST[period]
    for at in (found.starts_at, found.ends_at - A_MOMENT):
        assert window(period, at, zone) == found
    assert window(period, found.ends_at, zone).starts_at == found.ends_at
    assert window(period, found.starts_at - A_MOMENT, zone).ends_at == found.starts_at


@given(now=MOMENTS, name=st.sampled_from(ZONES))
def test_smaller_windows_lie_in_larger_ones(now: datetime, name: str) -> None:
    """So that a month's budget never begins anew within a day."""
    found = [window(period, now, ZoneInfo(name)) for period in Period]
    for inner, outer in pairwise(found):
        assert outer.starts_at <= inner.starts_at
        assert inner.ends_at <= outer.ends_at


@pytest.mark.parametrize(
    ("zone", "now", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T12:00+02:00", ["03-29 00:00", "03-30 00:00"], 23),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", ["10-25 00:00", "10-26 00:00"], 25),
        ("America/Sao_Paulo", "2018-11-04T12:00-02:00", ["11-04 01:00", "11-05 00:00"], 23),  # no midnight
        ("America/Sao_Paulo", "2018-02-17T12:00-02:00", ["02-17 00:00", "02-18 00:00"], 25),  # 23:00 twice
        ("Africa/Cairo", "2026-04-24T12:00+03:00", ["04-24 01:00", "04-25 00:00"], 23),
        ("Africa/Cairo", "2026-10-29T12:00+03:00", ["10-29 00:00", "10-30 00:00"], 25),
        ("Asia/Beirut", "2026-03-29T12:00+03:00", ["03-29 01:00", "03-30 00:00"], 23),
        ("America/Havana", "2026-11-01T12:00-05:00", ["11-01 00:00", "11-02 00:00"], 25),  # midnight twice
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", ["10-04 00:00", "10-05 00:00"], 23.5),
        ("Asia/Kolkata", "2026-10-04T12:00+05:30", ["10-04 00:00", "10-05 00:00"], 24),
    ],
)
def test_day_is_that_of_the_zone(zone: str, now: str, day: list[str], hours: float) -> None:
    """It begins with the first moment of its date and is as long as it is."""
    found = window(Period.DAY, datetime.fromisoformat(now), ZoneInfo(zone))
    assert shown(found, zone) == day
    assert (found.ends_at - found.starts_at) / HOURS == hours


def test_day_goes_on_where_clocks_go_back_over_midnight() -> None:
    """In St. John's clocks went from 0:01 back to 23:01: what was used since midnight counts on."""
    zone = ZoneInfo("America/St_Johns")
    before = window(Period.DAY, datetime.fromisoformat("2010-11-07T00:00:30-02:30"), zone)
    after = window(Period.DAY, datetime.fromisoformat("2010-11-06T23:30:00-03:30"), zone)
    assert before == after
    assert before.ends_at - before.starts_at == 25 * HOURS


@pytest.mark.parametrize(
    ("period", "starts", "ends"),
    [
        (Period.MINUTE, "03-15 10:17", "03-15 10:18"),
        (Period.HOUR, "03-15 10:00", "03-15 11:00"),
        (Period.MONTH, "03-01 00:00", "04-01 00:00"),
    ],
)
def test_window_begins_at_a_whole_one(period: Period, starts: str, ends: str) -> None:
    """By the clocks of the zone, which is half an hour off."""
    zone = "Asia/Kolkata"
    found = window(period, datetime.fromisoformat("2026-03-15T10:17:42+05:30"), ZoneInfo(zone))
    assert shown(found, zone) == [starts, ends]


def test_hour_comes_twice_where_clocks_go_back() -> None:
    """Two o'clock is there twice, and each counts for itself."""
    zone = ZoneInfo("Europe/Berlin")
    hours = [window(Period.HOUR, datetime(2026, 10, 25, hour, 30, tzinfo=UTC), zone) for hour in (0, 1)]
    assert [f"{hour.starts_at.astimezone(zone):%H:%M}" for hour in hours] == ["02:00", "02:00"]
    assert hours[0].ends_at == hours[1].starts_at
