"""A model uses tools: its run waits, all outputs of a step go back in one request, and the answer goes on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from bot.runs.progress import SAME_CALL_STEPS
from sandbox.provider import Performance
from sandbox.stories import ScriptedCall, Story
from tests.scenarios.scene import Scene

ROLL = ScriptedCall(name="roll", arguments=('{"sides": 2, ', '"count": 3}'), id="call_a", index=0)
TIME = ScriptedCall(name="time", arguments=('{"zone": "Europe/Berlin"}',), id="call_b", index=1)
ASKS = Story(pieces=("Let me look.",), tool_calls=(ROLL, TIME), finish_reason="tool_calls")


def body(request: Performance) -> dict[str, Any]:
    """What a request told the provider."""
    return dict(request.body)


async def test_outputs_of_a_step_are_submitted_together(parley: Scene) -> None:
    """Two calls are carried out, their outputs go back in the order asked, and one message holds the whole answer."""
    parley.provider.play(ASKS, Story(text="It is done."))
    answer = await parley.ask("linus", "general", "@bot roll and tell the time")
    assert answer.words == "Let me look.\n\nIt is done."
    rolled, told = answer.small_print
    assert re.fullmatch(r"🔧 \*\*roll\*\* · `sides: 2, count: 3` · \d+ ms · 3d2: [12] \+ [12] \+ [12] = \d", rolled)
    assert told.startswith("🔧 **time** · `zone: Europe/Berlin` · ")
    assert parley.causes(1) == ["enqueued", "claimed", "tool_calls", "outputs_submitted", "finished"]
    first, second = (body(request) for request in parley.provider.requests)
    assert {tool["function"]["name"] for tool in first["tools"]} >= {"roll", "find_tool"}
    *_, asked, rolled, told = second["messages"]
    assert [call["id"] for call in asked["tool_calls"]] == ["call_a", "call_b"]
    assert json.loads(asked["tool_calls"][0]["function"]["arguments"]) == {"sides": 2, "count": 3}
    assert [message["role"] for message in (asked, rolled, told)] == ["assistant", "tool", "tool"]
    assert [message["tool_call_id"] for message in (rolled, told)] == ["call_a", "call_b"]
    stored = {row["name"]: row for row in parley.rows("tool_calls")}
    assert stored["roll"]["output"] == rolled["content"]
    assert stored["time"]["output"] == told["content"]
    assert all(row["started_at"] <= row["ended_at"] for row in stored.values())
    (used,) = parley.rows("usage")
    assert used["input_tokens"] == 20


async def test_later_questions_know_what_the_tools_gave(parley: Scene) -> None:
    """The next request tells the model of the calls and their outputs as they were."""
    parley.provider.play(ASKS, Story(text="It is done."))
    await parley.ask("linus", "general", "@bot roll and tell the time")
    await parley.ask("linus", "general", "@bot and?")
    roles = [message["role"] for message in body(parley.provider.requests[-1])["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "assistant", "user"]


async def test_call_that_cannot_be_made_is_told_to_the_model(parley: Scene) -> None:
    """An unknown tool and arguments that are no JSON each give a sentence as output, and the run goes on."""
    unknown = ScriptedCall(name="fly", id="call_a", index=0)
    broken = ScriptedCall(name="roll", arguments=('{"sides": ',), id="call_b", index=1)
    parley.provider.play(Story(tool_calls=(unknown, broken), finish_reason="tool_calls"), Story(text="Sorry."))
    assert (await parley.ask("linus", "general", "@bot fly")).words == "Sorry."
    outputs = [row["output"] for row in parley.rows("tool_calls")]
    assert "fly" in outputs[0]
    assert "JSON" in outputs[1]


async def test_model_that_goes_in_circles_is_stopped(parley: Scene) -> None:
    """The same call in three steps is one too many, and the answer says why it ends; in one step it may be there."""
    twice = Story(tool_calls=(TIME, replace(TIME, id="call_c", index=2)), finish_reason="tool_calls")
    parley.provider.default = twice
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.small_print[-1] == "The model asked for the same call over and over, so it was stopped."
    assert len(parley.provider.requests) == SAME_CALL_STEPS
    assert len(parley.rows("tool_calls")) == 2 * (SAME_CALL_STEPS - 1)
    run = parley.run(1)
    assert (run["status"], run["incomplete_reason"]) == ("incomplete", "repeated_call")


async def test_model_that_never_ends_is_stopped(scene: Scene) -> None:
    """A model that asks for tools again and again does not do so forever, and the answer says why it ends."""
    await scene.start(tool_max_steps=4)
    sides = (replace(ROLL, arguments=(f'{{"sides": {number + 2}}}',)) for number in range(5))
    scene.provider.play(*(Story(tool_calls=(call,), finish_reason="tool_calls") for call in sides))
    answer = await scene.ask("linus", "general", "@bot hi")
    assert answer.small_print[-1] == "The model asked for tools again and again, so it was stopped."
    assert len(scene.provider.requests) == 4
    run = scene.run(1)
    assert (run["status"], run["incomplete_reason"]) == ("incomplete", "max_steps")
