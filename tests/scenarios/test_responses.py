"""The real bot on a provider of the responses API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.runs.context import CONTINUE
from sandbox.provider import MODEL
from sandbox.stories import ScriptedCall, Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene
from tests.scenarios.test_waiting import MODULES, call

ON_RESPONSES = {"provider_api": "responses"}
STATES = {"response": "previous_response_id", "conversation": "conversation"}
BOTH = Story(
    reasoning=("Hm.",),
    pieces=("Let me see.",),
    tool_calls=(call("order", dish="soup"), call("slow", "call_2", 1, seconds=0)),
    finish_reason="tool_calls",
)
DONE = Story(text="It is done.")


def keeping(folder: Path, scene: Scene, state: str, *lines: str) -> dict[str, object]:
    """The settings of a host whose provider keeps conversations, or has tools of its own."""
    file = folder / "providers.toml"
    table = ["[providers.keeper]", f'base_url = "{scene.provider.base_url}"', 'api = "responses"', f'state = "{state}"']
    file.write_text("\n".join([*table, *lines]), encoding="utf-8")
    return {"providers_file": str(file), "provider_base_url": None, "provider_model": f"keeper/{MODEL}"}


def items(scene: Scene, number: int = -1) -> list[dict[str, Any]]:
    """What a request added to the conversation."""
    given = scene.provider.requests[number].body["input"]
    assert isinstance(given, list)
    return given


def said(scene: Scene, number: int = -1) -> list[str]:
    """The same, one `role or type: words` for each item."""
    return [
        f"{item['role']}: {item['content'][0]['text']}" if "role" in item else f"{item['type']}: {item.get('output')}"
        for item in items(scene, number)
    ]


async def ordered(scene: Scene) -> Answer:
    """An answer to Linus that waits for his approval of one of two calls, of which the other is done."""
    scene.provider.play(BOTH, DONE)
    await scene.say("linus", "general", "@bot please")
    await scene.until(lambda: any(row["waiting_since"] is not None for row in scene.rows("runs")))
    return scene.answers("general")[-1]


async def test_outputs_of_two_calls_go_out_together(scene: Scene) -> None:
    """One call waits for a person, and nothing is submitted before both outputs are there."""
    await scene.start(**MODULES, **ON_RESPONSES)
    answer = await ordered(scene)
    assert len(scene.provider.requests) == 1
    await scene.press("linus", answer, "Approve")
    assert (await scene.answer_of("general", 1)).words == "Let me see.\n\nIt is done."
    assert len(scene.provider.requests) == 2
    assert said(scene)[-2:] == ["function_call_output: 1 soup on the way", "function_call_output: slept"]
    assert scene.run(1)["status"] == "completed"


async def test_thinking_goes_back_after_a_restart(scene: Scene) -> None:
    """What the provider gave beside the calls outlives the process that got it, and not the run."""
    await scene.start(**MODULES, **ON_RESPONSES, shutdown_grace_seconds=0)
    answer = await ordered(scene)
    await scene.stop()
    await scene.start(**MODULES, **ON_RESPONSES)
    await scene.press("linus", answer, "Approve")
    assert (await scene.answer_of("general", 1)).words == "Let me see.\n\nIt is done."
    assert [item.get("type") for item in items(scene)] == [
        "message",
        "reasoning",
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
    ]
    assert items(scene)[1]["encrypted_content"].startswith("sealed")
    await scene.ask("linus", "general", "@bot and?")
    assert "reasoning" not in [item.get("type") for item in items(scene)]


@pytest.mark.parametrize("state", ["none", *STATES])
async def test_answer_goes_on_after_a_restart(scene: Scene, tmp_path: Path, state: str) -> None:
    """What was written of it is said to the model again, and the rest comes in the same message."""
    settings = keeping(tmp_path, scene, state)
    await scene.start(**settings, shutdown_grace_seconds=0)
    scene.provider.play(Story(pieces=("First words", " that are cut off."), hang_at=1))
    await scene.say("linus", "general", "@bot hi")
    begun = await scene.answer_of("general", 1, final=False)
    await scene.stop()
    scene.provider.play(Story(pieces=("words", " and all the others.")))
    await scene.start(**settings)
    answer = await scene.answer_of("general", 1)
    assert (answer.text, answer.ids) == ("First words and all the others.", begun.ids)
    assert said(scene) == ["user: (from Linus) hi", "assistant: First", f"user: {CONTINUE}"]
    await scene.ask("linus", "general", "@bot and?")
    whole = ["user: (from Linus) hi", "assistant: First words and all the others."]
    assert said(scene) == ([] if state in STATES else whole) + ["user: (from Linus) and?"]


@pytest.mark.parametrize("state", STATES)
async def test_provider_that_keeps_the_conversation_is_told_what_is_new(
    scene: Scene, tmp_path: Path, state: str
) -> None:
    """Also by a bot that was started anew, in the midst of a step."""
    settings = keeping(tmp_path, scene, state)
    await scene.start(**MODULES, **settings, shutdown_grace_seconds=0)
    answer = await ordered(scene)
    await scene.stop()
    await scene.start(**MODULES, **settings)
    await scene.press("linus", answer, "Approve")
    await scene.answer_of("general", 1)
    await scene.ask("linus", "general", "@bot and?")
    assert [said(scene, number) for number in range(3)] == [
        ["user: (from Linus) please"],
        ["function_call_output: 1 soup on the way", "function_call_output: slept"],
        ["user: (from Linus) and?"],
    ]
    known = [request.body.get(STATES[state]) for request in scene.provider.requests]
    assert known == ([None, "resp_1", "resp_2"] if state == "response" else ["conv_1"] * 3)
    (bookmark,) = scene.rows("bookmarks")
    assert bookmark["provider"] == "keeper"
    keys = [key for key in json.loads(bookmark["state"])["keys"] if key.startswith("run")]
    assert keys == [*["run 1"] * 4, "run 2"]  # two answers and two outputs, and the second question's answer


@pytest.mark.parametrize("state", STATES)
async def test_forgetful_provider_is_told_all_again(scene: Scene, tmp_path: Path, state: str) -> None:
    """People notice nothing."""
    await scene.start(**keeping(tmp_path, scene, state))
    await scene.ask("linus", "general", "@bot hi")
    scene.provider.responses.forget()
    answer = await scene.ask("linus", "general", "@bot and?")
    assert answer.text == Story().answer()
    assert said(scene) == ["user: (from Linus) hi", f"assistant: {Story().answer()}", "user: (from Linus) and?"]


@pytest.mark.parametrize("state", STATES)
async def test_reset_forgets_what_the_provider_keeps(scene: Scene, tmp_path: Path, state: str) -> None:
    """The next question begins a conversation there, too."""
    await scene.start(**keeping(tmp_path, scene, state))
    await scene.ask("linus", "general", "@bot hi")
    await scene.command("linus", "general", "reset")
    await scene.ask("linus", "general", "@bot and?")
    assert said(scene) == ["user: (from Linus) and?"]
    assert scene.provider.requests[-1].body.get(STATES[state]) in (None, "conv_2")


@pytest.mark.parametrize("state", STATES)
async def test_deleted_question_is_not_read_again(scene: Scene, tmp_path: Path, state: str) -> None:
    """Not even the oldest, which could have left the model's window as well: the rest is said to a new beginning."""
    await scene.start(**keeping(tmp_path, scene, state))
    question = (await scene.ask("linus", "general", "@bot hi")).question_id
    await scene.ask("linus", "general", "@bot and?")
    assert question is not None
    await scene.sandbox.people.delete(scene.sandbox.users["grace"], scene.place("general"), question)
    await scene.ask("linus", "general", "@bot now?")
    words = [f"assistant: {Story().answer()}", "user: (from Linus) and?"]
    assert said(scene) == [*words, words[0], "user: (from Linus) now?"]
    assert scene.provider.requests[-1].body.get(STATES[state]) == (None if state == "response" else "conv_2")


@pytest.mark.parametrize("state", STATES)
async def test_conversation_longer_than_the_history_goes_on(scene: Scene, tmp_path: Path, state: str) -> None:
    """What is only too old to be sent is no reason to say all again; what of it is deleted then, is."""
    await scene.start(**keeping(tmp_path, scene, state), history_max_messages=3)
    question = (await scene.ask("linus", "general", "@bot one?")).question_id
    for text in ("two", "three", "four"):
        await scene.ask("linus", "general", f"@bot {text}?")
        assert said(scene) == [f"user: (from Linus) {text}?"]
    assert question is not None
    await scene.sandbox.people.delete(scene.sandbox.users["grace"], scene.place("general"), question)
    await scene.ask("linus", "general", "@bot five?")
    words = ["user: (from Linus) four?", f"assistant: {Story().answer()}", "user: (from Linus) five?"]
    assert said(scene) == words
    await scene.ask("linus", "general", "@bot six?")
    assert said(scene) == ["user: (from Linus) six?"]


async def test_stop_closes_the_connection(scene: Scene) -> None:
    """The provider sees that nobody reads on, and the next question is answered."""
    await scene.start(**ON_RESPONSES)
    scene.provider.play(Story(is_endless=True, tokens_per_second=50.0))
    await scene.say("linus", "general", "@bot hi")
    await scene.press("linus", await scene.answer_of("general", 1, final=False), "Stop")
    await scene.answer_of("general", 1)
    await scene.wait_for(lambda: scene.provider.requests[0].disconnected.is_set())
    assert (await scene.ask("linus", "general", "@bot and?")).text == Story().answer()


async def test_refusal_is_shown_with_its_reason(scene: Scene) -> None:
    """The model's words, and small print that says why it ends there."""
    await scene.start(**ON_RESPONSES)
    scene.provider.play(Story(refusal="I cannot help with that."))
    answer = await scene.ask("linus", "general", "@bot hi")
    assert answer.words == "I cannot help with that."
    assert answer.small_print == ["The provider's content filter cut this answer."]


async def test_search_of_the_provider_is_shown_where_it_is_switched_on(scene: Scene, tmp_path: Path) -> None:
    """A small line while it searches and when it has, the pages below the text, and nothing of it elsewhere."""
    await scene.start(**keeping(tmp_path, scene, "none", 'server_tools = [{ type = "web_search" }]'))
    outcome = await scene.command("ada", "general", "set", name="server_tools", value="web_search")
    assert outcome.ephemeral
    searching = Story(text="Owls hoot.", searches=("owls",), cites=("https://owls.example/a",), hang_at=1)
    scene.provider.play(searching)
    question = await scene.say("linus", "general", "@bot hi")
    await scene.wait_for(lambda: any("⏳ **web search**" in text for text in scene.writes("general")))
    scene.provider.requests[-1].released.set()
    answer = await scene.wait_for(lambda: next((a for a in scene.answers("general") if a.is_final), None))
    assert answer.question_id == question
    assert answer.text == (
        "Owls hoot.\n-# Sources: [owls.example](<https://owls.example/a>)\n-# 🔧 **web search** · `owls`"
    )
    assert "Tools" not in answer.buttons
    await scene.ask("linus", "questions", "@bot hi")
    tools = [[tool["type"] for tool in request.body["tools"]] for request in scene.provider.requests]  # type: ignore[attr-defined]
    assert ["web_search" in types for types in tools] == [True, False]


async def test_wrong_api_is_told_to_the_host(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Who asks gets a sentence, and the log says which setting is wrong."""
    await scene.start(**ON_RESPONSES)
    scene.provider.play(Story(raw=('{"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Hi"}}]}',)))
    answer = await scene.ask("linus", "general", "@bot hi")
    assert answer.text == "⚠️ The model provider speaks another API than the host has set. The host has to change it."
    assert "a stream of the API chat_completions" in caplog.text


async def test_second_call_of_one_name_keeps_its_own_output(scene: Scene) -> None:
    """Two rolls of a step are told apart by their ids alone."""
    await scene.start(**ON_RESPONSES)
    rolls = tuple(ScriptedCall(name="roll", id=f"call_{n}", index=n, arguments=('{"sides": 1}',)) for n in range(2))
    scene.provider.play(Story(tool_calls=rolls, finish_reason="tool_calls"), DONE)
    await scene.ask("linus", "general", "@bot hi")
    outputs = [item["call_id"] for item in items(scene) if item.get("type") == "function_call_output"]
    assert outputs == ["call_0", "call_1"]
