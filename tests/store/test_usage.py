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
    first = Usage(input_tokens=100, output_tokens=20, cached_tokens=64, reasoning_tokens=5, cost_nanos=900)
    second = Usage(input_tokens=130, output_tokens=7, is_estimated=True, cost_nanos=300)
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        await usage.record(connection, run.id, "large", first, later(1), provider="other")
        await usage.record(connection, run.id, "small", second, later(2), provider="demo")
        row = (await connection.execute(select(usage_table))).one()
    assert tuple(row) == (run.id, "small", 230, 27, 64, 5, later(1), "demo", 1200, True)


async def test_usage_with_an_unknown_price_has_an_unknown_cost(database: Database) -> None:
    """A sum of what is known alone would be a wrong one."""
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        for cost in (1000, None, 1000):
            used = Usage(input_tokens=1, output_tokens=1, cost_nanos=cost)
            await usage.record(connection, run.id, "small", used, later(1))
        assert await connection.scalar(select(usage_table.c.cost_nanos)) is None
