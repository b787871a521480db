"""Which tools the provider is told of, place by place, and step by step."""

from __future__ import annotations

import json
from typing import Any

from bot.tools.find_tool import FIND_TOOL
from sandbox.interactions import InteractionOutcome
from sandbox.provider import Performance
from sandbox.stories import ScriptedCall, Story, refusal
from tests.scenarios.scene import Scene, Where

ROLL = ScriptedCall(name="roll", id="call_roll")
ROLLS = Story(tool_calls=(ROLL,), finish_reason="tool_calls")
SEARCHES = Story(
    tool_calls=(ScriptedCall(name=FIND_TOOL, arguments=('{"query": "roll dice"}',), id="call_find"),),
    finish_reason="tool_calls",
)
# So small that a tool of the bot's own is too long to be told of beside the search.
SMALL_WINDOW = {"provider_context_tokens": 1500, "max_output_tokens": 100}
WIDE_WINDOW = {"provider_context_tokens": 128_000}  # all that ship with the bot are told of


def offered(request: Performance) -> list[str]:
    """What a request tells the provider of."""
    tools: Any = request.body.get("tools", [])
    return [tool["function"]["name"] for tool in tools]


def outputs(request: Performance) -> list[str]:
    """What a request says came of the calls."""
    messages: Any = request.body["messages"]
    return [message["content"] for message in messages if message["role"] == "tool"]


async def told_of(parley: Scene, channel: Where) -> list[str]:
    """What the model is told of when Linus asks something."""
    await parley.ask("linus", channel, "@bot hi")
    return offered(parley.provider.requests[-1])


async def switch(parley: Scene, channel: Where, command: str, **options: object) -> InteractionOutcome:
    """Ada owns the server and switches."""
    outcome = await parley.command("ada", channel, f"tools {command}", **options)
    assert outcome.ephemeral
    return outcome


async def test_tool_is_off_in_a_channel_and_on_in_its_thread(scene: Scene) -> None:
    """A thread has what its channel has until it is switched there; other channels have what they had."""
    await scene.start(**WIDE_WINDOW)
    ada, general = scene.sandbox.users["ada"], scene.place("general")
    threads: list[int] = [await scene.sandbox.people.start_thread(ada, general, name) for name in ("dice", "no dice")]
    await switch(scene, "general", "disable", name="roll")
    await switch(scene, threads[0], "enable", name="roll")
    places: list[Where] = ["general", *threads, "questions"]
    found = [await told_of(scene, place) for place in places]
    assert ["roll" in names for names in found] == [False, True, False, True]
    assert all("time" in names for names in found)


async def test_category_and_server_are_inherited(scene: Scene) -> None:
    """A switch of the server holds everywhere but where a category's channels have their own."""
    await scene.start(**WIDE_WINDOW)
    await switch(scene, "general", "disable", name="time", place="server")
    await switch(scene, "general", "disable", name="roll", place="server")
    await switch(scene, "general", "enable", name="roll", place="category")
    found = [await told_of(scene, channel) for channel in ("general", "questions", "playground")]
    assert [{"roll", "time"}.intersection(names) for names in found] == [{"roll"}, {"roll"}, set()]
    rows = scene.rows("place_settings")
    assert [(row["place_kind"], row["name"], row["value"]) for row in rows] == [
        ("guild", "tool:time", "false"),
        ("guild", "tool:roll", "false"),
        ("category", "tool:roll", "true"),
    ]
    assert {row["set_by"] for row in rows} == {scene.sandbox.users["ada"]}


async def test_switches_outlive_the_process(parley: Scene) -> None:
    """After a restart the first answer goes by them."""
    await switch(parley, "general", "disable", name="roll")
    await parley.stop()
    await parley.start()
    assert "roll" not in await told_of(parley, "general")


async def test_call_of_a_tool_that_is_off_is_refused_in_words(parley: Scene) -> None:
    """A model that knows it from before the switch is told so, and nothing is rolled."""
    await switch(parley, "general", "disable", name="roll")
    parley.provider.play(ROLLS, Story(text="I may not roll here."))
    answer = await parley.ask("linus", "general", "@bot roll")
    assert answer.text.startswith("I may not roll here.")
    assert outputs(parley.provider.requests[-1]) == ["roll is switched off here by a moderator."]


async def test_direct_messages_have_all_tools(parley: Scene) -> None:
    """No moderator is there to switch."""
    await switch(parley, "general", "disable", name="roll", place="server")
    dm = await parley.sandbox.people.open_dm(parley.sandbox.users["linus"], parley.sandbox.bot_id)
    assert "roll" in await told_of(parley, dm)


async def test_found_tool_is_offered_from_the_next_step_on(scene: Scene) -> None:
    """In a small window tools are found first; what was found is told of in full, for as long as the run lasts."""
    await scene.start(**SMALL_WINDOW)
    scene.provider.play(SEARCHES, ROLLS, Story(text="Rolled."))
    answer = await scene.ask("linus", "general", "@bot roll")
    assert answer.text.startswith("Rolled.")
    first, second, third = map(offered, scene.provider.requests)
    assert first[0] == FIND_TOOL
    assert "roll" not in first
    assert second == third
    assert second[: len(first)] == first
    assert "roll" in second
    assert [output[:3] for output in outputs(scene.provider.requests[-1])] == ["The", "1d6"]
    assert "roll" not in await told_of(scene, "general")


async def test_found_tool_outlives_the_process(scene: Scene) -> None:
    """A run that goes on after a restart is offered what it had found before."""
    await scene.start(**SMALL_WINDOW)
    scene.provider.play(SEARCHES, Story(text="I will roll now.", hang_at=3))
    await scene.say("linus", "general", "@bot roll")
    await scene.wait_for(lambda: len(scene.provider.requests) == 2)
    await scene.stop()
    scene.provider.play(ROLLS, Story(text="Rolled."))
    await scene.start(**SMALL_WINDOW)
    await scene.answer_of("general", 1)
    assert "roll" in offered(scene.provider.requests[2])
    assert outputs(scene.provider.requests[-1])[-1].startswith("1d6")


async def test_tool_has_to_be_called_in_the_first_step_only(scene: Scene) -> None:
    """TOOL_CHOICE=required would else let no answer end; PARALLEL_TOOL_CALLS is said in every step."""
    await scene.start(tool_choice="required", parallel_tool_calls=False)
    scene.provider.play(ROLLS, Story(text="Rolled."))
    await scene.ask("linus", "general", "@bot roll")
    bodies = [request.body for request in scene.provider.requests]
    assert [(body.get("tool_choice"), body["parallel_tool_calls"]) for body in bodies] == [
        ("required", False),
        (None, False),
    ]


async def test_provider_without_tools_is_asked_without_them(parley: Scene) -> None:
    """llama.cpp without --jinja answers with a server error, which is learnt from and not tried again."""
    parley.provider.play(refusal(500, "server_error", "tools param requires --jinja flag"))
    for _ in range(2):
        answer = await parley.ask("linus", "general", "@bot hi")
        assert answer.text.startswith("Hello from the scripted model.")
    assert [bool(offered(request)) for request in parley.provider.requests] == [True, False, False]
    assert json.dumps(parley.provider.requests[-1].body).count("tool") == 0
