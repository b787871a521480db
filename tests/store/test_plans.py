"""How SQLite finds what is looked for all the time: by an index, however many rows there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.budgets.model import Key
from bot.days import last_days
from bot.place_settings.budget_names import Period
from bot.places import Place, PlaceKind
from bot.store import (
    budgets,
    command_usage,
    deadlines,
    forgetting,
    history,
    leases,
    messages,
    notices,
    overview,
    personal,
    place_settings,
    retention,
    runs,
    setting_changes,
    tool_calls,
    usage,
)
from bot.store.conversations import Conversation
from bot.store.database import Database
from bot.usage.subject import Subject, Whose
from tests.store.stories import NOW, ask, converse, place

PLACES = tuple(Place(kind=kind, id=1) for kind in PlaceKind)
CONVERSATION = Conversation(id=1, place=place(), epoch=0)
WEEK = last_days(NOW, UTC, 7)
OWN, OF_SERVER = Subject(whose=Whose.ME, id=1), Subject(whose=Whose.SERVER, guild_id=1)
KEYS = [Key(place=place, counted_for="each", member_id=1, period=Period.DAY, starts_at=NOW) for place in PLACES]
LOOKS: dict[str, tuple[Callable[[AsyncConnection], Awaitable[object]], str]] = {
    "history": (lambda c: messages.history(c, 1, 0, before_or_of_run=9, limit=9), "ix_messages_history"),
    "page of a history": (lambda c: history.page(c, CONVERSATION, limit=9, offset=9), "ix_messages_history"),
    "part of a history": (lambda c: history.after(c, 1, 0, (1, 1), 9), "ix_messages_history"),
    "end of a history": (lambda c: history.before(c, 1, 0, (1, 1), 9), "ix_messages_history"),
    "removed": (lambda c: messages.removed(c, 1, 0), "ix_messages_hidden"),
    "claim": (lambda c: leases.claim(c, "me", now=NOW, lease_expires_at=NOW, limit=9), "ix_runs_queued"),
    "live of a person": (lambda c: runs.live_of(c, 1), "ix_runs_one_live"),
    "words of a person": (lambda c: forgetting.shared(c, 1, NOW), "ix_messages_author"),
    "quotations of a person": (lambda c: forgetting.shared(c, 1, NOW), "ix_messages_quoted"),
    "answers to a person": (lambda c: personal.page(c, 1, "answers", 0), "ix_runs_asker"),
    "old runs": (lambda c: retention.old_runs(c, 1, NOW), "ix_runs_conversation"),
    "live": (lambda c: runs.live(c, 1), "ix_runs_one_live"),
    "live_in_lost_places": (runs.live_in_lost_places, "ix_runs_one_live"),
    "latest": (lambda c: runs.latest(c, 1, 0), "ix_runs_conversation"),
    "overdue": (lambda c: deadlines.overdue(c, NOW), "ix_runs_one_live"),
    "renew": (lambda c: deadlines.renew(c, NOW, expires_at=NOW, asked_after=NOW), "ix_runs_one_live"),
    "extend_leases": (lambda c: leases.extend(c, "me", NOW, [1]), "PRIMARY KEY"),
    "reclaim": (lambda c: leases.reclaim(c, NOW, dead=["gone"]), "ix_runs_one_live"),
    "owners": (leases.owners, "ix_runs_undelivered"),
    "take_up": (lambda c: leases.take_up(c, "me", now=NOW, lease_expires_at=NOW, busy=[1]), "ix_runs_undelivered"),
    "unwanted": (lambda c: runs.unwanted(c, {1: 1}), "PRIMARY KEY"),
    "written_by": (lambda c: messages.written_by(c, 1), "ix_messages_run"),
    "calls of messages": (lambda c: tool_calls.of_messages(c, [1, 2]), "sqlite_autoindex_tool_calls_1"),
    "pending calls": (lambda c: tool_calls.pending_of_run(c, 1), "ix_tool_calls_run"),
    "started calls": (lambda c: tool_calls.start(c, [1, 2], NOW), "PRIMARY KEY"),
    "settings of places": (lambda c: place_settings.of(c, PLACES), "sqlite_autoindex_place_settings_1"),
    "last change": (lambda c: setting_changes.last_of(c, PLACES[0], "seed"), "ix_setting_changes_place"),
    "notices": (lambda c: notices.is_told(c, 1, "x"), "sqlite_autoindex_notices_1"),
    "of_place": (lambda c: overview.of_place(c, 1, limit=9, offset=9), "ix_runs_conversation"),
    "of_all_places": (lambda c: overview.of_all_places(c, limit=9, live_only=True), "ix_runs_one_live"),
    "spent": (lambda c: usage.spent_since(c, NOW), "ix_usage_created_at"),
    "usage of a member": (lambda c: usage.report(c, OWN, WEEK), "ix_runs_asker"),
    "usage of a server": (lambda c: usage.report(c, OF_SERVER, WEEK), "ix_usage_created_at"),
    "commands of a member": (lambda c: usage.report(c, OWN, WEEK), "ix_command_usage_user"),
    "commands of a server": (lambda c: usage.report(c, OF_SERVER, WEEK), "ix_command_usage_guild"),
    "commands of all": (lambda c: usage.report(c, Subject(whose=Whose.HOST), WEEK), "ix_command_usage_created_at"),
    "commands since": (lambda c: usage.spent_since(c, NOW), "ix_command_usage_created_at"),
    "commands with names": (lambda c: command_usage.named(c, None, NOW), "ix_command_usage_guild"),
    "commands to delete": (lambda c: command_usage.delete_old(c, NOW), "ix_command_usage_created_at"),
    "lines of usage": (lambda c: usage.lines(c, OF_SERVER, WEEK, 9), "ix_usage_created_at"),
    "windows": (lambda c: budgets.used(c, KEYS), "sqlite_autoindex_budget_windows_1"),
    "windows of members": (lambda c: budgets.of_members(c, KEYS[0]), "sqlite_autoindex_budget_windows_1"),
    "counting": (lambda c: budgets.add(c, KEYS, tokens=1), "sqlite_autoindex_budget_windows_1"),
    "reservation": (lambda c: budgets.reservation(c, 1), "PRIMARY KEY"),
    "hide_answer": (lambda c: messages.hide_answer(c, 1, NOW), "ix_messages_run"),
}


async def plans(connection: AsyncConnection, look: Callable[[AsyncConnection], Awaitable[object]]) -> list[str]:
    """The steps that SQLite takes in everything a function asks of it."""
    asked: list[tuple[str, Any]] = []

    def note(_: Connection, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    await look(connection)
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    steps: list[str] = []
    for statement, parameters in asked:
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps += [row.detail for row in rows]
    return steps


@pytest.mark.parametrize("name", LOOKS)
async def test_look_walks_through_an_index(database: Database, name: str) -> None:
    """No table is walked through, nothing is sorted but the one live run, and the index is the one made for it."""
    look, index = LOOKS[name]
    async with database.write() as connection:
        steps = await plans(connection, look)
    assert any(index in step for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN") and "USING" not in step and "anon" not in step], steps


async def test_waiting_is_found_by_the_index_of_the_history(database: Database) -> None:
    """What waits is the end of a conversation's index, not its whole past."""
    async with database.write() as connection:
        conversation = await converse(connection)
        steps = await plans(connection, lambda c: messages.waiting(c, conversation))
    first, *others = steps
    assert first == "SEARCH messages USING INDEX ix_messages_history (conversation_id=? AND epoch=? AND run_id=?)"
    assert [step for step in others if "opt_outs" in step] == others[1:]  # who opted out, row by row


async def test_runs_of_a_place_are_looked_up_one_by_one(database: Database) -> None:
    """Of each conversation the index gives the few ids that a page shows; no row of any other run is read."""
    async with database.write() as connection:
        steps = await plans(connection, lambda c: overview.of_place(c, 1, limit=9, offset=9))
    by_conversation = [step for step in steps if "ix_runs_conversation" in step]
    assert len(by_conversation) == 1
    assert "COVERING INDEX" in by_conversation[0]
    assert len([step for step in steps if step.startswith("SEARCH runs") and "PRIMARY KEY" in step]) == 2
    assert steps.count("USE TEMP B-TREE FOR ORDER BY") == 1


async def test_newest_runs_of_all_places_are_the_end_of_the_table(database: Database) -> None:
    """The table is walked from its end until the list is full, so only the list is sorted."""
    async with database.write() as connection:
        steps = await plans(connection, lambda c: overview.of_all_places(c, limit=9, live_only=False))
    assert any(step.startswith("SEARCH runs USING INTEGER PRIMARY KEY") for step in steps), steps
    assert steps.count("USE TEMP B-TREE FOR ORDER BY") == 1


async def test_history_of_a_run_is_found_by_indexes(database: Database) -> None:
    """No log, reply or tool call of another run is looked at."""
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        steps = await plans(connection, lambda c: overview.history(c, run.id))
    assert all(step.startswith("SEARCH") for step in steps), steps
    for index in ("ix_run_events_run", "replies", "ix_tool_calls_run"):
        assert any(index in step for step in steps), steps


async def test_page_of_a_history_is_sorted_by_the_index(database: Database) -> None:
    """A page far down a long conversation is counted off the index; nothing is sorted."""
    async with database.write() as connection:
        steps = await plans(connection, lambda c: history.page(c, CONVERSATION, limit=9, offset=9))
    assert not [step for step in steps if "TEMP B-TREE" in step], steps
