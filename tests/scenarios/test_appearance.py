"""How answers look, place by place: tools, thinking, what they took, and how many messages they may be."""

from __future__ import annotations

import re

from sandbox.stories import Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_long_answers import PROSE
from tests.scenarios.test_place_settings import ROLLS, choose
from tests.scenarios.test_restart import begun

PRICED = {"provider_input_price_per_million": 1.0, "provider_output_price_per_million": 5.0}
COUNTED = Story(usage={"prompt_tokens": 1234, "completion_tokens": 567})
TOOK = re.compile(r"`default/scripted` · 1,234 tokens read, 567 written · \$0\.0041 · \d\.\d\d s")


async def test_tools_are_not_listed_where_nobody_wants_to_see_them(parley: Scene) -> None:
    """Nor is there a button that leads to them; elsewhere both are there."""
    await choose(parley, "general", "show_tools", "false")
    parley.provider.play(ROLLS, Story(text="Four."), ROLLS, Story(text="Two."))
    plain, told = [await parley.ask("linus", channel, "@bot roll") for channel in ("general", "questions")]
    assert (plain.text, list(plain.buttons)) == ("Four.", ["Regenerate"])
    assert (told.words, list(told.buttons)) == ("Two.", ["Regenerate", "Tools"])
    assert "roll" in told.small_print[0]


async def test_thinking_is_only_hinted_at_where_nobody_wants_to_see_it(parley: Scene) -> None:
    """One sees that something happens, and not what; no message ever holds a thought."""
    await choose(parley, "general", "show_thinking", "false")
    parley.provider.play(Story(reasoning=("Let me ", "think."), pieces=("Seven.",), hang_at=2))
    await parley.say("linus", "general", "@bot how many?")
    assert (await parley.answer_of("general", 1, final=False)).text == "-# 💭 Thinking…"
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == "Seven."
    assert not any("Let me" in text for text in parley.writes("general"))


async def test_what_an_answer_took_is_told_where_somebody_wants_to_know(scene: Scene) -> None:
    """Who wrote, tokens, price and time, each time anew; in the other channel nothing, and after a restart still."""
    await scene.start(**PRICED)
    await choose(scene, "general", "show_usage", "true")
    scene.provider.play(COUNTED, COUNTED)
    answer = await scene.ask("linus", "general", "@bot hi")
    assert TOOK.fullmatch("\n".join(answer.small_print))
    assert (await scene.ask("linus", "questions", "@bot hi")).small_print == []
    await scene.stop()
    await scene.start(**PRICED)
    scene.provider.play(Story(text="Again."))
    await scene.press("linus", answer, "Regenerate")
    (line,) = (await scene.answer_of("general", 3)).small_print
    assert line.startswith("`default/scripted` · 10 tokens read, 1 written · <$0.0001 · ")


async def test_what_an_answer_took_is_told_without_a_price_that_nobody_knows(parley: Scene) -> None:
    """It is left out, rather than called nothing."""
    await choose(parley, "general", "show_usage", "true")
    parley.provider.play(COUNTED)
    (line,) = (await parley.ask("linus", "general", "@bot hi")).small_print
    assert re.fullmatch(r"`default/scripted` · 1,234 tokens read, 567 written · \d\.\d\d s", line)


async def test_what_an_answer_took_is_told_when_it_is_delivered(scene: Scene) -> None:
    """Of an answer that ended before the bot did, and that Discord did not take."""
    await scene.start(shutdown_grace_seconds=0)
    await choose(scene, "general", "show_usage", "true")
    await begun(scene)
    scene.sandbox.faults.fail("PATCH", "/channels/*/messages/*", 503, times=None)
    scene.provider.requests[0].released.set()
    await scene.wait_for(lambda: any(record.status == 503 for record in scene.sandbox.requests))
    await scene.provider.requests[0].ended.wait()
    await scene.stop()
    scene.sandbox.faults.clear()
    await scene.start()
    assert "tokens read" in (await scene.answer_of("general", 1)).small_print[0]


async def test_what_a_private_answer_took_is_told_too(parley: Scene) -> None:
    """To the one who sees the answer."""
    await choose(parley, "general", "show_usage", "true")
    await parley.command("linus", "general", "ask", question="hi", private=True)
    assert "tokens read" in await parley.wait_for(
        lambda: next((text for text in parley.whispers("linus", "general") if "-# `" in text), None)
    )


async def test_places_have_their_own_number_of_pages(parley: Scene) -> None:
    """A longer answer is a file where one message has to do, and a second message elsewhere."""
    await choose(parley, "general", "reply_max_pages", "1")
    parley.provider.play(PROSE, PROSE)
    short, whole = [await parley.ask("linus", channel, "@bot tell me all") for channel in ("general", "questions")]
    assert [file["filename"] for file in short.messages[-1]["attachments"]] == ["answer.md"]
    assert whole.messages[-1]["attachments"] == []
    assert len(whole.texts) == 4
