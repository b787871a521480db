"""Who is sent when to a provider that takes so many at once and so much a minute, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from random import Random

import pytest

from bot.errors import ProviderError
from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolSpec
from bot.providers.configuration import ProviderConfiguration
from bot.providers.events import Event, Waiting
from bot.providers.line import Line, tokens_of
from bot.providers.registry import Providers, opened
from sandbox.provider import Performance, ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import question, text_of

PAUSED = Story(hang_at=1)
ANSWER = Story().answer()
WAIT_SECONDS = 15.0  # for a machine whose cores are shared; everything here takes far less


class Asked:
    """A request under way: the positions that it was told, and at its end all of its events."""

    def __init__(self, providers: Providers, text: str, *, place: str = "here", max_output_tokens: int = 0) -> None:
        request = replace(question(text), place=place, max_output_tokens=max_output_tokens)
        self.positions = asyncio.Queue[int]()
        self.whole = asyncio.create_task(self._listen(providers, request))

    async def _listen(self, providers: Providers, request: ProviderRequest) -> list[Event]:
        events = []
        async with aclosing(providers.stream(request)) as stream:
            async for event in stream:
                events.append(event)
                if isinstance(event, Waiting):
                    self.positions.put_nowait(event.position)
        return events


@asynccontextmanager
async def opened_here(provider: ScriptedProvider, **configured: object) -> AsyncIterator[Providers]:
    """The scripted provider as the bot opens it; what waits for too long fails."""
    given = {"name": "scripted", "base_url": provider.base_url, "keys": ("sk-right-key",), "max_retries": 0}
    configuration = ProviderConfiguration.model_validate(given | configured)
    async with asyncio.timeout(WAIT_SECONDS), opened((configuration,), answer_timeout_seconds=60) as found:
        yield found


def words(performance: Performance) -> object:
    """What was asked."""
    messages = performance.body["messages"]
    assert isinstance(messages, list)
    return messages[-1]["content"]


def spent(kind: str, reset: str) -> dict[str, str]:
    """Headers of a provider with nothing left."""
    return {
        f"x-ratelimit-{part}-{kind}": said for part, said in (("limit", "600"), ("remaining", "0"), ("reset", reset))
    }


async def test_one_of_a_quiet_place_is_second_at_most_behind_fifty_of_a_busy_one(provider: ScriptedProvider) -> None:
    """With one at a time, fifty requests of one channel hold up the one of another by a single answer."""
    provider.play(PAUSED)
    async with opened_here(provider, concurrency=1) as providers:
        busy = [Asked(providers, f"busy {number}", place="busy") for number in range(50)]
        first = await provider.wait_for_request()
        quiet = Asked(providers, "quiet", place="quiet")
        assert await quiet.positions.get() == 1
        first.released.set()
        await asyncio.gather(*(asked.whole for asked in (*busy, quiet)))
    order = [words(performance) for performance in provider.requests]
    assert order == ["busy 0", "quiet", *(f"busy {number}" for number in range(1, 50))]


async def test_positions_are_told_when_they_change_and_end_with_zero(provider: ScriptedProvider) -> None:
    """Who waits moves up when somebody before them is sent or gives up; nothing is sent before the wait is over."""
    provider.play(PAUSED)
    async with opened_here(provider, concurrency=1) as providers:
        first = Asked(providers, "first")
        performance = await provider.wait_for_request()
        second, third, fourth = (Asked(providers, text) for text in ("second", "third", "fourth"))
        assert [await asked.positions.get() for asked in (second, third, fourth)] == [1, 2, 3]
        second.whole.cancel()
        assert [await asked.positions.get() for asked in (third, fourth)] == [1, 2]
        assert len(provider.requests) == 1
        performance.released.set()
        assert text_of(await fourth.whole) == ANSWER
        assert Waiting(0) not in await first.whole
        assert [event.position for event in await third.whole if isinstance(event, Waiting)] == [2, 1, 0]
    assert [words(performance) for performance in provider.requests] == ["first", "third", "fourth"]


async def test_no_more_are_sent_at_once_than_the_host_says(provider: ScriptedProvider) -> None:
    """Two are answered side by side, and the third is sent when one of them has ended, also when it was broken off."""
    provider.play(PAUSED, PAUSED)
    async with opened_here(provider, concurrency=2) as providers:
        first, second, third = (Asked(providers, text) for text in ("first", "second", "third"))
        assert await third.positions.get() == 1
        assert len(provider.requests) == 2
        second.whole.cancel()
        assert text_of(await third.whole) == ANSWER
        provider.requests[0].released.set()
        assert text_of(await first.whole) == ANSWER


@pytest.mark.parametrize(("kind", "reset"), [("requests", "1m0s"), ("tokens", "1m0s"), ("tokens", "59.9")])
async def test_budget_is_learnt_from_the_headers(provider: ScriptedProvider, kind: str, reset: str) -> None:
    """When the provider has said that nothing is left, the next request waits as long as it takes."""
    provider.play(Story(headers=spent(kind, reset)))
    async with opened_here(provider) as providers:
        await Asked(providers, "first").whole
        # Ten requests or tokens a second come back: this one waits for one of them, a large one for a minute.
        assert text_of(await Asked(providers, "Hi there").whole) == ANSWER
        if kind == "tokens":
            large = Asked(providers, "large", max_output_tokens=600)
            assert await large.positions.get() == 1
            large.whole.cancel()
    waited_seconds = provider.requests[1].at - provider.requests[0].at
    assert waited_seconds >= 0.09
    assert len(provider.requests) == 2


@pytest.mark.parametrize(("path", "waits"), [("/chat/completions", True), ("/images/generations", False)])
async def test_limits_of_other_endpoints_are_not_those_of_answers(path: str, waits: bool) -> None:
    """A provider that draws no more images for now is still asked for answers."""
    line = Line(concurrency=1)
    line.hear(f"http://127.0.0.1/v1{path}", 200, spent("requests", "1m0s"))
    with line.turn(question()) as turn:
        assert turn.is_sent is not waits


async def test_limits_of_one_key_are_not_those_of_all(provider: ScriptedProvider) -> None:
    """Where several keys take turns, what one has used up another may still have."""
    provider.play(Story(headers=spent("tokens", "1m0s")))
    async with opened_here(provider, keys=("sk-right-key", "sk-right-key")) as providers:
        for text in ("first", "second"):
            await Asked(providers, text, max_output_tokens=600).whole
    assert [request.headers.get("Authorization") for request in provider.requests] == ["Bearer sk-right-key"] * 2


def test_tokens_are_estimated_from_all_that_is_sent_and_the_longest_answer() -> None:
    """Four bytes make a token, in messages, in what tools were called with and in what is said of tools."""
    call = ToolCall(id="1", name="roll", arguments="x" * 40)
    messages = (
        ChatMessage(role=Role.USER, content="é" * 200),
        ChatMessage(role=Role.ASSISTANT, content="", tool_calls=(call,)),
    )
    request = ProviderRequest(model="m", messages=messages, max_output_tokens=1000)
    assert tokens_of(request) == 100 + 10 + 1000
    tool = ToolSpec(name="roll", description="y" * 400, parameters={})
    assert tokens_of(replace(request, tools=(tool,))) == 1110 + len(tool.words) // 4


async def test_tokens_are_reserved_and_then_counted_as_the_provider_does(provider: ScriptedProvider) -> None:
    """A request that reserved the whole budget and took little of it gives the rest back, so that the next can go."""
    provider.play(PAUSED)
    async with opened_here(provider, tokens_per_minute=1000) as providers:
        first = Asked(providers, "first", max_output_tokens=900)
        performance = await provider.wait_for_request()
        second = Asked(providers, "second", max_output_tokens=900)
        assert await second.positions.get() == 1
        performance.released.set()
        await first.whole
        assert text_of(await second.whole) == ANSWER


async def test_refusal_that_says_when_holds_the_others_back(provider: ScriptedProvider) -> None:
    """After a 429 with a short Retry-After nobody is sent before it is over; a long one is not waited for."""
    provider.play(refusal(429, "rate_limit_exceeded", Retry_After="0.3"))
    async with opened_here(provider) as providers:
        with pytest.raises(ProviderError):
            await Asked(providers, "first").whole
        await Asked(providers, "second").whole
        assert provider.requests[1].at - provider.requests[0].at >= 0.3
        provider.play(refusal(429, "rate_limit_exceeded", Retry_After="3600"))
        with pytest.raises(ProviderError):
            await Asked(providers, "third").whole
        assert text_of(await Asked(providers, "fourth").whole) == ANSWER


async def test_every_place_is_free_again_however_requests_end(provider: ScriptedProvider) -> None:
    """Whole, refused, broken off, stopped in line or in the middle: after hundreds of them as many fit as before."""
    dice = Random(5)  # noqa: S311 - the same each time
    endings = (Story(), refusal(503, "overloaded"), Story(cut_at=1), Story(error_at=2), Story(refuses_connection=True))
    provider.play(*(dice.choice((*endings, PAUSED)) for _ in range(300)))
    async with opened_here(provider, concurrency=3) as providers:
        line = providers.all[0].line
        requests = [Asked(providers, "hi", place=str(dice.randrange(5))).whole for _ in range(200)]
        while not all(request.done() for request in requests):
            dice.choice(requests).cancel()
            await asyncio.wait(requests, timeout=dice.random() / 100, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*requests, return_exceptions=True)
        with ExitStack() as stack:
            turns = [stack.enter_context(line.turn(question())) for _ in range(4)]
            assert [turn.is_sent for turn in turns] == [True, True, True, False]
