"""Several keys of one provider, over sockets: what the provider got with which key."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.endpoint import Endpoint
from bot.providers.keys import REFUSED_SECONDS
from bot.providers.transport import Transport
from sandbox.provider import ScriptedProvider
from sandbox.stories import STORIES, Story, refusal
from tests.providers.asking import ask, endpoint, text_of
from tests.providers.conftest import Waits

HELLO = Story().answer()


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """A provider that takes any key, and plays what a test says."""
    async with ScriptedProvider() as provider:
        yield provider


def used(provider: ScriptedProvider) -> list[str]:
    """The keys that came, in order."""
    return [performance.headers["Authorization"].removeprefix("Bearer sk-") for performance in provider.requests]


def keyed(transport: Transport, provider: ScriptedProvider, clock: Clock, *keys: str) -> ChatCompletions:
    """An adapter with these keys."""
    configured = endpoint(transport, provider.base_url, *(f"sk-{key}" for key in keys)).configuration
    return ChatCompletions(Endpoint(transport, configuration=configured, now=clock))


async def test_requests_use_the_keys_in_turn(provider: ScriptedProvider, transport: Transport) -> None:
    """One after the other."""
    completions = keyed(transport, provider, Clock(), "one", "two")
    for _ in range(3):
        assert text_of(await ask(completions)) == HELLO
    assert used(provider) == ["one", "two", "one"]


@pytest.mark.parametrize("story", [refusal(401, "invalid_api_key"), STORIES["quota"], STORIES["limited"]])
async def test_refused_key_is_replaced_within_the_request(
    provider: ScriptedProvider, transport: Transport, waits: Waits, caplog: pytest.LogCaptureFixture, story: Story
) -> None:
    """Nobody notices, nobody waits, the next requests spare it, and the log tells its place and not its text."""
    completions = keyed(transport, provider, Clock(), "first-secret", "second-secret")
    provider.play(story)
    with caplog.at_level(logging.WARNING):
        assert text_of(await ask(completions)) == HELLO
    await ask(completions)
    assert used(provider) == ["first-secret", "second-secret", "second-secret"]
    assert waits.seconds == []
    assert "provider scripted: key 1 of 2 rests" in caplog.text
    assert "secret" not in caplog.text


async def test_rested_key_is_tried_again(provider: ScriptedProvider, transport: Transport) -> None:
    """An hour later it may have been topped up."""
    clock = Clock()
    completions = keyed(transport, provider, clock, "one", "two")
    provider.play(STORIES["quota"])
    await ask(completions)
    clock.seconds = REFUSED_SECONDS
    await ask(completions)
    await ask(completions)
    assert sorted(used(provider)[2:]) == ["one", "two"]


async def test_all_keys_refused_is_told(provider: ScriptedProvider, transport: Transport) -> None:
    """Each is tried once; after that one request finds out whether they still are."""
    completions = keyed(transport, provider, Clock(), "one", "two")
    provider.default = STORIES["quota"]
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            await ask(completions)
        assert caught.value.fault is ProviderFault.QUOTA
    assert used(provider)[:2] == ["one", "two"]
    assert len(provider.requests) == 3


async def test_overload_is_no_matter_of_the_key(provider: ScriptedProvider, transport: Transport) -> None:
    """It is asked again with the same one, and both go on taking turns."""
    completions = keyed(transport, provider, Clock(), "one", "two")
    provider.play(STORIES["busy"])
    await ask(completions)
    await ask(completions)
    assert used(provider) == ["one", "one", "two"]


async def test_list_of_models_is_asked_with_a_key_that_works(transport: Transport) -> None:
    """Not only answers rotate."""
    async with ScriptedProvider(api_key="sk-two") as provider:
        (model,) = await keyed(transport, provider, Clock(), "one", "two").list_models()
    assert model.name == "scripted"
