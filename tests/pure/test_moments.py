"""What people write for a time is read as they mean it, or refused in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.moments import moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 18, 20, tzinfo=UTC)  # a Sunday, 19:20 in Berlin
TIMES = st.datetimes(datetime(2026, 11, 23), datetime(2027, 11, 21))  # noqa: DTZ001 - local times of some zone


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("in 20 minutes", "2026-11-22 18:40"),
        ("20 min", "2026-11-22 18:40"),
        ("2h30m", "2026-11-22 20:50"),
        ("1 hour and 5 min", "2026-11-22 19:25"),
        ("2 days, 3 hours", "2026-11-24 21:20"),
        ("half an hour", "2026-11-22 18:50"),
        ("An Hour", "2026-11-22 19:20"),
        ("in 1,5 hours", "2026-11-22 19:50"),
        ("3 weeks from now", "2026-12-13 18:20"),
        ("in 3 months", "2027-02-22 18:20"),
        ("in a year", "2027-11-22 18:20"),
        ("19:30", "2026-11-22 18:30"),
        ("19:10", "2026-11-23 18:10"),
        ("19h30", "2026-11-22 18:30"),
        ("at 21", "2026-11-22 20:00"),
        ("6pm", "2026-11-23 17:00"),
        ("6:30 p.m.", "2026-11-23 17:30"),
        ("12am", "2026-11-22 23:00"),
        ("noon", "2026-11-23 11:00"),
        ("today 23:00", "2026-11-22 22:00"),
        ("tomorrow", "2026-11-23 08:00"),
        ("tomorrow 9", "2026-11-23 08:00"),
        ("tomorrow at 9:15", "2026-11-23 08:15"),
        ("9:15 tomorrow", "2026-11-23 08:15"),
        ("the day after tomorrow at noon", "2026-11-24 11:00"),
        ("friday 18:00", "2026-11-27 17:00"),
        ("on Tue, 8am", "2026-11-24 07:00"),
        ("sunday 20:00", "2026-11-22 19:00"),
        ("sunday 9:00", "2026-11-29 08:00"),
        ("next sunday 20:00", "2026-11-29 19:00"),
        ("2026-12-24 18:30", "2026-12-24 17:30"),
        ("2026-12-24T18:30:15", "2026-12-24 17:30:15"),
        ("2026-12-24", "2026-12-24 08:00"),
        ("2026-12-24T18:30+05:30", "2026-12-24 13:00"),
        ("2026-12-24T18:30Z", "2026-12-24 18:30"),
        ("24.12.2026 18:30", "2026-12-24 17:30"),
        ("24.12. 18:30", "2026-12-24 17:30"),
        ("24 December 9pm", "2026-12-24 20:00"),
        ("the 24th of december", "2026-12-24 08:00"),
        ("Dec 24, 2026 at 8:00", "2026-12-24 07:00"),
        ("21 nov", "2027-11-21 08:00"),
        ("2027-06-01 12:00", "2027-06-01 10:00"),
        ("<t:1798200000:R>", "2026-12-25 12:00"),
        ("2020-01-01 12:00", "2020-01-01 11:00"),
    ],
)
def test_moment_is_what_is_meant(written: str, meant: str) -> None:
    """Spans of time, clocks, days and dates, in the zone that is given where none is written."""
    assert moment(written, NOW, BERLIN) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        *("", "soon", "9", "25:00", "18:75", "13pm", "0pm", "30 feb", "29.2.2027", "3/4/2026", "month", "in in 5 min"),
        *("in 5 parsecs", "1.5 months", "9999999999999 minutes", "999999 w 999999 w", "5 min tomorrow"),
    ],
)
def test_moment_that_is_none_is_refused(written: str) -> None:
    """What is no time, or one that can be read in two ways, is quoted with examples of what can be read."""
    with pytest.raises(Refusal, match=r"as a time\. Write it like in 20 minutes"):
        moment(written, NOW, BERLIN)


def test_month_ends_where_it_ends() -> None:
    """A month after the 31st is the last day of a shorter one, at the same time of day."""
    assert moment("in 1 month", datetime(2027, 1, 31, 12, tzinfo=UTC), UTC) == datetime(2027, 2, 28, 12, tzinfo=UTC)


WORDS = st.sampled_from(
    ["in", "at", "on", "next", "tomorrow", "friday", "dec", "24", "18:30", "2h", "pm", ".", "t", "a"]
)


@given(st.text(max_size=40) | st.lists(WORDS, max_size=6).map(" ".join))
def test_moment_reads_or_refuses_any_text(written: str) -> None:
    """Whatever people write, it is a moment in UTC or a sentence."""
    try:
        assert moment(written, NOW, BERLIN).tzinfo is UTC
    except Refusal:
        return


@given(
    TIMES, st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d %B %Y %I:%M:%S %p", "%H:%M:%S %d.%m.%Y", "%b %d, %Y at %H:%M:%S"])
)
def test_moment_reads_a_time_in_every_notation(local: datetime, notation: str) -> None:
    """A time that is written down is read as the same time."""
    local = local.replace(microsecond=0)
    assert moment(local.strftime(notation), NOW, BERLIN) == local.replace(tzinfo=BERLIN).astimezone(UTC)


@given(st.integers(1, 999_999), st.sampled_from(["s", "min", "hours"]))
def test_moment_after_a_while_is_that_much_later(amount: int, unit: str) -> None:
    """Spans are counted by the stopwatch, whatever the zone's clocks do meanwhile."""
    seconds = {"s": 1, "min": 60, "hours": 3600}[unit] * amount
    assert moment(f"in {amount} {unit}", NOW, BERLIN) - NOW == timedelta(seconds=seconds)
