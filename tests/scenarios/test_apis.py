"""One conversation over each API that providers speak: people and tables see no difference."""

from __future__ import annotations

import json

import pytest

from bot.providers.parameters import Api
from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene
from tests.scenarios.test_restart import REST, WHOLE, begun
from tests.scenarios.test_waiting import MODULES, asks, call, waits

WITH_TOOLS = [Api.CHAT_COMPLETIONS, Api.RESPONSES, Api.ASSISTANTS]
DINNER = asks(call("order", dish="soup", count=2), call("roll", id="call_2", index=1, sides=6))


async def dinner(scene: Scene, api: Api) -> list[Answer]:
    """A question with two calls, one of which is approved, and one after it."""
    scene.provider.play(Story(text="Hello, Linus."), DINNER, Story(text="Soup for one."), Story(text="Soup."))
    await scene.start(provider_api=api, **MODULES)
    await scene.ask("linus", "general", "@bot hi")
    await scene.say("linus", "general", "@bot roll for dinner")
    await scene.press("linus", await waits(scene), "Approve")
    await scene.answer_of("general", 2)
    await scene.ask("linus", "general", "@bot what was it?")
    return scene.answers("general")


@pytest.mark.parametrize("api", WITH_TOOLS)
async def test_conversation_with_parallel_calls_and_an_approval(scene: Scene, api: Api) -> None:
    """Two calls, one of which a person approves, are submitted together once, and the conversation goes on."""
    answers = await dinner(scene, api)
    assert [answer.words for answer in answers] == ["Hello, Linus.", "Let me see.\n\nSoup for one.", "Soup."]
    assert [run["status"] for run in scene.rows("runs")] == ["completed"] * 3
    calls = [(row["name"], row["outcome"], json.loads(row["arguments"])) for row in scene.rows("tool_calls")]
    assert calls == [("order", "done", {"dish": "soup", "count": 2}), ("roll", "done", {"sides": 6})]
    played = [performance.story.answer() for performance in scene.provider.requests]
    assert played == ["Hello, Linus.", "Let me see.", "Soup for one.", "Soup."]
    assert "2 soup on the way" in str(scene.provider.requests[2].body)
    assert scene.rows("carried") == []
    assert {row["provider"] for row in scene.rows("usage")} == {"default"}


@pytest.mark.parametrize("api", [Api.CHAT_COMPLETIONS, Api.COMPLETIONS, Api.RESPONSES])
async def test_interrupted_answer_goes_on_in_the_same_message(scene: Scene, api: Api) -> None:
    """A bot that is stopped in the middle of an answer goes on from what was written, whatever the API."""
    await scene.start(provider_api=api, shutdown_grace_seconds=0)
    begin = await begun(scene)
    await scene.stop()
    scene.provider.play(REST)
    await scene.start(provider_api=api)
    answer = await scene.answer_of("general", 1)
    assert (answer.words, answer.ids) == (WHOLE, begin.ids)


async def test_completions_are_asked_with_one_text(scene: Scene) -> None:
    """A server of the older API gets the conversation line by line, and no tools."""
    await scene.start(provider_api=Api.COMPLETIONS, **MODULES)
    await scene.ask("linus", "general", "@bot hi")
    await scene.ask("grace", "general", "@bot and?")
    body = scene.provider.requests[1].body
    assert str(body["prompt"]).splitlines() == [
        "Be brief.",
        "User: (from Linus) hi",
        "Assistant: Hello from the scripted model.",
        "User: (from Grace) and?",
        "Assistant:",
    ]
    assert body["stop"] == ["\nUser:"]
    assert "tools" not in body
