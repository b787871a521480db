"""Thinking that a provider wants back with the calls that it led to."""

from __future__ import annotations

import json
from typing import Any

from sandbox.stories import Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_waiting import MODULES, ORDER, call, final, waits

FIRST = Story(
    reasoning=("They want ", "soup."),
    pieces=("Let me see.",),
    tool_calls=(call("order", dish="soup", count=2),),
    finish_reason="tool_calls",
)


def step(scene: Scene, request: int, number: int = -2) -> dict[str, Any]:
    """The model's message with calls in a request, counted from the end."""
    messages = scene.provider.requests[request].body["messages"]
    assert isinstance(messages, list)
    message: dict[str, Any] = messages[number]
    return message


async def test_thinking_goes_back_after_a_person_decided_and_a_restart(scene: Scene) -> None:
    """The provider gets what it thought with its call, though hours and a restart lie between; then it is forgotten."""
    scene.provider.play(FIRST, Story(text="Ordered."))
    await scene.start(**MODULES)
    await scene.say("linus", "general", "@bot please")
    answer = await waits(scene)
    assert [json.loads(row["data"])["message"] for row in scene.rows("carried")] == [
        {"reasoning_content": "They want soup."}
    ]
    await scene.stop()
    await scene.start(**MODULES)
    await scene.press("linus", answer, "Approve")
    assert (await final(scene)).words.endswith("Ordered.")
    assert step(scene, 1)["reasoning_content"] == "They want soup."
    assert scene.rows("carried") == []


async def test_thinking_of_a_finished_answer_is_not_sent_again(scene: Scene) -> None:
    """A later question goes out without what was thought about an earlier one."""
    scene.provider.play(FIRST, Story(text="Ordered."), Story(text="You are welcome."))
    await scene.start(**MODULES)
    await scene.say("linus", "general", "@bot please")
    await scene.press("linus", await waits(scene), "Approve")
    await final(scene)
    await scene.ask("linus", "general", "@bot thanks")
    assert "They want soup." not in json.dumps(scene.provider.requests[2].body)


async def test_steps_without_thinking_carry_nothing(scene: Scene) -> None:
    """What nobody wants back is not kept."""
    scene.provider.play(ORDER)
    await scene.start(**MODULES)
    await scene.say("linus", "general", "@bot please")
    await waits(scene)
    assert scene.rows("carried") == []
