"""What it takes to sum up usage, and to draw it, where there is much of it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from bot.days import last_days
from bot.store import usage
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.usage.chart import By, chart_of
from bot.usage.names import Names
from bot.usage.painter import Painter
from bot.usage.subject import Subject, Whose

ANSWERS = 1_000_000
YEAR = timedelta(days=365)
END = datetime(2026, 7, 1, tzinfo=UTC)
SERVERS, CHANNELS, MEMBERS, MODELS = 50, 20, 5000, 8
GREATEST_SHARE = 0.2  # of all answers, those of the greatest server
TEXT = "An answer of usual length, of which nothing is read to sum up what it took. " * 8
DAYS = 30
LOOKS = 9
TARGET_MS = 100
SUBJECTS = {
    "the greatest server": Subject(whose=Whose.SERVER, guild_id=1),
    "another server": Subject(whose=Whose.SERVER, guild_id=2),
    "a member": Subject(whose=Whose.ME, id=1),
    "everything": Subject(whose=Whose.HOST),
}


async def measure_usage() -> str:
    """A table of times, in Markdown."""
    with TemporaryDirectory(prefix="parley-bench-") as name:
        url = f"sqlite:///{Path(name) / 'parley.db'}"
        await migrate(url)
        await asyncio.to_thread(fill, Path(name) / "parley.db")
        async with Database.open(url) as database:
            rows = [
                f"| {title}, {DAYS} days, ms | {await summed_ms(database, subject):.0f} |"
                for title, subject in SUBJECTS.items()
            ]
            rows.append(f"| The picture of the greatest server, s | {await drawn_seconds(database):.1f} |")
    heading = f"| Usage summed up of {ANSWERS:,} answers, median (target of a server and a member: {TARGET_MS} ms) | |"
    return "\n".join((heading, "| --- | --- |", *rows))


def fill(file: Path) -> None:
    """Write a year of answers, of which one server has a fifth."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO conversations (id, place_id, guild_id, scope, member_id, created_at) "
            "VALUES (?, ?, ?, 'channel', 0, 0)",
            ((place, place, 1 + place // CHANNELS) for place in range(SERVERS * CHANNELS)),
        )
        connection.executemany(
            "INSERT INTO runs (id, conversation_id, epoch, kind, status, model, provider, place_id, guild_id, "
            "asker_id, created_at, expires_at, text, delivered_at) "
            "VALUES (?1, ?2, 0, 'answer', 'completed', 'm', 'demo', ?2, ?3, ?4, ?5, ?5, ?6, ?5)",
            ((*answer, TEXT) for answer in answers()),
        )
        connection.execute(
            "INSERT INTO usage (run_id, model, input_tokens, output_tokens, cached_tokens, reasoning_tokens, "
            "created_at, provider, cost_nanos) "
            "SELECT id, 'model-' || (id * 7 % ?), 1000, 200, 100, 0, created_at, 'demo', 1 FROM runs",
            (MODELS,),
        )


def answers() -> Iterator[tuple[int, int, int, int, int]]:
    """Of each answer its id, its place, its server, who asked and when, in milliseconds."""
    luck, end_ms, year_ms = random.Random(0), int(END.timestamp() * 1000), int(YEAR.total_seconds() * 1000)
    for number in range(1, ANSWERS + 1):
        server = 0 if luck.random() < GREATEST_SHARE else luck.randrange(SERVERS)
        place = server * CHANNELS + luck.randrange(CHANNELS)
        at = end_ms - year_ms + year_ms * number // (ANSWERS + 1)
        yield number, place, server + 1, luck.randrange(MEMBERS), at


async def summed_ms(database: Database, subject: Subject) -> float:
    """The median time of all sums that a page shows."""
    times = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        report = await reported(database, subject)
        times.append(time.perf_counter() - start)
        if not report.models:
            raise AssertionError("the database was not filled")
    return median(times) * 1000


async def drawn_seconds(database: Database) -> float:
    """The median time of a picture, with the program that draws it."""
    report = await reported(database, SUBJECTS["the greatest server"])
    nobody = SimpleNamespace(get_channel=lambda _: None, get_guild=lambda _: None)
    days = last_days(END, UTC, DAYS)
    chart, times = chart_of(report, By.DAY, days, Names(nobody, of_servers=False)), []
    for _ in range(LOOKS):
        start = time.perf_counter()
        if await Painter().draw(chart) is None:
            raise AssertionError("the picture was not drawn")
        times.append(time.perf_counter() - start)
    return median(times)


async def reported(database: Database, subject: Subject) -> usage.Report:
    """A month of a zone in which clocks are changed."""
    async with database.read() as transaction:
        return await usage.report(transaction, subject, last_days(END, ZoneInfo("Europe/Berlin"), DAYS))
