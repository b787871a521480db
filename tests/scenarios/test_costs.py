"""What an answer took and cost, also where the provider does not say so."""

from __future__ import annotations

from typing import Any

import pytest

from bot.providers.tokens import TokenCounter
from sandbox.stories import ScriptedCall, Story, refusal
from tests.scenarios.scene import Scene

COUNT = TokenCounter().count_tokens
WORDS = ("One ", "two ", "three.")
UNKNOWN_MESSAGE = 10008  # Discord's code
READ_NANOS, WRITTEN_NANOS = 1_000, 5_000
PRICED = {"provider_input_price_per_million": 1.0, "provider_output_price_per_million": 5.0}
NO_TOOLS = {"tools_enabled": False, "system_prompt": "Be brief."}


async def begun(scene: Scene, story: Story) -> None:
    """An answer of which the first words are to be seen."""
    await scene.start(**PRICED, **NO_TOOLS)
    scene.provider.play(story)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)


def check(usage: dict[str, Any], written: str) -> None:
    """It is an estimate of the question and of these words, at the host's prices."""
    read = COUNT("Be brief.\n(from Linus) hi\n") + 2 * 6
    assert usage["is_estimated"] == 1
    assert usage["input_tokens"] == pytest.approx(read, abs=2)
    assert usage["output_tokens"] == COUNT(written)
    assert usage["cost_nanos"] == usage["input_tokens"] * READ_NANOS + usage["output_tokens"] * WRITTEN_NANOS
    assert (usage["provider"], usage["model"]) == ("default", "scripted")


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 0, "completion_tokens": 0}], ids=["missing", "zero"])
async def test_answer_without_usage_is_estimated(scene: Scene, usage: dict[str, int] | None) -> None:
    """Relays leave it out, or say 0."""
    await scene.start(**PRICED, **NO_TOOLS)
    scene.provider.play(Story(pieces=WORDS, usage=usage))
    await scene.ask("linus", "general", "@bot hi")
    (row,) = scene.rows("usage")
    check(row, "One two three.")


async def test_answer_that_is_stopped_is_estimated(scene: Scene) -> None:
    """What was written until then has to be paid for."""
    await begun(scene, Story(pieces=WORDS, hang_at=2))
    await scene.press("linus", scene.answers("general")[0], "Stop")
    await scene.answer_of("general", 1)
    (row,) = scene.rows("usage")
    check(row, "One two ")


async def test_answer_that_breaks_off_is_estimated(scene: Scene) -> None:
    """The provider had no more time to say what it took."""
    await scene.start(**PRICED, **NO_TOOLS)
    scene.provider.play(Story(pieces=WORDS, cut_at=2))
    await scene.ask("linus", "general", "@bot hi")
    assert scene.run(1)["status"] == "failed"
    (row,) = scene.rows("usage")
    check(row, "One two ")


async def test_answer_that_cannot_be_shown_any_more_is_estimated(scene: Scene) -> None:
    """Its message is gone, and it was written all the same."""
    await begun(scene, Story(token_count=100, tokens_per_second=20.0, is_endless=True))
    scene.sandbox.faults.fail("PATCH", "/channels/*/messages/*", status=404, code=UNKNOWN_MESSAGE)
    await scene.provider.requests[0].disconnected.wait()
    await scene.stop()
    assert scene.run(1)["status"] == "failed"
    (row,) = scene.rows("usage")
    assert row["is_estimated"] == 1
    assert 0 < row["output_tokens"] < 100


async def test_answer_to_the_words_before_an_edit_is_estimated(scene: Scene) -> None:
    """It is begun anew, and what was written for the old words has to be paid for all the same."""
    await scene.start(**PRICED, **NO_TOOLS)
    scene.provider.play(Story(pieces=WORDS, hang_at=2), Story(text="Four."))
    question_id = await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    people, linus = scene.sandbox.people, scene.sandbox.users["linus"]
    await people.edit(linus, scene.place("general"), question_id, f"{scene.mention} hello")
    assert (await scene.answer_of("general", 1)).words == "Four."
    (row,) = scene.rows("usage")
    assert row["is_estimated"] == 1
    assert row["output_tokens"] == COUNT("One two ") + 1
    assert row["input_tokens"] == pytest.approx(COUNT("Be brief.\n(from Linus) hi\n") + 2 * 6 + 10, abs=2)


async def test_answer_that_is_refused_costs_nothing(scene: Scene) -> None:
    """A request that the provider did not take is in no sum."""
    await scene.start(**PRICED, provider_max_retries=0)
    scene.provider.play(refusal(503, "overloaded"))
    await scene.ask("linus", "general", "@bot hi")
    assert scene.run(1)["status"] == "failed"
    assert scene.rows("usage") == []


async def test_steps_of_a_run_are_counted_together(scene: Scene) -> None:
    """One that the provider counts and one that it does not make an estimate."""
    await scene.start(**PRICED)
    call = ScriptedCall(name="roll", arguments=("{}",))
    counted = {"prompt_tokens": 300, "completion_tokens": 20}
    scene.provider.play(
        Story(tool_calls=(call,), finish_reason="tool_calls", usage=counted), Story(pieces=WORDS, usage=None)
    )
    await scene.ask("linus", "general", "@bot roll")
    (row,) = scene.rows("usage")
    assert row["is_estimated"] == 1
    assert row["input_tokens"] > 300
    assert row["output_tokens"] == 20 + COUNT("One two three.")
    assert row["cost_nanos"] == row["input_tokens"] * READ_NANOS + row["output_tokens"] * WRITTEN_NANOS


async def test_summary_without_usage_is_estimated_for_its_run(scene: Scene) -> None:
    """What a model asks for is paid for by whoever asked the model."""
    await scene.start(**PRICED)
    await scene.say("ada", "general", "The meeting is at three.")
    call = ScriptedCall(name="summarize")
    scene.provider.play(
        Story(tool_calls=(call,), finish_reason="tool_calls", usage={"prompt_tokens": 300, "completion_tokens": 20}),
        Story(pieces=("They ", "meet."), usage=None),
        Story(pieces=WORDS, usage={"prompt_tokens": 400, "completion_tokens": 3}),
    )
    await scene.ask("linus", "general", "@bot sum up")
    (row,) = scene.rows("usage")
    assert row["is_estimated"] == 1
    assert row["output_tokens"] == 20 + 3 + COUNT("They meet.")
    assert row["input_tokens"] > 700


async def test_price_that_nobody_knows_is_none(parley: Scene) -> None:
    """A server without a public name is in no list, and the tokens are counted all the same."""
    await parley.ask("linus", "general", "@bot hi")
    (row,) = parley.rows("usage")
    assert (row["cost_nanos"], row["is_estimated"], row["input_tokens"]) == (None, 0, 10)
