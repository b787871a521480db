"""Deleting what is stored about a person: all of it, nothing of others, and to the end after any interruption."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.privacy.forgetting import Forgetting
from bot.providers.events import Usage
from bot.runs.model import RunKind
from bot.runs.queue import RunDefaults
from bot.store import (
    bookmarks,
    command_usage,
    conversations,
    jobs,
    messages,
    reminders,
    runs,
    schema,
    tool_calls,
    usage,
)
from bot.store.conversations import Place, Scope
from bot.store.database import Database
from bot.store.jobs import Job, JobName
from bot.store.messages import NewMessage
from bot.store.reminders import NewReminder
from bot.store.schema import metadata
from bot.tools.model import Outcome
from bot.usage.subject import Asked
from tests.store.stories import NOW, answer, converse, later, place, say

ADA, LINUS = 1_300_000_000_000_000_007, 1_300_000_000_000_000_008  # the stories are Ada's
SECRET = "swordfish"
DEFAULTS = RunDefaults(model="demo/small", timeout=timedelta(seconds=600))


class Worker:
    """Nobody works here."""

    def wake(self) -> None:
        """Nobody sleeps."""

    def interrupt(self, run_id: int) -> None:
        """Nothing goes on."""

    def decided(self, run_id: int) -> None:
        """Nothing waits."""

    async def settled(self, run_id: int) -> bool:  # noqa: ARG002 - the interface
        """Nothing is under way here."""
        return False


class Keepers:
    """Providers that note what they are to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    async def forget(self, provider: str, bookmark: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Note it."""
        self.forgotten.append(bookmark["thread_id"])


class Failing(Database):
    """A database that can be written so many times."""

    left = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """As ever, until it cannot."""
        if not self.left:
            raise StoreError("The disk of the database is full.")
        self.left -= 1
        async with super().write() as connection:
            yield connection


def new(author_id: int, text: str, **quoted: Any) -> NewMessage:
    """What somebody says."""
    return NewMessage(
        discord_id=None,
        author_id=author_id,
        author_name="Ada" if author_id == ADA else "Linus",
        text=text,
        tokens=1,
        created_at=NOW,
        **quoted,
    )


async def talk(connection: AsyncConnection, at: Place, text: str) -> int:
    """Ada asks in a place and is answered, which costs something: the run."""
    conversation = await conversations.find(connection, at, NOW)
    await messages.append(connection, conversation, new(ADA, text))
    run = await answer(connection, conversation, f"answer in {at.place_id}")
    await usage.record(connection, run.id, "model", Usage(input_tokens=10, output_tokens=1), NOW)
    await runs.mark_delivered(connection, run.id, later(3))
    return run.id


async def fill(connection: AsyncConnection) -> None:
    """Ada is everywhere: in a channel with Linus, in private, in direct messages, in every table that names people."""
    shared = await converse(connection, 1)
    run_id = await talk(connection, place(1), SECRET)
    quoted = {"quote_author": "Ada", "quote_text": SECRET, "quote_author_id": ADA}
    await messages.append(connection, shared, new(LINUS, "Linus's own", **quoted))
    later_run = await answer(connection, shared, "to Linus")
    await runs.mark_delivered(connection, later_run.id, later(3))
    table = schema.runs
    await connection.execute(update(table).where(table.c.id == later_run.id).values(asker_id=LINUS))
    run = await runs.get(connection, run_id)
    assert run is not None
    await bookmarks.put(connection, run, "demo", {"thread_id": "shared"}, NOW)
    for at in (
        place(1, scope=Scope.PRIVATE, member_id=ADA),
        place(2, scope=Scope.MEMBER, member_id=ADA),
        Place(place_id=3, guild_id=None, scope=Scope.CHANNEL),
    ):
        own = await runs.get(connection, await talk(connection, at, SECRET))
        assert own is not None
        await bookmarks.put(connection, own, "demo", {"thread_id": f"own {own.id}"}, NOW)
    await be_named(connection, run_id)


async def be_named(connection: AsyncConnection, run_id: int) -> None:
    """Ada decides, is reminded, changes settings and uses tools."""
    asking = await messages.history(connection, 1, 0, before_or_of_run=run_id, limit=1)
    call = {"run_id": run_id, "message_id": asking[0].id, "position": 0, "call_id": "1", "name": "ask_user"}
    adding = insert(schema.tool_calls).values(call | {"arguments": "{}"}).returning(schema.tool_calls.c.id)
    call_id = await connection.scalar(adding)
    assert call_id is not None
    await tool_calls.finish(connection, call_id, SECRET, Outcome.ANSWERED, NOW, by=ADA)
    approval = {"conversation_id": 1, "epoch": 0, "tool": "roll", "approved_by": ADA, "approved_at": NOW}
    await connection.execute(insert(schema.tool_approvals), [approval | {"asker_id": id} for id in (ADA, LINUS)])
    reminder = NewReminder(user_id=ADA, guild_id=1, channel_id=1, text=SECRET, due_at=NOW, created_at=NOW)
    await reminders.add(connection, reminder)
    await reminders.add(connection, replace(reminder, user_id=LINUS, text="Tea"))
    setting = {"place_kind": "channel", "name": "seed", "value": 7, "set_by": ADA, "set_at": NOW}
    for at in ({"place_id": 1, "guild_id": 1}, {"place_id": 3, "guild_id": None}):
        await connection.execute(insert(schema.place_settings).values(setting | at))
        change = {"place_kind": "channel", "name": "seed", "changed_by": ADA, "changed_at": NOW}
        await connection.execute(insert(schema.setting_changes).values(change | at))
    window = {"place_kind": "guild", "place_id": 1, "subject": "each", "member_id": ADA, "guild_id": 1}
    used = {"tokens": 1, "cost_nanos": 1, "questions": 1, "period": "hour"}
    for starts_at in (NOW - timedelta(days=3), NOW):
        await connection.execute(insert(schema.budget_windows).values(window | used | {"starts_at": starts_at}))
    tool = {"guild_id": 1, "name": "x", "description": "", "parameters": {}, "method": "GET", "url": ""}
    traits = {"needs_approval": False, "is_idempotent": False, "timeout_seconds": 1.0, "is_enabled": True}
    access = {"role_ids": [], "channel_ids": [], "created_by": ADA, "created_at": NOW, "changed_at": NOW}
    adding = insert(schema.http_tools).values(tool | traits | access).returning(schema.http_tools.c.id)
    use = {"tool_id": await connection.scalar(adding), "at": NOW, "user_id": ADA, "channel_id": 1, "milliseconds": 1}
    await connection.execute(insert(schema.http_tool_calls).values(use | {"outcome": "done"}))
    for guild_id, place_id in ((1, 1), (None, 3)):
        asked, counted = (
            Asked(user_id=ADA, guild_id=guild_id, place_id=place_id),
            Usage(input_tokens=100, output_tokens=1),
        )
        await command_usage.record(connection, asked, "model", counted, NOW, provider="demo")
    for member in (ADA, LINUS):
        told = f"budget:guild/5 each {member} tokens day 2026-11-22T00:00Z 80"  # as bot.budgets.news notes it
        await connection.execute(insert(schema.notices).values(guild_id=5, subject=told, told_at=NOW))


async def holding(connection: AsyncConnection, *private: str) -> list[str]:
    """The tables that hold any of this."""
    found = list[str]()
    for name, table in metadata.tables.items():
        for row in await connection.execute(select(table)):
            if any(each in str([str(value) for value in row]) for each in private):
                found.append(name)
    return found


async def carry_out(database: Database, keepers: Keepers | None = None) -> None:
    """All that is asked for is deleted."""
    forgetting = Forgetting(
        database, Worker(), keepers or Keepers(), defaults=DEFAULTS, clock=lambda: NOW + timedelta(minutes=1)
    )
    running = asyncio.create_task(forgetting.run())
    job_id = await forgetting.ask(ADA)
    await forgetting.finished(job_id)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_nothing_of_the_person_is_left_and_everything_of_others(database: Database) -> None:
    """No table has their id or words but the budget that is running; the answers to all, and what Linus said, stay."""
    async with database.write() as connection:
        await fill(connection)
    keepers = Keepers()
    await carry_out(database, keepers)
    async with database.read() as connection:
        assert await holding(connection, str(ADA), SECRET, "Ada") == ["budget_windows"]
        said = [(row.text, row.author_name) for row in await connection.execute(select(schema.messages))]
        assert said == [("", "someone"), ("answer in 1", None), ("Linus's own", "Linus"), ("to Linus", None)]
        assert [row.text for row in await connection.execute(select(schema.reminders))] == ["Tea"]
        assert [row.asker_id for row in await connection.execute(select(schema.tool_approvals))] == [LINUS]
        spent = await usage.spent_since(connection, NOW)
        assert [(each.answers, each.input_tokens) for each in spent] == [(4, 40), (2, 200)]
        asked = await connection.execute(select(schema.command_usage))
        assert [(row.guild_id, row.place_id, row.user_id) for row in asked] == [(1, 1, 0), (None, 0, 0)]
        assert [row.place_id for row in await connection.execute(select(schema.place_settings))] == [1]
        places = [(row.place_id, row.scope) for row in await connection.execute(select(schema.conversations))]
        assert places == [(1, "channel"), (1, "private"), (2, "member"), (0, "channel")]
    assert sorted(keepers.forgotten) == ["own 3", "own 4", "own 5", "shared"]


async def test_deletion_goes_on_after_any_interruption(database: Database, url: str) -> None:
    """Whatever commit was the last one, the next start finishes it, and forgets whom it was for."""
    async with database.write() as connection:
        await fill(connection)
        await jobs.begin(connection, JobName.DELETION, later(60), user_id=ADA)
    interruptions = 0
    async with Failing.open(url) as failing:
        while left := await unfinished(database):
            failing.left = 4 + interruptions % 3  # each start stops first, and looks at what was under way
            forgetting = Forgetting(failing, Worker(), Keepers(), defaults=DEFAULTS, clock=lambda: later(60))
            try:
                await forgetting.carry_out(left[0])
            except StoreError:
                interruptions += 1
            assert interruptions < 100
    assert interruptions > 3
    async with database.read() as connection:
        assert await holding(connection, str(ADA), SECRET, "Ada") == ["budget_windows"]


async def unfinished(database: Database) -> tuple[Job, ...]:
    """The deletions that are not over."""
    async with database.read() as connection:
        return await jobs.unfinished(connection, JobName.DELETION)


async def test_many_messages_are_deleted_in_parts(database: Database, url: str) -> None:
    """No transaction changes more than some hundred rows, so that answers wait for none of it."""
    async with database.write() as connection:
        conversation = await converse(connection, 1)
        for _ in range(450):
            await say(connection, conversation, SECRET)
        await talk(connection, place(1), SECRET)
    async with Failing.open(url) as counting:
        counting.left = 1000
        await carry_out(counting)
        assert 1000 - counting.left >= 5  # asked for, stopped, three parts
    async with database.read() as connection:
        assert await holding(connection, str(ADA), SECRET) == []
        (job,) = await jobs.newest(connection, 1)
        assert job.done >= 451


async def test_what_is_said_after_it_was_asked_for_stays(database: Database) -> None:
    """Who speaks again while it is being deleted is answered, as anybody who is new."""
    async with database.write() as connection:
        conversation = await converse(connection, 1)
        await talk(connection, place(1), SECRET)
        await messages.append(connection, conversation, replace(new(ADA, "again"), created_at=later(120)))
    await carry_out(database)
    async with database.read() as connection:
        assert [message.text for message in await messages.waiting(connection, conversation)] == ["again"]


async def test_what_waited_is_deleted_though_something_newer_is_answered(database: Database) -> None:
    """In a conversation of Ada's own, a question that she asks meanwhile stands in nobody's way."""
    direct = Place(place_id=3, guild_id=None, scope=Scope.CHANNEL)
    async with database.write() as connection:
        conversation = await conversations.find(connection, direct, NOW)
        await messages.append(connection, conversation, new(ADA, SECRET))
        await enqueue(connection, conversation.id, later(120))
    await carry_out(database)
    async with database.read() as connection:
        assert await holding(connection, SECRET) == []
        live = await runs.live(connection, conversation.id)
    assert live is not None
    assert live.cancel_requested_at is None


async def test_live_runs_are_stopped_first(database: Database) -> None:
    """What is being answered ends, and what waits is not answered any more."""
    async with database.write() as connection:
        conversation = await converse(connection, 1)
        await say(connection, conversation, SECRET)
        queued = await enqueue(connection, conversation.id)
    await carry_out(database)
    async with database.read() as connection:
        stopped = await runs.get(connection, queued)
    assert stopped is not None
    assert (stopped.status, stopped.asker_id) == ("cancelled", 0)


async def enqueue(connection: AsyncConnection, conversation_id: int, now: datetime = NOW) -> int:
    """A run in line for Ada."""
    run = await runs.enqueue(
        connection,
        runs.NewRun(
            conversation_id=conversation_id,
            epoch=0,
            kind=RunKind.ANSWER,
            model="demo/small",
            provider="demo",
            place_id=1,
            guild_id=1,
            asker_id=ADA,
            question_id=None,
            previous_run_id=None,
            interaction_token=None,
            expires_at=later(600),
        ),
        now,
    )
    return run.id
