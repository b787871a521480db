"""Which models may be chosen, and what the host is told of those that go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.providers.catalog import REFRESH_SECONDS, RETRY_SECONDS, Catalog
from bot.providers.configuration import ProviderConfiguration
from bot.providers.prices import Prices
from bot.providers.registry import opened
from sandbox.provider import ScriptedProvider

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class Shop:
    """A catalog of what two providers list, and the pauses it made."""

    one: ScriptedProvider
    two: ScriptedProvider
    stack: AsyncExitStack
    now: datetime = NOW
    pauses: asyncio.Queue[float] = field(default_factory=asyncio.Queue)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, chosen: str = "one/a", **configured: dict[str, object]) -> Catalog:
        """The catalog; fields of the providers by their names."""
        addresses = {"one": self.one.base_url, "two": self.two.base_url}
        configurations = [
            ProviderConfiguration.model_validate(
                {"name": name, "base_url": address, "max_retries": 0} | configured.get(name, {})
            )
            for name, address in addresses.items()
        ]
        providers = await self.stack.enter_async_context(opened(configurations, answer_timeout_seconds=20))
        prices = Prices(configurations, lambda: self.now)
        return Catalog(providers, chosen=chosen, clock=lambda: self.now, prices=prices, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Pauses until the test says so."""
        self.pauses.put_nowait(seconds)
        await self.goes_on.wait()
        self.goes_on.clear()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """`one` lists a, b and b-preview, `two` lists vendor/c."""
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(ScriptedProvider()) for _ in range(2)]
        one.models, two.models = ("a", "b", "b-preview"), ("vendor/c",)
        yield Shop(one, two, stack)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the host was told."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_models_of_all_providers_may_be_chosen(shop: Shop) -> None:
    """As `provider/model`; what is hidden or made up may not."""
    catalog = await shop.open(one={"hidden_models": ["*-preview"]})
    await catalog.refresh()
    assert catalog.references() == ("one/a", "one/b", "two/vendor/c")
    assert [catalog.known(name) for name in ("one/b", "b", "two/vendor/c")] == [True, True, True]
    assert [catalog.known(name) for name in ("one/b-preview", "one/x", "two/c", "three/x")] == [False] * 4


async def test_hosts_own_model_is_known_though_hidden(shop: Shop) -> None:
    """The host may use what moderators may not choose."""
    catalog = await shop.open("a", one={"models": ["b*"]})
    await catalog.refresh()
    assert catalog.references() == ("one/a", "one/b", "one/b-preview", "two/vendor/c")
    assert catalog.known("one/a")


async def test_named_models_stand_in_for_a_list(shop: Shop) -> None:
    """Where a provider lists none, and before it has: any name may be right, and the named ones are offered."""
    async with TestServer(web.Application()) as nothing:
        address = str(nothing.make_url("/v1"))
        catalog = await shop.open(two={"base_url": address, "models": ["x", "y-*"]})
        assert catalog.references() == ("one/a", "two/x")
        assert await catalog.refresh()
    assert catalog.references() == ("one/a", "one/b", "one/b-preview", "two/x")
    assert [catalog.known(name) for name in ("two/x", "two/y-1", "two/z")] == [True, True, False]


async def test_name_that_is_not_listed_is_offered_when_the_host_names_it(shop: Shop) -> None:
    """Providers answer to more names than they list."""
    catalog = await shop.open(two={"models": ["*", "latest"]})
    await catalog.refresh()
    assert catalog.references()[-2:] == ("two/vendor/c", "two/latest")
    assert [catalog.known(name) for name in ("two/latest", "two/newest")] == [True, False]


async def test_list_is_asked_for_again_and_again(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Each hour, sooner after a failure, which is told once; what was listed last stays."""
    away = f"http://127.0.0.1:{unused_port()}/v1"
    catalog = await shop.open(two={"base_url": away})
    keeping = asyncio.create_task(catalog.keep())
    async with asyncio.timeout(5):
        for _ in range(2):
            assert await shop.pauses.get() == RETRY_SECONDS
            shop.one.models = ("a", "later")
            shop.goes_on.set()
        await shop.pauses.get()
    keeping.cancel()
    assert catalog.references() == ("one/a", "one/later")
    (sentence,) = told(caplog)
    assert sentence.startswith("provider two: The model provider could not be reached.")


async def test_hour_passes_between_good_lists(shop: Shop) -> None:
    """Nobody is asked more often than it matters."""
    catalog = await shop.open()
    keeping = asyncio.create_task(catalog.keep())
    async with asyncio.timeout(5):
        assert await shop.pauses.get() == REFRESH_SECONDS
    keeping.cancel()


async def test_model_that_goes_is_told_once(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """A month before, to the host in the log; the same for what fallbacks lead to."""
    shop.one.shutdown_dates = {"a": "2027-01-14", "b": "2026-12-11"}
    shop.two.shutdown_dates = {"vendor/c": "2026-11-25T00:00:00Z"}
    catalog = await shop.open(one={"fallbacks": {"a": ["two/vendor/c"]}})
    await catalog.refresh()
    await catalog.refresh()
    expected = "The model two/vendor/c ends on 25 November 2026: choose another one."
    assert told(caplog) == [expected]
    assert str(catalog.leaving("two/vendor/c")) == expected
    assert catalog.leaving("one/a") is None
    assert catalog.leaving("b") is not None
    shop.now += timedelta(days=30)
    await catalog.refresh()
    assert told(caplog)[1:] == ["The model one/a ends on 14 January 2027: choose another one."]


async def test_model_that_disappeared_is_told(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """With names like it; one that was never listed is for the host alone, because it may be another name of one."""
    catalog = await shop.open("one/gpt-large")
    await catalog.refresh()
    assert told(caplog) == ["The provider does not list the model one/gpt-large: choose another one."]
    assert catalog.leaving("one/gpt-large") is None
    shop.one.models = ("gpt-large", "gpt-larger")
    await catalog.refresh()
    assert catalog.leaving("one/gpt-large") is None
    shop.one.models = ("gpt-larger",)
    await catalog.refresh()
    assert str(catalog.leaving("one/gpt-large")) == (
        "The provider does not list the model one/gpt-large: did you mean one/gpt-larger?"
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (404, "Not Found", "text/plain"),
            "base_url of [providers.two] probably needs /v1 at its end: nothing is there.",
        ),
        (
            (200, "<title>Please sign in</title>", "text/html"),
            "check base_url of [providers.two]: what answers there is a web page and no API.",
        ),
        (
            (301, "", "text/html"),
            "base_url of [providers.two] must begin with https://.",
        ),
    ],
)
async def test_wrong_address_is_told_at_the_start(
    shop: Shop, caplog: pytest.LogCaptureFixture, answer: tuple[int, str, str], said: str
) -> None:
    """In one line, with what to change."""
    status, body, content_type = answer

    async def respond(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=content_type)

    application = web.Application()
    application.router.add_get("/models", respond)
    async with TestServer(application) as wrong:
        catalog = await shop.open(two={"base_url": str(wrong.make_url("/"))})
        assert not await catalog.refresh()
    (sentence,) = told(caplog)
    assert sentence.startswith(f"provider two: {said} `python -m bot doctor` tells more.")


async def test_facts_are_those_of_the_hosts_prices(shop: Shop) -> None:
    """By the provider's own name of the model, as soon as the catalog was opened."""
    catalog = await shop.open(two={"prices": {"vendor/*": {"input": 1.0, "output": 2.5}}})
    await catalog.refresh()
    assert catalog.facts("two/vendor/c") == "$1.00 in / $2.50 out"
    assert catalog.facts("one/a") == ""
