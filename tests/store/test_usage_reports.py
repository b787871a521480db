"""Usage summed up: for whom, of which day, by model, place and member."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.days import Days, last_days
from bot.providers.events import Usage
from bot.store import command_usage, conversations, usage
from bot.store.conversations import Scope
from bot.store.database import Database
from bot.store.schema import runs
from bot.store.schema import usage as usage_table
from bot.store.usage import Report
from bot.usage.subject import Asked, Subject, Whose
from tests.store.stories import ASKER_ID, NOW, PLACE_ID, answer, converse, later, place

OTHER_ID, OTHER_PLACE_ID = ASKER_ID + 1, PLACE_ID + 1
WEEK = last_days(NOW, UTC, 7)
ME = Subject(whose=Whose.ME, id=ASKER_ID)
SERVER = Subject(whose=Whose.SERVER, guild_id=1)


async def used(
    connection: AsyncConnection,
    tokens: int,
    *,
    place_id: int = PLACE_ID,
    asker_id: int = ASKER_ID,
    scope: Scope = Scope.CHANNEL,
    guild_id: int | None = 1,
    at: datetime = NOW,
    model: str = "small",
) -> int:
    """Somebody was answered, and it took so many tokens."""
    conversation = await conversations.find(connection, place(place_id, scope=scope), NOW)
    run = await answer(connection, conversation, "words")
    await connection.execute(update(runs).where(runs.c.id == run.id).values(asker_id=asker_id, guild_id=guild_id))
    counted = Usage(input_tokens=tokens, output_tokens=0, cost_nanos=tokens)
    await usage.record(connection, run.id, model, counted, at, provider="demo")
    return run.id


async def used_by_command(
    connection: AsyncConnection,
    tokens: int,
    *,
    place_id: int = PLACE_ID,
    asker_id: int = ASKER_ID,
    scope: Scope = Scope.CHANNEL,
    guild_id: int | None = 1,
    at: datetime = NOW,
    model: str = "small",
) -> None:
    """The same for a command that had a model do something, with no run behind it."""
    counted = Usage(input_tokens=tokens, output_tokens=0, cost_nanos=tokens)
    asked = Asked(user_id=asker_id, guild_id=guild_id, place_id=place_id, is_private=scope is Scope.PRIVATE)
    await command_usage.record(connection, asked, model, counted, at, provider="demo")


def by_member(report: Report) -> dict[int, int]:
    """The tokens of each member."""
    return {part.member_id: part.tokens for part in report.members}


@pytest.fixture(params=[used, used_by_command])
async def busy(database: Database, request: pytest.FixtureRequest) -> Database:
    """Two people in two channels of a server, one of them also in private, elsewhere and long ago."""
    async with database.write() as connection:
        use = partial(request.param, connection)
        await use(1)
        await use(10, asker_id=OTHER_ID)
        await use(100, place_id=OTHER_PLACE_ID, model="large")
        await use(1000, scope=Scope.PRIVATE)
        await use(10_000, place_id=9, guild_id=2)
        await use(100_000, place_id=8, guild_id=None)
        await use(1_000_000, at=NOW - timedelta(days=7))
        await use(10_000_000, asker_id=0)
    return database


@pytest.mark.parametrize(
    ("subject", "tokens", "places", "members"),
    [
        (ME, 111_101, {PLACE_ID: 1001, OTHER_PLACE_ID: 100, 9: 10_000, 8: 100_000}, {}),
        (SERVER, 10_001_111, {PLACE_ID: 10_000_011, OTHER_PLACE_ID: 100, None: 1000}, {ASKER_ID: 101, OTHER_ID: 10}),
        (Subject(whose=Whose.CHANNEL, id=PLACE_ID, guild_id=1), 10_000_011, {PLACE_ID: 10_000_011}, {}),
        (Subject(whose=Whose.CHANNEL, id=PLACE_ID, guild_id=2), 0, {}, {}),
        (Subject(whose=Whose.MEMBER, id=ASKER_ID, guild_id=1), 101, {PLACE_ID: 1, OTHER_PLACE_ID: 100}, {}),
        (Subject(whose=Whose.MEMBER, id=ASKER_ID, guild_id=3), 0, {}, {}),
        (Subject(whose=Whose.HOST), 10_111_111, {None: 10_111_111}, {}),
    ],
    ids=lambda value: str(value.whose) if isinstance(value, Subject) else "",
)
async def test_usage_is_that_of_the_subject(
    busy: Database, subject: Subject, tokens: int, places: dict[int | None, int], members: dict[int, int]
) -> None:
    """One's own everywhere; others' in this server alone, and what was private in the sums of the server alone."""
    async with busy.read() as connection:
        report = await usage.report(connection, subject, WEEK)
        lines = list(await usage.lines(connection, subject, WEEK, 100))
    assert sum(part.tokens for part in report.models) == tokens
    found = Counter[int | None]()
    for part in report.places:
        found[part.place_id] += part.tokens
    assert found == places
    if subject.whose is Whose.SERVER:
        assert by_member(report) == members | {0: 10_000_000}
    assert bool(report.members) == (subject.shows_members and bool(tokens))
    assert sum(line.tokens for line in lines) == tokens
    assert {line.place_id for line in lines} == set(places)


async def test_server_of_the_host_is_told_apart(busy: Database) -> None:
    """The host reads of servers, and of all direct messages together."""
    async with busy.read() as connection:
        report = await usage.report(connection, Subject(whose=Whose.HOST), WEEK)
    assert {part.guild_id: part.tokens for part in report.places} == {1: 10_001_111, 2: 10_000, None: 100_000}


async def test_commands_and_answers_are_summed_up_together(database: Database) -> None:
    """Of the same day, model, place and member there is one sum, whatever it came of."""
    async with database.write() as connection:
        await used(connection, 1)
        await used_by_command(connection, 10)
        report = await usage.report(connection, SERVER, WEEK)
        (line,) = await usage.lines(connection, SERVER, WEEK, 9)
    for (part,) in (report.models, report.places, report.members, [line]):
        assert (part.answers, part.tokens, part.cost_nanos) == (2, 11, 11)


async def test_members_are_those_who_took_most(database: Database) -> None:
    """However many there were: a page has no room for all of them."""
    async with database.write() as connection:
        for number in range(1, 13):
            await used(connection, number, asker_id=number)
        report = await usage.report(connection, SERVER, WEEK)
    assert by_member(report) == {number: number for number in range(3, 13)}
    assert sum(part.answers for part in report.models) == 12


async def test_models_are_told_apart_by_day(database: Database) -> None:
    """Each with all its sums; a price that is not known is counted, and so is what was estimated."""
    async with database.write() as connection:
        for tokens, days in ((1, 0), (2, 0), (4, 1)):
            await used(connection, tokens, at=NOW - timedelta(days=days))
        run = await answer(connection, await converse(connection), "words")
        guessed = Usage(input_tokens=8, output_tokens=16, cached_tokens=4, reasoning_tokens=2, is_estimated=True)
        await usage.record(connection, run.id, "small", guessed, later(0), provider="demo")
        report = await usage.report(connection, ME, WEEK)
    today, yesterday = sorted(report.models, key=lambda part: -part.day)
    assert (today.day, today.provider, today.model, today.answers, today.unpriced) == (6, "demo", "small", 3, 1)
    assert (today.input_tokens, today.output_tokens, today.cached_tokens, today.reasoning_tokens) == (11, 16, 4, 2)
    assert (today.cost_nanos, today.is_estimated) == (3, True)
    assert (yesterday.day, yesterday.tokens, yesterday.is_estimated) == (5, 4, False)


async def test_lines_are_the_newest(database: Database) -> None:
    """Where there are more than a file holds, the oldest days are left out."""
    async with database.write() as connection:
        for day in range(4):
            await used(connection, 1, at=NOW - timedelta(days=day))
        lines = list(await usage.lines(connection, ME, WEEK, 2))
    assert [line.day for line in lines] == [6, 5]


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Europe/Berlin", datetime(2026, 11, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 4, 10, tzinfo=UTC)),
        ("America/Santiago", datetime(2025, 9, 20, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 20, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 6, 1, tzinfo=UTC)),
        ("Africa/Casablanca", datetime(2026, 3, 30, tzinfo=UTC)),  # two changes within a season
        ("Pacific/Apia", datetime(2012, 1, 10, tzinfo=UTC)),  # a day was left out
    ],
)
async def test_day_is_that_of_the_zone(database: Database, zone: str, now: datetime) -> None:
    """Whatever the clocks do, what the database divides is what a calendar of the zone says."""
    days = last_days(now, ZoneInfo(zone), 90)
    expected = Counter[int]()
    async with database.write() as connection:
        run = await answer(connection, await converse(connection), "words")
        template = (await connection.execute(runs.select().where(runs.c.id == run.id))).mappings().one()
        for number, at in enumerate(moments(days), start=1000):
            expected[days.dates.index(at.astimezone(ZoneInfo(zone)).date())] += 1
            await connection.execute(insert(runs).values({**template, "id": number}))
            row = {"run_id": number, "model": "m", "created_at": at}
            counts = dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"), 1)
            await connection.execute(insert(usage_table).values(**row, **counts))
        report = await usage.report(connection, ME, days)
    assert {part.day: part.answers for part in report.models} == expected


def moments(days: Days) -> list[datetime]:
    """The first and the last millisecond of each day, and some in between."""
    random, step = Random(7), timedelta(milliseconds=1)  # noqa: S311 - nothing is kept secret
    edges = [edge for begin in days.begins_at[:-1] for edge in (begin, begin - step) if edge >= days.begins_at[0]]
    length = (days.begins_at[-1] - days.begins_at[0]) // step
    return [*edges, *(days.begins_at[0] + step * random.randrange(length) for _ in range(100))]
