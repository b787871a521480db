"""/usage over sockets: what the host paid, and what is left."""

from __future__ import annotations

from datetime import UTC

from bot.providers.events import Usage
from bot.store import usage
from bot.store.database import Database
from sandbox.billing import BillingForm
from sandbox.stories import Story
from tests.scenarios.scene import Scene
from tests.store.stories import answer, converse

KEY = "sk-the-key-of-the-host"


async def told(scene: Scene) -> str:
    """What /usage says to Ada, who owns the application."""
    await scene.command("ada", "general", "usage")
    (text,) = await scene.wait_for(lambda: scene.whispers("ada", "general") or None)
    return text


async def test_host_sees_what_was_spent_and_what_is_left(scene: Scene) -> None:
    """Tokens and dollars of this day and month, and the balance that the relay tells; never the key."""
    scene.provider.billing.form = BillingForm.NEW_API
    await scene.start(
        provider_api_key=KEY, provider_input_price_per_million=1000.0, provider_output_price_per_million=10_000.0
    )
    scene.provider.play(Story(text="One two three.", usage={"prompt_tokens": 1000, "completion_tokens": 100}))
    await scene.ask("linus", "general", "@bot hi")
    text = await told(scene)
    assert text.splitlines()[1:5] == [
        "**default**",
        "Today: 1 answer, 1,100 tokens, $2.0000",
        "This month: 1 answer, 1,100 tokens, $2.0000",
        "Balance: $7.5000 left, $2.5000 spent",
    ]
    assert KEY not in text


async def test_days_and_months_are_those_of_utc(scene: Scene) -> None:
    """What was spent yesterday is of this month, what was spent before it of neither; estimates are marked."""
    today = scene.clock()
    month = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used = Usage(input_tokens=900, output_tokens=100, cached_tokens=640, reasoning_tokens=30, cost_nanos=500_000_000)
    guessed = Usage(input_tokens=9, output_tokens=1, is_estimated=True)
    moments = [(today, used), (month, used), (month, guessed), (month.replace(year=month.year - 1), used)]
    async with Database.open(scene.settings().database_url) as database, database.write() as transaction:
        for at, counted in moments:
            run = await answer(transaction, await converse(transaction, scene.place("playground")), "words")
            await usage.record(transaction, run.id, "m", counted, at, provider="gone")
    await scene.start()
    lines = (await told(scene)).splitlines()
    first = lines.index("**gone**, no longer configured") + 1
    if today.astimezone(UTC).day > 1:
        assert lines[first] == "Today: 1 answer, 1,000 tokens (640 from the cache, 30 to think), $0.5000"
    assert lines[first + 1] == (
        "This month: 3 answers, ≈2,010 tokens (1,280 from the cache, 60 to think), "
        "≈$1.0000 and 1 answer of unknown price"
    )


async def test_provider_that_tells_no_balance_does_not_offer_it(parley: Scene) -> None:
    """And a price that nobody knows is said."""
    await parley.ask("linus", "general", "@bot hi")
    lines = (await told(parley)).splitlines()
    assert lines[2].startswith("Today: 1 answer, ")
    assert lines[2].endswith(" tokens, price unknown")
    assert lines[4] == "Balance: not offered"


async def test_discord_that_does_not_say_who_hosts_is_answered_in_words(parley: Scene) -> None:
    """Nobody is taken for the host on a guess."""
    parley.sandbox.faults.fail("GET", "/oauth2/applications/@me", status=403)
    assert "Try again" in await told(parley)
