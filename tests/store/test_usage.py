"""Usage."""

from __future__ import annotations

from sqlalchemy import select

from bot.providers.events import Usage
from bot.store import usage
from bot.store.database import Database
from bot.store.schema import usage as usage_table
from tests.store.stories import ask, converse, later


async def test_usage_of_a_run_is_that_of_all_its_requests(database: Database) -> None:
    """A run that asked the provider twice cost the tokens of both requests."""
    first = Usage(input_tokens=100, output_tokens=20, cached_tokens=64, reasoning_tokens=5)
    second = Usage(input_tokens=130, output_tokens=7)
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        await usage.record(connection, run.id, "demo/small", first, later(1))
        await usage.record(connection, run.id, "demo/small", second, later(2))
        row = (await connection.execute(select(usage_table))).one()
    assert tuple(row) == (run.id, "demo/small", 230, 27, 64, 5, later(1))
