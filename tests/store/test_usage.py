"""Usage."""

from __future__ import annotations

from sqlalchemy import select

from bot.providers.events import Usage
from bot.store import command_usage, usage
from bot.store.database import Database
from bot.store.schema import usage as usage_table
from bot.usage.subject import Asked
from tests.store.stories import answer, ask, converse, later


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


async def test_providers_are_summed_up_since_a_moment(database: Database) -> None:
    """Each with its tokens, what is known of its cost, and how many answers have no known price; nothing older.

    What a command had a model do counts as an answer.
    """
    counted = Usage(input_tokens=100, output_tokens=20, cached_tokens=64, reasoning_tokens=5, cost_nanos=900)
    guessed = Usage(input_tokens=7, output_tokens=3, is_estimated=True)
    rows = [("large", counted, 0), ("large", counted, 1), ("large", guessed, 2), (None, counted, 3)]
    async with database.write() as connection:
        for provider, used, second in rows:
            run = await answer(connection, await converse(connection), "words")
            await usage.record(connection, run.id, "m", used, later(second), provider=provider)
        asked = Asked(user_id=1, guild_id=None, place_id=1)
        for second in (0, 1):
            await command_usage.record(connection, asked, "m", guessed, later(second), provider="small")
        found = await usage.spent_since(connection, later(1))
        nothing = await usage.spent_since(connection, later(4))
    sums = {"cached_tokens": 64, "reasoning_tokens": 5, "cost_nanos": 900}
    nothing_else = dict.fromkeys(sums, 0)
    assert found == (
        usage.Spent(
            provider="default", answers=1, unpriced=0, input_tokens=100, output_tokens=20, is_estimated=False, **sums
        ),
        usage.Spent(
            provider="large", answers=2, unpriced=1, input_tokens=107, output_tokens=23, is_estimated=True, **sums
        ),
        usage.Spent(
            provider="small", answers=1, unpriced=1, input_tokens=7, output_tokens=3, is_estimated=True, **nothing_else
        ),
    )
    assert nothing == ()
