"""What a start finds to make up for."""

from __future__ import annotations

from datetime import timedelta

from bot.runs.model import Cause
from bot.runs.recovery import Recovery
from bot.runs.watermark import Watermark, first_id
from bot.store import conversations, deadlines, runs
from bot.store.conversations import Place, Scope
from bot.store.database import Database
from bot.store.schema import conversations as table
from tests.store.stories import NOW, answer, ask, claim_one, converse, later, place

HOUR = timedelta(hours=1)


def recovery(database: Database, *, now_seconds: float = 0, max_age: timedelta = HOUR) -> Recovery:
    """What makes up for the past, so many seconds after the story began."""
    return Recovery(
        database,
        Watermark(database, 0, None),
        max_age=max_age,
        run_timeout=timedelta(minutes=10),
        clock=lambda: later(now_seconds),
    )


async def test_reading_begins_shortly_before_the_mark(database: Database) -> None:
    """Messages of two channels may overtake each other, so the last ten seconds are read once more."""
    assert recovery(database).reads_after(first_id(later(-60))) == first_id(later(-70))


async def test_reading_begins_no_earlier_than_the_host_wants(database: Database) -> None:
    """Who asked a day ago is not surprised by an answer now."""
    assert recovery(database).reads_after(first_id(later(-86_400))) == first_id(later(-3600))
    assert recovery(database).reads_after(0) == first_id(later(-3600))


async def test_nothing_is_read_at_the_first_start_or_if_the_host_says_so(database: Database) -> None:
    """Without a mark nothing was ever heard; with an age of zero nothing is made up for."""
    assert recovery(database).reads_after(None) is None
    assert recovery(database, max_age=timedelta(0)).reads_after(first_id(later(-60))) is None


async def test_question_that_waited_for_a_process_gets_more_time(database: Database) -> None:
    """A run that is overdue after an outage is queued or orphaned still, and has ten minutes again."""
    async with database.write() as connection:
        await ask(connection, await converse(connection, 1))
        await claim_one(connection)
        await ask(connection, await converse(connection, 2))
    await recovery(database, now_seconds=1800).renew_runs()
    async with database.read() as connection:
        deadlines = [run.expires_at for number in (1, 2) if (run := await runs.get(connection, number)) is not None]
    assert deadlines == [later(2400), later(2400)]


async def test_old_or_timely_or_private_or_ended_question_keeps_its_deadline(database: Database) -> None:
    """More time is for what can still be answered, was asked lately, and has none left."""
    async with database.write() as connection:
        await answer(connection, await converse(connection, 1), "done")
        await ask(connection, await converse(connection, 2), expires_at=later(7200))
    await recovery(database, now_seconds=1800).renew_runs()
    async with database.write() as connection:
        assert [run.expires_at for run in await deadlines.overdue(connection, later(9999))] == [later(7200)]
        private = await conversations.find(connection, place(3, scope=Scope.PRIVATE, member_id=7), NOW)
        await ask(connection, private, interaction_token="token")
        await ask(connection, await converse(connection, 4))
    await recovery(database, now_seconds=3601).renew_runs()
    async with database.read() as connection:
        assert [run.expires_at for run in await deadlines.overdue(connection, later(3601))] == [later(600), later(600)]
    await recovery(database, now_seconds=1800).renew_runs()
    async with database.read() as connection:
        assert [run.id for run in await deadlines.overdue(connection, later(1800))] == [3]


async def test_only_what_was_decided_gets_more_time(database: Database) -> None:
    """Who approved something hours after the question is not let down by a restart; who did not had their time."""
    async with database.write() as connection:
        for number in (1, 2):
            await ask(connection, await converse(connection, number))
            run = await claim_one(connection)
            await runs.move(connection, run.id, Cause.TOOL_CALLS, NOW)
            await runs.move(connection, run.id, Cause.PERSON_ASKED, NOW, expires_at=later(20_000))
        await runs.move(connection, 2, Cause.PERSON_ANSWERED, later(19_000), expires_at=later(19_600))
    await recovery(database, now_seconds=20_500).renew_runs()
    async with database.read() as connection:
        assert [run.id for run in await deadlines.overdue(connection, later(20_500))] == [1]


async def test_clock_that_was_set_leaves_people_their_time(database: Database) -> None:
    """Who was given hours to decide has them still, and other answers have ten minutes."""
    async with database.write() as connection:
        for number in (1, 2):
            await ask(connection, await converse(connection, number))
            await claim_one(connection)
        await runs.move(connection, 1, Cause.TOOL_CALLS, NOW)
        await runs.move(connection, 1, Cause.PERSON_ASKED, later(100), expires_at=later(7300))
        await deadlines.give_time(connection, later(100_000), timedelta(minutes=10))
        waiting, other = [run for number in (1, 2) if (run := await runs.get(connection, number)) is not None]
    assert (waiting.waiting_since, waiting.expires_at) == (later(100_000), later(107_200))
    assert other.expires_at == later(100_600)


async def test_active_places_are_those_of_the_last_answers(database: Database) -> None:
    """The latest first, each once, direct messages too; neither private talk nor what was closed."""
    async with database.write() as connection:
        for number in (1, 2, 3, 1):
            await answer(connection, await converse(connection, number), "hello")
        direct = await conversations.find(connection, Place(place_id=4, guild_id=None, scope=Scope.CHANNEL), NOW)
        await answer(connection, direct, "hello")
        await answer(connection, await conversations.find(connection, place(5, scope=Scope.PRIVATE), NOW), "psst")
        await connection.execute(table.update().where(table.c.place_id == 2).values(closed_at=NOW))
    assert list((await recovery(database).places()).items()) == [(4, None), (1, 1), (3, 1)]
    async with database.read() as connection:
        assert [found.place_id for found in await conversations.active_places(connection, 3)] == [4, 1]
