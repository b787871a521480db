"""What changes in Discord do to the tables, where no scenario can hold a run still."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.budgets.model import Counted
from bot.place_settings.chosen import PlaceValues
from bot.runs.changes import ANSWER_DELETED, ChangeService
from bot.runs.model import Cause, Run, Status
from bot.runs.queue import RunDefaults
from bot.store import guilds, messages, replies, runs
from bot.store.database import Database, Transaction
from bot.store.schema import notices, run_events
from tests.store.stories import ASKER_ID, NOW, PLACE_ID, ask, claim_one, converse, history, later, say

PAGE_ID = 77
NOTHING_COUNTS = Counted(guild_id=None)


class Interrupted:
    """A worker that only notes whom it was told to interrupt."""

    def __init__(self) -> None:
        self.run_ids: list[int] = []

    def wake(self) -> None:
        """Nothing is carried out here."""

    def interrupt(self, run_id: int) -> None:
        """Note it."""
        self.run_ids.append(run_id)

    def decided(self, run_id: int) -> None:
        """Nobody decides anything here."""

    async def settled(self, run_id: int) -> bool:  # noqa: ARG002 - nothing is under way here
        """Nothing is under way here."""
        return False


class Unlimited:
    """Nothing counts."""

    async def of(
        self,
        guild_id: int | None,
        channel_id: int,  # noqa: ARG002
        user_id: int,  # noqa: ARG002
        chosen: PlaceValues | None = None,  # noqa: ARG002
    ) -> Counted:
        """No budget."""
        return Counted(guild_id=guild_id)

    async def take_question(self, transaction: Transaction, counted: Counted) -> None:
        """It is not counted."""


@pytest.fixture
def worker() -> Interrupted:
    """Who is told."""
    return Interrupted()


@pytest.fixture
def changes(database: Database, worker: Interrupted) -> ChangeService:
    """Changes, ten seconds after the story began."""
    return ChangeService(
        database,
        worker,
        Unlimited(),
        defaults=RunDefaults(model="demo/small", timeout=timedelta(minutes=10)),
        edit_window=timedelta(minutes=15),
        count_tokens=len,
        clock=lambda: later(10),
    )


async def asked(connection: AsyncConnection, *texts: str) -> Run:
    """A claimed run that answers these messages, whose Discord ids count from 1, on one page."""
    conversation = await converse(connection)
    for number, text in enumerate(texts, start=1):
        await say(connection, conversation, text, discord_id=number)
    run = await ask(connection, conversation)
    await replies.plan(connection, run.id, 0, PLACE_ID, "nonce", NOW)
    await replies.posted(connection, run.id, 0, PAGE_ID, NOW)
    return await claim_one(connection)


async def wait_for_tools(connection: AsyncConnection, run: Run) -> Run:
    """The run has asked for tools, after a few words."""
    await messages.add_answer(connection, run, "Let me see.", 3, later(2))
    return await runs.move(connection, run.id, Cause.TOOL_CALLS, later(2), text="Let me see.")


async def test_edit_while_tools_run_takes_back_what_asked_for_them(
    database: Database, changes: ChangeService, worker: Interrupted
) -> None:
    """The new attempt has nothing of the old one before it, neither its words nor its calls."""
    async with database.write() as connection:
        run = await wait_for_tools(connection, await asked(connection, "old"))
    await changes.edit(1, "new", NOTHING_COUNTS)
    async with database.read() as connection:
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert (stored.status, stored.attempt, stored.text) == (Status.IN_PROGRESS, run.attempt + 1, "")
        assert await history(connection, run) == ["new"]
    assert worker.run_ids == [run.id]


async def test_edit_of_a_question_whose_answer_is_being_stopped_does_not_begin_it_anew(
    database: Database, changes: ChangeService, worker: Interrupted
) -> None:
    """A wish to stop is stronger: the words change, the attempt stays."""
    async with database.write() as connection:
        run = await asked(connection, "old")
        await runs.request_cancel(connection, run.id, ASKER_ID, later(3))
    await changes.edit(1, "new", NOTHING_COUNTS)
    async with database.read() as connection:
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert stored.attempt == run.attempt
        assert await history(connection, run) == ["new"]
    assert worker.run_ids == []


async def test_edit_of_a_question_that_was_handed_back_forgets_its_first_words(
    database: Database, changes: ChangeService
) -> None:
    """Who claims the run next does not go on with an answer to what is no longer asked."""
    async with database.write() as connection:
        run = await asked(connection, "old")
        await runs.move(connection, run.id, Cause.HANDED_BACK, later(3), text="First words")
    await changes.edit(1, "new", NOTHING_COUNTS)
    async with database.read() as connection:
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert (stored.status, stored.text) == (Status.QUEUED, "")


async def test_deleted_question_of_two_does_not_stop_a_run_with_tools(
    database: Database, changes: ChangeService, worker: Interrupted
) -> None:
    """As long as one question is left it is answered; with the last one the run is stopped."""
    async with database.write() as connection:
        run = await wait_for_tools(connection, await asked(connection, "one", "two"))
    await changes.forget([1])
    assert worker.run_ids == []
    await changes.forget([2])
    async with database.read() as connection:
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert stored.cancel_requested_at == later(10)
    assert worker.run_ids == [run.id]


@pytest.mark.parametrize("cause", [None, Cause.HANDED_BACK, Cause.TOOL_CALLS])
async def test_deleted_answer_ends_its_run_whatever_it_waits_for(
    database: Database, changes: ChangeService, worker: Interrupted, cause: Cause | None
) -> None:
    """In progress, in line or waiting for tools: it is cancelled and delivered, and what it wrote is hidden."""
    async with database.write() as connection:
        run = await asked(connection, "question")
        await messages.add_answer(connection, run, "First words", 2, later(2))
        if cause is not None:
            await runs.move(connection, run.id, cause, later(3))
    await changes.forget([PAGE_ID])
    async with database.read() as connection:
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert (stored.status, stored.failure, stored.delivered_at) == (Status.CANCELLED, ANSWER_DELETED, later(10))
        assert await history(connection, run) == ["question"]
    assert worker.run_ids == [run.id]


async def test_what_concerns_nobody_changes_nothing(
    database: Database, changes: ChangeService, worker: Interrupted
) -> None:
    """Most messages that are edited or deleted in a server are none of the bot's business."""
    async with database.write() as connection:
        await asked(connection, "question")
    async with database.read() as connection:
        before = (await connection.execute(select(run_events))).all()
    await changes.forget([5, 6])
    await changes.edit(5, "new", NOTHING_COUNTS)
    await changes.lose_place(5, "It is gone.")
    await changes.lose_guild(5)
    async with database.read() as connection:
        assert (await connection.execute(select(run_events))).all() == before
    assert worker.run_ids == []


async def test_lost_server_costs_as_much_however_many_places_it_had(
    database: Database, changes: ChangeService, worker: Interrupted
) -> None:
    """One look finds the runs to end among all its conversations, for everything else waits meanwhile."""
    counts: list[int] = []
    for place_ids in (range(1), range(50)):
        async with database.write() as connection:
            run = await ask(connection, [await converse(connection, place_id) for place_id in place_ids][-1])
        with statements() as said:
            await changes.lose_guild(1)
        counts.append(len(said))
        async with database.read() as connection:
            assert (await runs.live(connection, run.conversation_id)) is None
    assert counts[0] == counts[1]
    assert len(worker.run_ids) == 2


async def test_server_without_a_word_is_lost_and_regained_too(database: Database, changes: ChangeService) -> None:
    """One of which only a tool or a notice is known counts as lost while Discord does not list it."""
    async with database.write() as connection:
        for guild_id in (1, 2):
            await connection.execute(insert(notices).values(guild_id=guild_id, subject="x", told_at=NOW))
    await changes.compare({2}, ())
    async with database.read() as connection:
        assert await guilds.lost(connection) == {1}
        assert await guilds.expired(connection, later(10)) == (1,)
    await changes.compare({1, 2}, ())
    async with database.read() as connection:
        assert await guilds.lost(connection) == frozenset()


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked in this block."""
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield said
    event.remove(Engine, "before_cursor_execute", note)
