"""Time zones by any name, and times of day in them."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.local_time import HOW, moment
from bot.zones import COMMON, Zones

ZONES = Zones()
BERLIN = ZoneInfo("Europe/Berlin")
LATE = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # when it is the second of July in Berlin already
ADVICE = "Take a large city, an IANA name such as Europe/Berlin, or UTC+2."


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("new_york", "America/New_York"),
        ("São Paulo", "America/Sao_Paulo"),
        ("St. John's", "America/St_Johns"),
        ("Istanbul", "Europe/Istanbul"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Munich", "Europe/Berlin"),
        ("München", "Europe/Berlin"),
        ("Japan", "Asia/Tokyo"),
        ("CET", "Europe/Berlin"),
        ("pst", "America/Los_Angeles"),
        ("UTC", "UTC"),
        ("utc+2", "UTC+02:00"),
        ("GMT-3:30", "UTC-03:30"),
        ("+0530", "UTC+05:30"),
        ("UTC-0", "UTC"),
    ],
)
def test_zone_is_found_by_what_people_call_it(written: str, name: str) -> None:
    """However it is spelt, it is the one zone, and the answer says which."""
    assert ZONES.find(written)[0] == name


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("Jpan", f"There is no time zone named Jpan. Did you mean Japan? {ADVICE}"),
        ("Mars", f"There is no time zone named Mars. {ADVICE}"),
        ("../../etc/passwd", f"There is no time zone named ../../etc/passwd. {ADVICE}"),
        ("Europe", f"There is no time zone named Europe. {ADVICE}"),
        ("UTC+15", "No time zone is more than 14 hours from UTC: write UTC+2 or UTC-03:30."),
    ],
)
def test_zone_that_does_not_exist_is_refused(written: str, sentence: str) -> None:
    """With what is like it, and what to write instead."""
    with pytest.raises(Refusal) as refused:
        ZONES.find(written)
    assert str(refused.value) == sentence


def test_zone_is_found_on_a_machine_without_zone_files() -> None:
    """As in a small container, or on Windows: they come with the bot."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    try:
        assert zoneinfo.ZoneInfo.no_cache("Asia/Tokyo").utcoffset(LATE) == timedelta(hours=9)
    finally:
        zoneinfo.reset_tzpath(to=before)


def test_common_names_stand_for_zones_that_exist() -> None:
    """Each zone of our own table is one of the database's."""
    for zone, names in COMMON.items():
        assert {ZONES.find(name) for name in names.split(", ")} == {(zone, ZoneInfo(zone))}


@pytest.mark.parametrize(
    ("typed", "first"),
    [("", "UTC"), ("ber", "Europe/Berlin"), ("york", "America/New_York"), ("MUNI", "Europe/Berlin"), ("zzz", None)],
)
def test_zones_are_suggested_while_typing(typed: str, first: str | None) -> None:
    """No more than asked for, each once, and the likeliest first."""
    zones = [each.zone for each in ZONES.like(typed, 5)]
    assert len(zones) == len(set(zones)) <= 5
    assert next(iter(zones), None) == first


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("18:30", "2026-07-02T18:30:00+02:00"),
        ("Noon", "2026-07-02T12:00:00+02:00"),
        ("6:30 pm", "2026-07-02T18:30:00+02:00"),
        ("12 a.m.", "2026-07-02T00:00:00+02:00"),
        ("18", "2026-07-02T18:00:00+02:00"),
        ("2026-12-24 18:30", "2026-12-24T18:30:00+01:00"),
        ("2026-12-24T18:30:10", "2026-12-24T18:30:10+01:00"),
        ("2026-12-24", "2026-12-24T00:00:00+01:00"),
    ],
)
def test_time_of_day_is_a_moment(written: str, iso: str) -> None:
    """Today as it is there, or on the day that is named, in summer and in winter."""
    when, is_repeated = moment(written, BERLIN, LATE)
    assert (when.isoformat(), is_repeated) == (iso, False)


def test_hour_that_clocks_repeat_is_the_first_one() -> None:
    """When they go back at the end of summer."""
    when, is_repeated = moment("2026-10-25 02:30", BERLIN, LATE)
    assert (when.utcoffset(), is_repeated) == (timedelta(hours=2), True)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("2026-03-29 02:30", "02:30 does not exist there on 2026-03-29: the clocks go forward over it."),
        ("24:00", f"There is no “24:00” on any clock or calendar. {HOW}"),
        ("13 pm", f"There is no “13 pm” on any clock or calendar. {HOW}"),
        ("2026-02-30 1:00", f"There is no “2026-02-30 1:00” on any clock or calendar. {HOW}"),
        ("tomorrow", f"“tomorrow” is not a time. {HOW}"),
        (" ", f"“” is not a time. {HOW}"),
        ("0001-01-01 00:00", "I know the clocks of the years 1900 to 2200 only."),
        ("9999-12-31 23:59", "I know the clocks of the years 1900 to 2200 only."),
    ],
)
def test_time_that_no_clock_shows_is_refused(written: str, sentence: str) -> None:
    """With the reason, and how to write one."""
    with pytest.raises(Refusal) as refused:
        moment(written, BERLIN, LATE)
    assert str(refused.value) == sentence


@given(st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31)), st.sampled_from([*COMMON]))  # noqa: DTZ001 - clocks
def test_moment_is_what_the_clock_there_shows(clock: datetime, name: str) -> None:
    """Going to UTC and back gives the time that was written, unless clocks skip it."""
    zone, clock = ZoneInfo(name), clock.replace(microsecond=0)
    try:
        when, _ = moment(clock.isoformat(sep=" "), zone, LATE)
    except Refusal as refusal:
        back = clock.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        assert back.replace(tzinfo=None) != clock, refusal  # noqa: PT017 - either is right
    else:
        assert when.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == clock


@given(st.text(max_size=40))
def test_anything_that_is_written_is_a_time_or_refused(written: str) -> None:
    """Nothing else is raised."""
    for find in (lambda: moment(written, BERLIN, LATE), lambda: ZONES.find(written)):
        try:
            assert find()
        except Refusal as refusal:
            assert str(refusal)  # noqa: PT017 - either is right
