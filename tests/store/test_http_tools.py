"""Tools of moderators: one of a name in each guild, changed only by their own guild, with a log that stays short."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from bot.store import http_tools
from bot.store.database import Database, Transaction
from bot.store.http_tools import MAX_CALLS_KEPT, Definition, HttpCall, HttpTool
from bot.store.schema import http_tool_calls
from bot.tools.model import Outcome
from tests.store.stories import ASKER_ID, NOW, later

WEATHER = Definition(
    name="weather",
    description="Tell the weather",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}},
    method="POST",
    url="https://weather.example/now",
    secret="encrypted",
    needs_approval=True,
    is_idempotent=False,
    timeout_seconds=2.5,
)


async def added(connection: Transaction, guild_id: int = 1) -> HttpTool:
    """The tool, stored in a guild."""
    tool = await http_tools.add(connection, guild_id, WEATHER, ASKER_ID, NOW)
    assert tool is not None
    return tool


def call(tool: HttpTool, number: int) -> HttpCall:
    """One of many calls."""
    return HttpCall(
        tool_id=tool.id,
        at=later(number),
        user_id=ASKER_ID,
        channel_id=2,
        run_id=number,
        status=None if number % 2 else 200,
        milliseconds=number,
        outcome=Outcome.TIMED_OUT if number % 2 else Outcome.DONE,
    )


async def test_tool_is_stored_as_it_was_defined(database: Database) -> None:
    """For everybody and everywhere at first; each guild sees its own."""
    async with database.write() as connection:
        tool = await added(connection)
        other = await added(connection, guild_id=2)
        assert {name: getattr(tool, name) for name in http_tools.values_of(WEATHER)} == http_tools.values_of(WEATHER)
        assert (tool.role_ids, tool.channel_ids, tool.is_enabled, tool.created_by) == ((), (), True, ASKER_ID)
        assert await http_tools.of_guild(connection, 1) == (tool,)
        assert await http_tools.find(connection, 2, "weather") == other
        assert await http_tools.guilds(connection) == (1, 2)
        assert await http_tools.get(connection, 1, other.id) is None


async def test_name_is_given_once_when_two_processes_add_it(database: Database, other_database: Database) -> None:
    """The second is told so, whichever it is."""

    async def add(opened: Database) -> HttpTool | None:
        async with opened.write() as connection:
            return await http_tools.add(connection, 1, WEATHER, ASKER_ID, NOW)

    results = await asyncio.gather(add(database), add(other_database))
    assert sum(result is not None for result in results) == 1


async def test_tool_is_changed_and_removed_by_its_own_guild_alone(database: Database) -> None:
    """An id from elsewhere, as a forged button may carry it, does nothing."""
    async with database.write() as connection:
        tool = await added(connection)
        await http_tools.note_call(connection, call(tool, 0))
        assert await http_tools.change(connection, 2, tool.id, later(1), is_enabled=False) is None
        assert not await http_tools.remove(connection, 2, tool.id)
        assert await http_tools.of_guild(connection, 1) == (tool,)
        changed = await http_tools.change(connection, 1, tool.id, later(1), role_ids=[5, 6])
        assert changed is not None
        assert (changed.role_ids, changed.changed_at, changed.secret) == ((5, 6), later(1), "encrypted")
        assert await http_tools.remove(connection, 1, tool.id)
        assert await http_tools.calls(connection, tool.id, 10) == ()
        assert not await http_tools.remove(connection, 1, tool.id)
        await http_tools.note_call(connection, call(tool, 1))
        assert await connection.scalar(select(func.count()).select_from(http_tool_calls)) == 0


async def test_log_keeps_the_latest_calls_of_each_tool(database: Database) -> None:
    """Newest first; an older one goes with each that comes, and another tool's stay."""
    async with database.write() as connection:
        tool, other = await added(connection), await added(connection, guild_id=2)
        await http_tools.note_call(connection, call(other, 0))
        for number in range(MAX_CALLS_KEPT + 3):
            await http_tools.note_call(connection, call(tool, number))
        kept = await http_tools.calls(connection, tool.id, 1000)
        assert kept == tuple(call(tool, number) for number in reversed(range(3, MAX_CALLS_KEPT + 3)))
        assert await http_tools.calls(connection, other.id, 1000) == (call(other, 0),)
