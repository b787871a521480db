"""The provider that plays stories."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from sandbox.provider import Performance, ScriptedProvider
from sandbox.stories import Story


async def post(provider: ScriptedProvider, text: str = "Hello?", key: str = "sk-any") -> httpx.Response:
    """A question over HTTP, and the whole response."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]}
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{provider.base_url}/chat/completions", json=body, headers=headers)


async def test_story_is_the_queued_one_then_the_named_one_then_the_default() -> None:
    """A test decides what is played; in the demo a user can, by naming a story."""
    async with ScriptedProvider(default=Story(text="Default.")) as provider:
        provider.stories["mine"] = Story(text="Mine.")
        provider.play(Story(text="Queued."))
        texts = [(await post(provider, "Ada: story:mine, please")).text for _ in range(2)]
        texts.append((await post(provider, "no story: at all")).text)
    assert ["Queued" in texts[0], "Mine" in texts[1], "Default" in texts[2]] == [True, True, True]


async def test_performance_knows_what_was_sent_and_when() -> None:
    """The times of the tokens and the text so far are what benchmarks measure against."""
    async with ScriptedProvider(
        default=Story(token_count=6, tokens_per_second=50, first_token_seconds=0.1)
    ) as provider:
        await post(provider)
        performance = await provider.wait_for_request()
    assert performance.text == provider.default.answer()
    assert performance.token_count == 6
    assert performance.first_token_at is not None
    assert performance.last_token_at is not None
    assert performance.first_token_at - performance.at >= 0.1
    assert performance.last_token_at - performance.at >= 0.2
    assert len(performance.token_times) == 6
    assert performance.token_times == sorted(performance.token_times)
    assert performance.token_times[0] == performance.first_token_at
    assert performance.token_times[-1] == performance.last_token_at
    assert performance.ended.is_set()


async def test_story_that_hangs_goes_on_when_it_is_released() -> None:
    """A test decides when the second half of an answer comes."""
    story = Story(pieces=("One", " two"), hang_at=1)
    async with ScriptedProvider(default=story) as provider, asyncio.TaskGroup() as tasks:
        response = tasks.create_task(post(provider))
        performance = await provider.wait_for_request()
        performance.released.set()
        assert "two" in (await response).text


async def test_provider_lists_models_and_checks_its_key() -> None:
    """A wrong key is refused as the real API refuses it, the right one sees the models."""
    async with ScriptedProvider(api_key="sk-right") as provider, httpx.AsyncClient(trust_env=False) as client:
        assert (await post(provider, key="sk-wrong")).status_code == 401
        refused = await client.get(f"{provider.base_url}/models")
        listed = await client.get(f"{provider.base_url}/models", headers={"Authorization": "Bearer sk-right"})
    assert refused.json()["error"]["code"] == "invalid_api_key"
    assert [model["id"] for model in listed.json()["data"]] == ["scripted"]


async def test_wait_for_request_waits() -> None:
    """A test can wait for the bot's next request instead of for time."""
    async with ScriptedProvider() as provider, asyncio.TaskGroup() as tasks:
        waiting: asyncio.Task[Performance] = tasks.create_task(provider.wait_for_request(2))
        await post(provider, "one")
        assert not waiting.done()
        await post(provider, "two")
        assert (await waiting).body["messages"] == [{"role": "user", "content": "two"}]


@pytest.mark.parametrize("name", ["hello", "empty", "spaces", "error", "html", "nothing", "busy", "quota", "too-long"])
async def test_stories_of_the_demo_play(name: str) -> None:
    """Each story that a user can name is answered with its status."""
    async with ScriptedProvider() as provider:
        response = await post(provider, f"story:{name}")
        assert response.status_code == provider.stories[name].status
