"""Retention: what was said in a lost place is deleted whole, and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.place_settings.chosen import Choice, PlaceValues
from bot.places import Place
from bot.privacy.retention import Retention
from bot.providers.events import RemoteStep, Usage
from bot.runs.model import Run
from bot.store import (
    bookmarks,
    carried,
    command_usage,
    conversations,
    guilds,
    jobs,
    messages,
    remote_steps,
    replies,
    retention,
    runs,
    schema,
    usage,
)
from bot.store.conversations import Conversation
from bot.store.database import Database
from bot.store.erasing import AT_ONCE
from bot.store.schema import metadata, tool_approvals, tool_calls, tool_files
from bot.store.schema import runs as runs_table
from bot.usage.subject import Asked
from tests.store.stories import NOW, answer, ask, claim_one, converse, finish, later, say

OF_GUILDS = (
    "place_settings",
    "setting_changes",
    "budget_windows",
    "command_usage",
    "http_tools",
    "http_tool_calls",
    "reminders",
    "notices",
    "lost_guilds",
)
OF_NEITHER = {"shards", "opt_outs", "jobs"}
TABLES = tuple(name for name in metadata.tables if name not in {*OF_NEITHER, *OF_GUILDS})


async def talk(connection: AsyncConnection, place_id: int, *, turns: int = 1) -> Conversation:
    """A conversation with all that belongs to each turn, and a message that waits."""
    conversation = await converse(connection, place_id)
    previous: Run | None = None
    for _ in range(turns):
        await say(connection, conversation, "question")
        run = await answer(connection, conversation, "answer")
        await leave_traces(connection, run, previous)
        previous = run
    await say(connection, conversation, "waits")
    return conversation


async def leave_traces(connection: AsyncConnection, run: Run, previous: Run | None) -> None:
    """A row in every table that can refer to a run."""
    asking = await messages.add_answer(connection, run, "", 0, NOW)
    call = {"run_id": run.id, "message_id": asking, "position": 0, "call_id": "1", "name": "roll", "arguments": "{}"}
    call_id = await connection.scalar(insert(tool_calls).values(call).returning(tool_calls.c.id))
    file = {"run_id": run.id, "call_id": call_id, "name": "map.png", "description": "A map", "content": b"PNG"}
    await connection.execute(insert(tool_files).values(file))
    approval = {"conversation_id": run.conversation_id, "epoch": run.id, "tool": "roll", "asker_id": 1}
    await connection.execute(insert(tool_approvals).values(approval | {"approved_by": 1, "approved_at": NOW}))
    await connection.execute(insert(schema.alternatives).values(run_id=run.id, number=1, text="another"))
    reserved = {"run_id": run.id, "windows": [], "tokens": 1, "cost_nanos": 1, "created_at": NOW}
    await connection.execute(insert(schema.reservations).values(reserved))
    await carried.add(connection, run.id, asking, {"provider": "demo"})
    await bookmarks.put(connection, replace(run, epoch=run.id), "demo", {"thread_id": "thread_1"}, NOW)
    step = RemoteStep(id="step_1", remote_run_id="run_1", kind="message_creation", status="completed")
    await remote_steps.put(connection, run.id, step, NOW)
    await replies.plan(connection, run.id, 0, run.place_id, f"nonce {run.id}", NOW)
    await usage.record(connection, run.id, "model", Usage(input_tokens=1, output_tokens=1), NOW)
    if previous is not None:
        follows = update(runs_table).where(runs_table.c.id == run.id).values(previous_run_id=previous.id)
        await connection.execute(follows)
    await runs.mark_delivered(connection, run.id, later(3))


async def count(connection: AsyncConnection, names: Iterable[str] = TABLES) -> dict[str, int]:
    """How many rows each table has."""
    found = {name: select(func.count()).select_from(metadata.tables[name]) for name in names}
    return {name: await connection.scalar(statement) or 0 for name, statement in found.items()}


class Forgetful:
    """Providers that note what they are to forget."""

    def __init__(self, forgotten: list[str]) -> None:
        self.forgotten = forgotten

    async def forget(self, provider: str, bookmark: Mapping[str, Any]) -> None:
        """Note it."""
        self.forgotten.append(f"{provider} {bookmark['thread_id']}")


class Chosen:
    """Moderators who chose how long words are kept in their servers."""

    def __init__(self, days: Mapping[int, int]) -> None:
        self._days = days

    async def around(self, places: tuple[Place, ...]) -> PlaceValues:
        """What counts there."""
        (place,) = places
        choice = Choice(place=place, name="retention_days", value=self._days.get(place.id))
        return PlaceValues(places=places, known={(place, choice.name): choice}, defaults={})


def kept_for(database: Database, days: float, *, now_days: float) -> Retention:
    """Retention of so many days, so many days after the story began."""
    return Retention(
        database,
        Forgetful([]),
        Chosen({}),
        kept_after_removal=timedelta(days=days),
        default_days=None,
        clock=lambda: NOW + timedelta(days=now_days),
    )


async def test_conversations_of_a_lost_place_are_deleted_whole(database: Database) -> None:
    """After the retention all rows of lost places are gone, also of more runs than go at once, and no others."""
    async with database.write() as connection:
        await talk(connection, 1)
        expected = await count(connection)
        assert all(expected.values())
        for place_id, turns in ((2, 1), (3, retention.RUNS_AT_ONCE + 1)):
            await talk(connection, place_id, turns=turns)
            await conversations.close_place(connection, place_id, NOW)
    assert await kept_for(database, 30, now_days=29.9).delete_due() == 0
    assert await kept_for(database, 30, now_days=30).delete_due() == 2
    async with database.read() as connection:
        assert await count(connection) == expected
        assert await connection.scalar(select(runs_table.c.place_id)) == 1
    assert await kept_for(database, 30, now_days=31).delete_due() == 0


async def test_conversation_that_was_opened_again_is_kept(database: Database) -> None:
    """A server that the bot was invited to again keeps all that was said, even where it was about to be deleted."""
    async with database.write() as connection:
        conversation = await talk(connection, 1)
        expected = await count(connection)
        await conversations.close_guild(connection, 1, NOW)
        assert await retention.expired(connection, later(1)) == (conversation.id,)
        await conversations.reopen(connection, [1])
        assert await retention.expired(connection, later(1)) == ()
        assert not await retention.delete_part(connection, conversation.id, later(1))
        assert await count(connection) == expected


async def test_conversation_at_work_is_deleted_afterwards(database: Database) -> None:
    """Without any retention a run that just ends is waited for: nothing is deleted under its hands."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "question")
        await ask(connection, conversation)
        run = await claim_one(connection)
        await conversations.close_guild(connection, 1, NOW)
    assert await kept_for(database, 0, now_days=1).delete_due() == 0
    async with database.write() as connection:
        await finish(connection, run, "answer")
    assert await kept_for(database, 0, now_days=1).delete_due() == 0
    async with database.write() as connection:
        await runs.mark_delivered(connection, run.id, later(3))
    assert await kept_for(database, 0, now_days=1).delete_due() == 1
    async with database.read() as connection:
        assert set((await count(connection)).values()) == {0}


async def test_deleting_a_run_looks_for_those_that_follow_it_by_an_index(database: Database) -> None:
    """SQLite checks each reference to a deleted row; without an index it would walk through all runs for each."""
    async with database.read() as connection:
        rows = await connection.exec_driver_sql("EXPLAIN QUERY PLAN SELECT rowid FROM runs WHERE previous_run_id = 1")
        assert [row.detail for row in rows] == ["SEARCH runs USING COVERING INDEX ix_runs_previous (previous_run_id=?)"]


async def ask_by_command(connection: AsyncConnection, guild_id: int, days: float = 0) -> None:
    """Somebody has a command ask a model, which costs something."""
    counted, at = Usage(input_tokens=1, output_tokens=1), NOW + timedelta(days=days)
    asked = Asked(user_id=7, guild_id=guild_id, place_id=5)
    await command_usage.record(connection, asked, "model", counted, at, provider="demo")


async def furnish(connection: AsyncConnection, guild_id: int) -> None:
    """A row in every table that a guild has beside its conversations."""
    tool = {"guild_id": guild_id, "name": "x", "description": "", "parameters": {}, "method": "GET", "url": ""}
    traits = {"needs_approval": False, "is_idempotent": False, "timeout_seconds": 1.0, "is_enabled": True}
    access = {"role_ids": [], "channel_ids": [], "created_by": 1, "created_at": NOW, "changed_at": NOW}
    adding = insert(schema.http_tools).values(tool | traits | access).returning(schema.http_tools.c.id)
    call = {"tool_id": await connection.scalar(adding), "at": NOW, "user_id": 1, "channel_id": 1, "milliseconds": 1}
    await connection.execute(insert(schema.http_tool_calls).values(call | {"outcome": "done"}))
    setting = {"place_kind": "guild", "place_id": guild_id, "name": "seed", "guild_id": guild_id, "value": 7}
    await connection.execute(insert(schema.place_settings).values(setting | {"set_by": 1, "set_at": NOW}))
    change = {"place_kind": "guild", "place_id": guild_id, "name": "seed", "guild_id": guild_id, "changed_by": 1}
    await connection.execute(insert(schema.setting_changes).values(change | {"changed_at": NOW}))
    window = {"place_kind": "guild", "place_id": guild_id, "subject": "all", "member_id": 0, "period": "day"}
    used = {"starts_at": NOW, "guild_id": guild_id, "tokens": 1, "cost_nanos": 1, "questions": 1}
    await connection.execute(insert(schema.budget_windows).values(window | used))
    await ask_by_command(connection, guild_id)
    reminder = {"user_id": 1, "guild_id": guild_id, "channel_id": 1, "text": "", "due_at": NOW, "created_at": NOW}
    await connection.execute(insert(schema.reminders).values(reminder))
    await connection.execute(insert(schema.notices).values(guild_id=guild_id, subject="x", told_at=NOW))


async def test_what_a_lost_guild_had_is_deleted(database: Database) -> None:
    """After the retention its tools, switches, reminders and notices are gone, and those of no other guild."""
    async with database.write() as connection:
        for guild_id in (1, 2, 3):
            await furnish(connection, guild_id)
        assert await guilds.known(connection) == {1, 2, 3}
        await guilds.lose(connection, 2, NOW)
        await guilds.lose(connection, 2, later(1_000_000))
        await guilds.lose(connection, 3, NOW)
        await guilds.regain(connection, [3])
        expected = dict.fromkeys(OF_GUILDS, 2) | {"lost_guilds": 0}
    await kept_for(database, 30, now_days=29.9).delete_due()
    async with database.read() as connection:
        assert await guilds.known(connection) == {1, 2, 3}
    await kept_for(database, 30, now_days=30).delete_due()
    async with database.read() as connection:
        assert await guilds.known(connection) == {1, 3}
        assert await count(connection, OF_GUILDS) == expected
    async with database.write() as connection:
        await guilds.forget(connection, 1, later(1_000_000))
        assert await guilds.known(connection) == {1, 3}


def of_days(database: Database, days: Mapping[int, int], now_days: float, forgotten: list[str]) -> Retention:
    """Retention as moderators chose it, so many days after the story began."""
    return Retention(
        database,
        Forgetful(forgotten),
        Chosen(days),
        kept_after_removal=timedelta(days=30),
        default_days=None,
        clock=lambda: NOW + timedelta(days=now_days),
    )


async def talk_in(connection: AsyncConnection, guild_id: int, turns: int) -> Conversation:
    """A conversation in a guild, with all that belongs to each turn."""
    conversation = await talk(connection, guild_id, turns=turns)
    table = schema.conversations
    await connection.execute(update(table).where(table.c.id == conversation.id).values(guild_id=guild_id))
    await connection.execute(
        update(runs_table).where(runs_table.c.conversation_id == conversation.id).values(guild_id=guild_id)
    )
    return conversation


async def test_words_are_deleted_after_the_days_of_their_server(database: Database) -> None:
    """All words of a server that wants that are gone, of more runs than go at once; what they cost stays, of nobody."""
    async with database.write() as connection:
        await talk_in(connection, 1, 1)
        expected = await count(connection)
        await talk_in(connection, 2, retention.RUNS_AT_ONCE + 1)
    await of_days(database, {2: 30}, 29.9, []).carry_out()
    async with database.read() as connection:
        assert (await count(connection))["messages"] > expected["messages"]
    forgotten: list[str] = []
    await of_days(database, {2: 30}, 30.1, forgotten).carry_out()
    async with database.read() as connection:
        left = await count(connection)
        costs = {name: left.pop(name) - expected.pop(name) for name in ("usage", "runs", "conversations")}
        assert left == expected
        assert costs == {"usage": retention.RUNS_AT_ONCE + 1, "runs": retention.RUNS_AT_ONCE + 1, "conversations": 1}
        bare = await connection.execute(select(runs_table).where(runs_table.c.guild_id == 2))
        assert {(row.asker_id, row.text, row.question_id, row.previous_run_id) for row in bare} == {(0, "", None, None)}
    assert set(forgotten) == {"demo thread_1"}


async def test_pass_is_cancelled_though_its_end_cannot_be_noted(url: str) -> None:
    """While another writes for long, or the file is damaged, the bot stops all the same."""
    has_come = asyncio.Event()

    class Endless(Chosen):
        async def around(self, places: tuple[Place, ...]) -> PlaceValues:
            has_come.set()
            await asyncio.Event().wait()
            return await super().around(places)

    async with Database.open(url, wait_seconds=0.1) as database:
        async with database.write() as connection:
            await talk_in(connection, 2, 1)
        kept = Retention(
            database,
            Forgetful([]),
            Endless({}),
            kept_after_removal=timedelta(days=30),
            default_days=None,
            clock=lambda: NOW,
        )
        passing = asyncio.create_task(kept.run())
        await has_come.wait()
        async with database.write():
            passing.cancel()
            await asyncio.wait([passing], timeout=5)
        assert passing.cancelled()


async def test_passes_are_noted_as_jobs(database: Database) -> None:
    """One for each pass, and one for each server in which something was deleted; the last two hundred stay."""
    async with database.write() as connection:
        await talk_in(connection, 2, 1)
    kept = of_days(database, {2: 1}, 2, [])
    for _ in range(jobs.KEPT + 3):
        await kept.carry_out()
    everywhere, here = await kept.last(2)
    assert everywhere is not None
    assert here is not None
    assert (everywhere.done, here.done, here.guild_id, here.failure) == (0, 4, 2, None)
    async with database.read() as connection:
        assert (await count(connection, ["jobs"]))["jobs"] == jobs.KEPT + 1  # the server's is older than those


async def test_answer_in_the_making_is_not_too_old(database: Database) -> None:
    """Neither what is at work, nor what waits for it, nor what was not delivered yet is deleted."""
    async with database.write() as connection:
        conversation = await converse(connection, 1)
        await say(connection, conversation, "question")
        await ask(connection, conversation)
        run = await claim_one(connection)
        await say(connection, conversation, "waits")
    await of_days(database, {1: 1}, 9, []).carry_out()
    async with database.write() as connection:
        assert (await count(connection))["messages"] == 2
        await finish(connection, run, "answer")
    await of_days(database, {1: 1}, 9, []).carry_out()
    async with database.write() as connection:
        assert (await count(connection, ["runs"]))["runs"] == 1
        await runs.mark_delivered(connection, run.id, later(3))
    await of_days(database, {1: 1}, 9, []).carry_out()
    async with database.read() as connection:
        assert set((await count(connection)).values()) == {0}


async def test_sums_are_kept_for_a_year_and_peoples_for_a_month(database: Database) -> None:
    """Windows of budgets, costs without words and changes of settings are deleted when nobody needs them any more."""
    async with database.write() as connection:
        await furnish(connection, 1)
        window = {"place_kind": "guild", "place_id": 1, "subject": "member", "member_id": 7, "period": "hour"}
        used = {"starts_at": NOW, "guild_id": 1, "tokens": 1, "cost_nanos": 1, "questions": 1}
        await connection.execute(insert(schema.budget_windows).values(window | used))
        await talk_in(connection, 2, 1)
    found = []
    for now_days in (2, 40, 500):
        await of_days(database, {2: 1}, now_days, []).carry_out()
        async with database.read() as connection:
            left = await count(
                connection, ["budget_windows", "setting_changes", "command_usage", "usage", "conversations"]
            )
        found.append(tuple(left.values()))
    assert found == [(2, 1, 1, 1, 1), (1, 1, 1, 1, 1), (0, 0, 0, 0, 0)]


async def test_who_had_a_command_ask_a_model_is_forgotten_with_the_words(database: Database) -> None:
    """After the days of a server in which nobody talked, of more than go at once; what it cost stays, of nobody."""
    async with database.write() as connection:
        for guild_id in (1, *[2] * (AT_ONCE + 1)):
            await ask_by_command(connection, guild_id)
        await ask_by_command(connection, 2, days=9)
    await of_days(database, {2: 1}, 2, []).carry_out()
    table = schema.command_usage
    async with database.read() as connection:
        found = await connection.execute(select(table.c.guild_id, table.c.user_id, table.c.place_id))
        assert Counter(map(tuple, found)) == {(1, 7, 5): 1, (2, 0, 5): AT_ONCE + 1, (2, 7, 5): 1}
