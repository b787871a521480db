"""The moment that people mean by "in 20 minutes", "tomorrow 9:00" or "2026-12-24 18:30"; pure.

English words, and notations that are read alike everywhere: 3/4/2026 is not, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.errors import Refusal
from bot.messages import one_line

EXAMPLES = "in 20 minutes, 2h30m, 18:30, tomorrow 9:00, friday 6pm or 2026-12-24 18:30"
MAX_SHOWN_CHARACTERS = 60
MORNING = time(9)  # where only a day is said

LENGTHS = {
    ("s", "sec", "secs", "second", "seconds"): timedelta(seconds=1),
    ("m", "min", "mins", "minute", "minutes"): timedelta(minutes=1),
    ("h", "hr", "hrs", "hour", "hours"): timedelta(hours=1),
    ("d", "day", "days"): timedelta(days=1),
    ("w", "week", "weeks"): timedelta(weeks=1),
}
LENGTH = {word: length for words, length in LENGTHS.items() for word in words}
MONTHS_IN = {"month": 1, "months": 1, "year": 12, "years": 12}
DAYS_AHEAD = {"today": 0, "tomorrow": 1, "day after tomorrow": 2, "the day after tomorrow": 2}
NAMED_TIMES = {"noon": time(12), "midday": time(12), "midnight": time(0)}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# Six digits of any unit are more than is ever accepted.
PART = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?([a-z]+) ?(?:and )?")
STAMP = re.compile(r"<t:(\d{1,11})(?::[a-z])?>")
CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:h](?P<minute>\d{2}))?(?::(?P<second>\d{2}))? ?(?:(?P<half>[ap])\.?m\.?)?")
A_TIME = r"(?P<time>\d[\d:h]*(?: ?[ap]\.?m\.?)?|noon|midday|midnight)"
A_DAY = r"(?:on )?(?P<day>.+?)"
FORMS = tuple(
    map(
        re.compile,
        (rf"(?P<at>at )?{A_TIME}", rf"{A_DAY}(?:,? at |,? |t){A_TIME}", rf"(?:at )?{A_TIME},? {A_DAY}", A_DAY),
    )
)
WEEKDAY = re.compile(rf"(?P<next>next )?(?P<weekday>{'|'.join(WEEKDAYS)})(?:[a-z]*day)?")
A_MONTH = rf"(?P<month>{'|'.join(MONTHS)})[a-z]*\.?"
A_NUMBER = r"(?P<number>\d{1,2})(?:st|nd|rd|th)?\.?"
A_YEAR = r"(?:,? (?P<year>\d{4}))?"
DATES = tuple(
    map(
        re.compile,
        (
            r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<number>\d{1,2})",
            r"(?P<number>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})?",
            rf"(?:the )?{A_NUMBER} (?:of )?{A_MONTH}{A_YEAR}",
            rf"{A_MONTH} {A_NUMBER}{A_YEAR}",
        ),
    )
)


def moment(written: str, now: datetime, zone: tzinfo) -> datetime:
    """What is meant, in UTC; in this zone where none is written, and the next one where there are several.

    Raises: Refusal.
    """
    words, local = " ".join(written.lower().split()), now.astimezone(zone)
    for read in READERS:
        try:
            found = read(words, local)
            if found is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):  # a February 30th, or the year 10000
            continue
    raise Refusal(f"I cannot read “{one_line(written, MAX_SHOWN_CHARACTERS)}” as a time. Write it like {EXAMPLES}.")


def stamped(words: str, _now: datetime) -> datetime | None:
    """What a time as Discord shows it stands for."""
    found = STAMP.fullmatch(words)
    return None if found is None else datetime.fromtimestamp(int(found[1]), UTC)


def with_offset(words: str, _now: datetime) -> datetime | None:
    """A time in ISO 8601 that says its own offset."""
    found = datetime.fromisoformat(words.upper())
    return None if found.tzinfo is None else found


def after_a_while(words: str, now: datetime) -> datetime | None:
    """So much later: weeks to seconds by the stopwatch, months and years by the calendar."""
    said = words.removeprefix("in ").removesuffix(" from now")
    said = re.sub(r"\ban? ", "1 ", re.sub(r"\bhalf an? ", "0.5 ", said)).replace(", ", " ")
    said = re.sub(r"(?<=\d),(?=\d)", ".", said) + " "
    parts = PART.findall(said)
    if not parts or PART.sub("", said).strip():
        return None
    months, later = 0, timedelta()
    for amount, unit in parts:
        if unit in MONTHS_IN and amount.isdecimal():
            months += int(amount) * MONTHS_IN[unit]
        elif unit in LENGTH:
            later += float(amount) * LENGTH[unit]
        else:
            return None
    return months_later(now, months).astimezone(UTC) + later


def months_later(now: datetime, months: int) -> datetime:
    """The same time of the same day of a later month, or of its last day."""
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    first = now.replace(year=year, month=month + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(now.day, last.day))


def on_a_day(words: str, now: datetime) -> datetime | None:
    """A time of a day: the first that is still to come of the days that are meant, or else the last of them."""
    for form in FORMS:
        said = form.fullmatch(words)
        if said is None:
            continue
        parts = said.groupdict()
        at = clock(parts.get("time"), is_alone=parts.get("day") is None and parts.get("at") is None)
        days = tuple(days_meant(parts.get("day"), now.date()))
        if at is not None and days:
            meant = [datetime.combine(day, at, now.tzinfo) for day in days]
            return next((found for found in meant if found > now), meant[-1])
    return None


def clock(said: str | None, *, is_alone: bool) -> time | None:
    """A time of day; a bare number is one only beside a day, or after "at".  Raises: ValueError for 25:00 or 13 pm."""
    if said is None or said in NAMED_TIMES:
        return MORNING if said is None else NAMED_TIMES[said]
    found = CLOCK.fullmatch(said)
    if found is None or (is_alone and found["minute"] is None and found["half"] is None):
        return None
    hour = int(found["hour"])
    if found["half"] is not None:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))


def days_meant(said: str | None, today: date) -> Iterator[date]:
    """The days that words may mean, soonest first; none if they mean none."""
    if said is None:
        yield from (today, today + timedelta(days=1))
    elif said in DAYS_AHEAD:
        yield today + timedelta(days=DAYS_AHEAD[said])
    elif (found := WEEKDAY.fullmatch(said)) is not None:
        ahead = (WEEKDAYS.index(found["weekday"]) - today.weekday()) % 7
        if ahead or found["next"] is None:
            yield today + timedelta(days=ahead)
        yield today + timedelta(days=ahead + 7)
    else:
        for form in DATES:
            if (found := form.fullmatch(said)) is not None:
                month = found["month"]
                number = int(month) if month.isdecimal() else MONTHS.index(month) + 1
                years = (int(found["year"]),) if found["year"] else (today.year, today.year + 1)
                yield from (date(year, number, int(found["number"])) for year in years)


READERS: tuple[Callable[[str, datetime], datetime | None], ...] = (stamped, after_a_while, on_a_day, with_offset)
