"""What people see of what answers took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain, islice

from bot.days import Days, last_days
from bot.errors import Refusal
from bot.store import usage
from bot.store.database import Database
from bot.tools.model import File
from bot.usage import words
from bot.usage.chart import By, chart_of
from bot.usage.names import Names
from bot.usage.painter import Painter
from bot.usage.ranking import total
from bot.usage.spreadsheet import MAX_LINES, spreadsheet
from bot.usage.subject import Subject

PICTURE = "usage.png"
NOT_DRAWN = "-# The picture could not be drawn just now."
NOTHING = "There was no answer in these days, so there is no table. Choose more days."
LEFT_OUT = "A file holds {lines:,} lines: the oldest days are left out. Take fewer days for all of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a person sees: words above and below a picture, which is None where there is nothing to draw."""

    above: str
    below: str
    picture: File | None


class UsageReports:
    """Sums up what answers took, as words, pictures and tables."""

    def __init__(
        self, database: Database, painter: Painter, *, clock: Callable[[], datetime], max_lines: int = MAX_LINES
    ) -> None:
        self._database = database
        self._painter = painter
        self._clock = clock
        self._max_lines = max_lines

    async def page(self, subject: Subject, day_count: int, by: By, zone: tzinfo, names: Names) -> Page:
        """The last so many days of a zone.  Raises: StoreError."""
        days = last_days(self._clock(), zone, day_count)
        async with self._database.read() as transaction:
            report = await usage.report(transaction, subject, days)
        sums = total(report.models)
        above = f"{words.heading(subject, day_count)}\n{words.sums_text(sums)}"
        if not sums.answers:
            return Page(above=above, below="", picture=None)
        drawn = await self._painter.draw(chart_of(report, by, days, names))
        picture = None if drawn is None else File(name=PICTURE, content=drawn, description=_described(by, days))
        below = [words.lists_text(report, subject, names), words.small_print(subject, zone)]
        return Page(above=above, below="\n".join(below if picture else [NOT_DRAWN, *below]), picture=picture)

    async def table(self, subject: Subject, day_count: int, zone: tzinfo, names: Names) -> tuple[File, str]:
        """The same as a file, with a word about what is not in it.  Raises: StoreError, Refusal if it were empty."""
        days = last_days(self._clock(), zone, day_count)
        async with self._database.read() as transaction:
            lines = await usage.lines(transaction, subject, days, self._max_lines + 1)
        first = next(lines, None)
        if first is None:
            raise Refusal(NOTHING)
        # Thousands of lines take a while, in which the bot has other things to do.
        content = await asyncio.to_thread(spreadsheet, islice(chain([first], lines), self._max_lines), days, names)
        file = File(name=f"usage-{days.dates[0]}-to-{days.dates[-1]}.csv", content=content)
        return file, "" if next(lines, None) is None else LEFT_OUT.format(lines=self._max_lines)


def _described(by: By, days: Days) -> str:
    """What the picture is, for those who do not see it; its numbers stand below it."""
    return f"Tokens and US dollars by {by}, {days.dates[0]} to {days.dates[-1]}"
