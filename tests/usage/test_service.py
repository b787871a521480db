"""What people see of usage, whatever goes wrong with its picture, and how much a table holds."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from bot.errors import Refusal
from bot.store.database import Database
from bot.usage.chart import By
from bot.usage.painter import Painter
from bot.usage.service import Page, UsageReports
from bot.usage.subject import Subject, Whose
from tests.store.conftest import database, url
from tests.store.stories import NOW
from tests.store.test_usage_reports import ME, used
from tests.usage.reports import names

__all__ = ["database", "url"]


def reports(database: Database, *, seconds: float = 20, max_lines: int = 100) -> UsageReports:
    """Reports at the moment at which the stories of the store are told."""
    return UsageReports(database, Painter(seconds), clock=lambda: NOW, max_lines=max_lines)


async def page(database: Database, *, seconds: float = 20) -> Page:
    """A week of one's own."""
    return await reports(database, seconds=seconds).page(ME, 7, By.DAY, UTC, names())


async def test_numbers_do_not_wait_for_a_picture(database: Database) -> None:
    """Where it cannot be drawn they are told without it, with a word about that."""
    async with database.write() as connection:
        await used(connection, 1000)
    shown = await page(database, seconds=0.01)
    assert shown.picture is None
    assert shown.below.startswith("-# The picture could not be drawn just now.\n**Models**\n1. `demo/small`: 1 answer")


async def test_picture_is_described_for_those_who_do_not_see_it(database: Database) -> None:
    """By what it shows and of which days."""
    async with database.write() as connection:
        await used(connection, 1000)
    shown = await page(database)
    assert shown.picture is not None
    assert shown.picture.description == "Tokens and US dollars by day, 2025-12-26 to 2026-01-01"


async def test_somebody_who_was_deleted_is_called_so(database: Database) -> None:
    """What they took still counts for the server."""
    async with database.write() as connection:
        await used(connection, 1000, asker_id=0)
    subject = Subject(whose=Whose.SERVER, guild_id=1)
    shown = await reports(database).page(subject, 7, By.DAY, UTC, names())
    assert "**Members**\n1. deleted: 1 answer, 1,000 tokens" in shown.below


async def test_lists_are_short_and_fit_a_message(database: Database) -> None:
    """However long the names of many models are."""
    async with database.write() as connection:
        for number in range(30):
            await used(connection, number, model=f"{number}" + "`@everyone" * 30, place_id=number + 1)
    shown = await page(database)
    assert "-# and others" in shown.below
    assert len(shown.above) + len(shown.below) < 2000


async def test_table_that_is_cut_says_so(database: Database) -> None:
    """The newest days are in it."""
    async with database.write() as connection:
        for day in range(3):
            await used(connection, 1, at=NOW - timedelta(days=day))
    file, note = await reports(database, max_lines=2).table(ME, 7, UTC, names())
    assert note == "A file holds 2 lines: the oldest days are left out. Take fewer days for all of them."
    assert [line[:10] for line in file.content.decode("utf-8-sig").splitlines()[1:]] == ["2026-01-01", "2025-12-31"]
    assert file.name == "usage-2025-12-26-to-2026-01-01.csv"
    file, note = await reports(database, max_lines=3).table(ME, 7, UTC, names())
    assert note == ""
    assert len(file.content.splitlines()) == 4


async def test_table_of_nothing_is_refused(database: Database) -> None:
    """In words that say what to do."""
    with pytest.raises(Refusal, match="Choose more days"):
        await reports(database).table(ME, 7, UTC, names())


async def test_page_of_nothing_is_a_sentence(database: Database) -> None:
    """There is nothing to draw, and nothing else is said."""
    assert await page(database) == Page(
        above="### Your usage, last 7 days\nThere was no answer in these days.", below="", picture=None
    )
