"""Budgets that are reached, over sockets: questions, tokens and money, and when they begin anew."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from sandbox.stories import ScriptedCall, Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_channel import used
from tests.scenarios.test_clock_faults import Clock

JUMP = timedelta(hours=1)
HELLO = "Hello from the scripted model."
SPENT = Story(usage={"prompt_tokens": 100, "completion_tokens": 20})
ROLLS = Story(
    pieces=("I roll.",),
    tool_calls=(ScriptedCall(name="roll"),),
    finish_reason="tool_calls",
    usage={"prompt_tokens": 100, "completion_tokens": 20},
)
PRICED = {"provider_input_price_per_million": 1.0, "provider_output_price_per_million": 5.0}
NO_TOOLS = {"tools_enabled": False, "max_output_tokens": 500}


@pytest.fixture
def clock(scene: Scene) -> Clock:
    """The clock by which the scene's bot goes."""
    scene.clock = turned = Clock()
    return turned


async def limit(scene: Scene, name: str, value: str, where: str = "server") -> None:
    """Ada owns the server and sets a budget, as everything is set."""
    assert (await scene.command("ada", "general", "set", name=f"budget:{name}", value=value, where=where)).ephemeral


async def turned_away(scene: Scene, channel: str, words: str) -> str:
    """What the bot says that is no answer."""
    return await scene.wait_for(
        lambda: next((text for text in reversed(scene.writes(channel, "POST")) if words in text), None)
    )


def windows(scene: Scene) -> list[tuple[str, int, int, int]]:
    """For whom what was used."""
    return [
        (row["subject"], row["tokens"], row["cost_nanos"], row["questions"]) for row in scene.rows("budget_windows")
    ]


async def test_budget_of_questions_is_reached_and_begins_anew(scene: Scene, clock: Clock) -> None:
    """Who asked enough is told and not stored, others are answered; the next hour everybody is."""
    await scene.start()
    await limit(scene, "each:questions:hour", "1")
    await scene.ask("linus", "general", "@bot one")
    await scene.say("linus", "general", "@bot two")
    told = await turned_away(scene, "general", "used up")
    assert told.startswith("Your budget in this server, 1 question an hour, is used up; it begins anew <t:")
    await scene.ask("grace", "general", "@bot three")
    assert [row["text"] for row in scene.rows("messages")] == ["one", HELLO, "three", HELLO]
    clock.turn(JUMP)
    await scene.ask("linus", "general", "@bot four")
    assert [row[3] for row in windows(scene)] == [1, 1, 1]


async def test_tokens_are_settled_as_the_provider_counts_them(scene: Scene) -> None:
    """And money by the host's price; nothing stays reserved."""
    await scene.start(**PRICED, **NO_TOOLS)
    await limit(scene, "all:tokens:day", "5000")
    await limit(scene, "all:dollars:month", "1")
    scene.provider.play(SPENT)
    await scene.ask("linus", "general", "@bot hi")
    assert windows(scene) == [("all", 120, 200_000, 0)] * 2
    assert scene.rows("reservations") == []


async def test_answer_is_shortened_to_what_is_left(scene: Scene) -> None:
    """Until so little is left that it is not worth a question, of which people are told."""
    await scene.start(**NO_TOOLS)
    await limit(scene, "all:tokens:day", "300")
    scene.provider.play(Story(usage={"prompt_tokens": 30, "completion_tokens": 220}))
    await scene.ask("linus", "general", "@bot hi")
    (asked,) = scene.provider.requests
    most = asked.body.get("max_completion_tokens", asked.body.get("max_tokens"))
    assert isinstance(most, int)
    assert 64 <= most < 300
    await scene.say("linus", "general", "@bot again")
    assert "The budget of this server, 300 tokens a day, is used up" in await turned_away(scene, "general", "used up")
    assert len(scene.provider.requests) == 1


async def test_budget_that_ends_between_steps_ends_the_answer(scene: Scene) -> None:
    """What was said until then stays, with the sentence below it."""
    await scene.start(max_output_tokens=200)
    await limit(scene, "all:tokens:day", "20000")
    spent = {"prompt_tokens": 19_900, "completion_tokens": 90}
    scene.provider.play(
        Story(pieces=("I roll.",), tool_calls=ROLLS.tool_calls, finish_reason="tool_calls", usage=spent)
    )
    answer = await scene.ask("linus", "general", "@bot roll")
    assert answer.text.startswith("I roll.")
    assert "⚠️ The budget of this server, 20,000 tokens a day, is used up" in answer.messages[-1]["content"]
    assert scene.run(1)["status"] == "failed"
    assert windows(scene) == [("all", 19_990, 0, 0)]
    assert scene.rows("reservations") == []


async def test_stopped_answer_gives_back_what_it_did_not_use(scene: Scene) -> None:
    """What was written until then is counted, and no more."""
    await scene.start(**NO_TOOLS)
    await limit(scene, "all:tokens:day", "5000")
    scene.provider.play(Story(pieces=("One ", "two ", "three."), hang_at=2))
    await scene.say("linus", "general", "@bot hi")
    begin = await scene.answer_of("general", 1, final=False)
    assert windows(scene)[0][1] > 500
    await scene.press("linus", begin, "Stop")
    await scene.answer_of("general", 1)
    ((_, tokens, _, _),) = windows(scene)
    (row,) = scene.rows("usage")
    assert tokens == row["input_tokens"] + row["output_tokens"]
    assert scene.rows("reservations") == []


async def test_answer_over_a_restart_is_settled_twice(scene: Scene) -> None:
    """What was handed back counts as far as it had come, and the rest when it is whole."""
    await scene.start(**NO_TOOLS, shutdown_grace_seconds=0)
    await limit(scene, "all:tokens:day", "5000")
    scene.provider.play(Story(pieces=("One ", "two ", "three."), hang_at=2))
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    await scene.stop()
    assert scene.rows("reservations") == []
    scene.provider.play(SPENT)
    await scene.start(**NO_TOOLS)
    await scene.answer_of("general", 1)
    ((_, tokens, _, _),) = windows(scene)
    (row,) = scene.rows("usage")
    assert tokens == row["input_tokens"] + row["output_tokens"] > 120
    assert scene.rows("reservations") == []


async def test_model_of_unknown_price_is_not_asked_where_money_is_budgeted(scene: Scene) -> None:
    """Moderators are told what to do about it."""
    await scene.start(**NO_TOOLS)
    await limit(scene, "all:dollars:day", "5")
    answer = await scene.ask("linus", "general", "@bot hi")
    assert "nobody knows what `default/scripted` costs" in answer.text
    assert scene.provider.requests == []


async def test_moderators_are_told_in_their_log_channel(scene: Scene) -> None:
    """At 80 %, once, pinging nobody; a channel of another server is none."""
    await scene.start(**NO_TOOLS)
    channel = str(scene.place("moderators"))
    await scene.command("ada", "general", "set", name="log_channel", value=channel, where="server")
    await limit(scene, "all:tokens:day", "1000")
    scene.provider.play(Story(usage={"prompt_tokens": 700, "completion_tokens": 120}), SPENT)
    await scene.ask("linus", "general", "@bot hi")
    told = await turned_away(scene, "moderators", "⏳")
    assert told.startswith(
        "⏳ The budget of everybody in this server, 1,000 tokens a day, is used to 80 % (820 tokens)."
    )
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 2)
    await scene.caught_up()
    assert len([text for text in scene.writes("moderators") if "is used to 80 %" in text]) == 1


async def test_people_are_told_below_an_answer_without_a_log_channel(scene: Scene) -> None:
    """By the first one after the mark, and by no other."""
    await scene.start(**NO_TOOLS)
    await limit(scene, "all:tokens:day", "1000")
    scene.provider.play(Story(usage={"prompt_tokens": 700, "completion_tokens": 110}), Story(), Story())
    texts = [(await scene.ask("linus", "general", f"@bot {number}")).text for number in range(3)]
    assert ["is nearly used up" in text for text in texts] == [False, True, False]


async def test_forty_at_once_never_overrun(scene: Scene) -> None:
    """Of forty questions in many channels as many are asked as there are tokens for, whatever comes first."""
    # No request can be shortened: a provider that writes what it likes all the same is another story.
    await scene.start(**(NO_TOOLS | {"max_concurrent_runs": 50, "max_output_tokens": 64}))
    await limit(scene, "all:tokens:day", "1500")
    usage = {"prompt_tokens": 20, "completion_tokens": 40}
    scene.provider.play(*(Story(usage=usage) for _ in range(40)))
    names = [f"room-{number}" for number in range(40)]
    for name in names:
        scene.sandbox.add_channel(name)
    await asyncio.gather(*(scene.say("linus", name, "@bot hi") for name in names))
    await scene.caught_up()  # each is taken up, or turned away
    await scene.until(lambda: all(row["delivered_at"] for row in scene.rows("runs")))
    ((_, tokens, _, _),) = windows(scene)
    assert tokens == 60 * len(scene.provider.requests) <= 1500
    assert len(scene.provider.requests) >= 10
    assert all(row["status"] in ("completed", "failed") for row in scene.rows("runs"))
    assert scene.rows("reservations") == []


async def test_context_of_a_refusal_is_in_no_history(scene: Scene) -> None:
    """The next question that is answered is sent without the one that was turned away."""
    await scene.start(**NO_TOOLS)
    await limit(scene, "all:questions:day", "1")
    await scene.ask("linus", "general", "@bot one")
    await scene.say("linus", "general", "@bot two")
    await turned_away(scene, "general", "used up")
    await limit(scene, "all:questions:day", "5")
    await scene.ask("linus", "general", "@bot three")
    assert "two" not in json.dumps(scene.provider.requests[-1].body["messages"])


async def test_summary_is_counted_too(scene: Scene) -> None:
    """Whoever asks for it by a command; beyond the budget no model is asked."""
    await scene.start(max_output_tokens=500)
    await limit(scene, "each:tokens:day", "1000")
    await scene.say("grace", "general", "We meet at three.")
    scene.provider.play(Story(pieces=("They meet.",), usage={"prompt_tokens": 900, "completion_tokens": 90}))
    assert "They meet." in await used(scene, "summarize")
    assert windows(scene) == [("each", 990, 0, 0)]
    assert [(row["input_tokens"], row["output_tokens"]) for row in scene.rows("command_usage")] == [(900, 90)]
    assert (await used(scene, "summarize")).startswith("Your budget in this server, 1,000 tokens a day, is used up")
    assert len(scene.provider.requests) == 1


async def test_edited_question_counts_as_another_one(scene: Scene) -> None:
    """Who may ask once an hour may not ask again in the same message, though the history has its new words."""
    await scene.start()
    await limit(scene, "each:questions:hour", "2")
    await scene.ask("linus", "general", "@bot one")
    (question,) = (row["discord_id"] for row in scene.rows("messages") if row["text"] == "one")
    for words in ("two", "three"):
        people, linus = scene.sandbox.people, scene.sandbox.users["linus"]
        await people.edit(linus, scene.place("general"), question, f"{scene.mention} {words}")
        if words == "two":
            await scene.until(lambda: len(scene.provider.requests) == 2)
            await scene.answer_of("general", 2)
    assert "2 questions an hour, is used up" in await turned_away(scene, "general", "used up")
    assert len(scene.provider.requests) == 2
    assert len(scene.rows("runs")) == 2
    assert [row["text"] for row in scene.rows("messages") if row["discord_id"] == question] == ["three"]
    assert [row[3] for row in windows(scene)] == [2]
