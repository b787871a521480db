"""What tokens cost, as the host says or as the public list does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.providers.configuration import Price, ProviderConfiguration
from bot.providers.events import Usage
from bot.providers.prices import Prices, at_price, may_be_listed

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LISTED = "https://api.openai.com/v1"
RELAY = "https://relay.example/v1"


def configured(name: str, base_url: str, **prices: dict[str, float]) -> ProviderConfiguration:
    """A provider at this address with the host's own prices, by patterns in which `_` stands for `*`."""
    own = {pattern.replace("_", "*"): price for pattern, price in prices.items()}
    return ProviderConfiguration.model_validate({"name": name, "base_url": base_url, "prices": own})


async def loaded(*providers: ProviderConfiguration) -> Prices:
    """Their prices, with the public list at hand."""
    prices = Prices(providers, lambda: NOW)
    await prices.load()
    return prices


def used(read: int, written: int, *, cached: int = 0, thought: int = 0) -> Usage:
    """So many tokens."""
    return Usage(input_tokens=read, output_tokens=written, cached_tokens=cached, reasoning_tokens=thought)


async def test_listed_provider_is_found_by_its_address() -> None:
    """The name that the host gave it says nothing; what was read from the cache is cheaper, to the last nano."""
    prices = await loaded(configured("mine", LISTED))
    assert prices.cost_nanos("mine", "gpt-4o-mini", used(1000, 50)) == 1000 * 150 + 50 * 600
    assert prices.cost_nanos("mine", "gpt-4o-mini", used(1000, 50, cached=100)) == 900 * 150 + 100 * 75 + 50 * 600
    assert prices.cost_nanos("mine", "gpt-4o-mini", used(10, 0, cached=99)) == 10 * 75
    assert prices.window_tokens("mine", "gpt-4o-mini") == 128_000


@pytest.mark.parametrize(
    ("provider", "model"),
    [("relay", "gpt-4o-mini"), ("openai", "gpt-9-imagined"), ("gone", "gpt-4o-mini"), ("openai", "moderation")],
    ids=["another address", "no such model", "no such provider", "listed without a price"],
)
async def test_unknown_price_is_no_price(provider: str, model: str) -> None:
    """What is not known is neither guessed from a name nor taken to be free."""
    prices = await loaded(configured("relay", RELAY), configured("openai", LISTED))
    assert prices.cost_nanos(provider, model, used(1000, 50)) is None


async def test_window_of_an_unknown_model_is_not_known() -> None:
    """Nor that of one at another address."""
    prices = await loaded(configured("relay", RELAY), configured("openai", LISTED))
    found = [prices.window_tokens(*of) for of in (("relay", "gpt-4o-mini"), ("openai", "x"), ("gone", "gpt-4o-mini"))]
    assert found == [None, None, None]


async def test_hosts_own_price_wins() -> None:
    """The first pattern that matches counts; what it does not name is looked up."""
    own = {"gpt-4o_": {"input": 3.0, "output": 5.0, "cached": 0.5}, "gpt-4_": {"input": 1.0, "output": 1.0}}
    prices = await loaded(configured("openai", LISTED, **own))
    assert prices.cost_nanos("openai", "gpt-4o-mini", used(10, 2, cached=4)) == 6 * 3000 + 4 * 500 + 2 * 5000
    assert prices.cost_nanos("openai", "gpt-4.1", used(10, 2, cached=4)) == 12 * 1000
    assert prices.cost_nanos("openai", "o1", used(10, 0)) == 10 * 15_000


async def test_facts_are_what_people_choose_by() -> None:
    """The window and the price of a million tokens, each only where it is known; fractions of a cent too."""
    own = {"own": {"input": 0.075, "output": 10.0}, "free": {"input": 0.0, "output": 0.0}}
    prices = await loaded(configured("relay", RELAY, **own), configured("openai", LISTED))
    assert prices.facts("openai", "gpt-4o-mini") == "128k · $0.15 in / $0.60 out"
    assert prices.facts("openai", "gpt-4.1") == "1M · $2.00 in / $8.00 out"
    assert prices.facts("relay", "own") == "$0.075 in / $10.00 out"
    assert prices.facts("relay", "free") == "$0.00 in / $0.00 out"
    assert prices.facts("relay", "unknown") == ""


def test_thoughts_are_paid_for_once() -> None:
    """They are a part of what was written already."""
    price = Price(input=0.0, output=10.0)
    assert at_price(price, used(0, 100, thought=90)) == at_price(price, used(0, 100))


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.integers(0, 10**9))
def test_price_is_exact(micro_dollars: int, read: int, written: int) -> None:
    """A price with six decimals costs what whole numbers say, whatever a float makes of it."""
    dollars = micro_dollars / 10**6
    cost = Prices([configured("own", RELAY, _={"input": dollars, "output": dollars})], lambda: NOW)
    nanos = cost.cost_nanos("own", "any", used(read, written))
    assert nanos is not None
    assert abs(nanos * 1000 - (read + written) * micro_dollars) <= 500


@pytest.mark.parametrize(
    ("base_url", "may_be"),
    [
        (LISTED, True),
        ("http://localhost:8080/v1", False),
        ("http://llama:8080/v1", False),
        ("http://127.0.0.1:1/v1", False),
        ("http://[::1]:1/v1", False),
    ],
)
def test_server_without_a_public_name_is_in_no_list(base_url: str, may_be: bool) -> None:
    """Its host does not pay for a list with memory."""
    assert may_be_listed(base_url) is may_be


async def test_list_is_read_beside_the_event_loop() -> None:
    """Others go on while it is loaded, and before that nothing is known, which is no error."""
    script = (
        "import asyncio, sys; from tests.providers.test_prices import *\n"
        "async def main():\n"
        "    prices = Prices([configured('openai', LISTED)], lambda: NOW)\n"
        "    assert prices.cost_nanos('openai', 'gpt-4o-mini', used(1, 1)) is None\n"
        "    assert 'genai_prices' not in sys.modules\n"
        "    loading, turns = asyncio.create_task(prices.load()), 0\n"
        "    while not loading.done():\n"
        "        turns += 1\n"
        "        await asyncio.sleep(0)\n"
        "    print(turns > 10, prices.cost_nanos('openai', 'gpt-4o-mini', used(1, 1)))\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    assert said.decode().split() == ["True", "750"]
