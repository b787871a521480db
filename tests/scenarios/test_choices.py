"""Several answers to one question, to pick from."""

from __future__ import annotations

import asyncio

from sandbox.stories import ScriptedCall, Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent
from tests.scenarios.test_commands import private_answer
from tests.scenarios.test_discord_faults import EDIT

THREE = Story(text="Tea.", others=("Coffee.", "Milk."))
NOT_YOURS = "Only the person who asked, or a moderator, can do that."
OLD = "Only the latest answer of a conversation can be changed."


async def asked(parley: Scene, story: Story = THREE) -> Answer:
    """The answer to Linus, of which there are three."""
    parley.provider.play(story)
    return await parley.ask("linus", "general", "@bot what to drink?")


async def pressed(parley: Scene, answer: Answer, label: str, shown: str, user: str = "linus") -> Answer:
    """The answer as it is after a press, once this is to be read."""
    await parley.press(user, answer, label)
    return await parley.wait_for(
        lambda: next((found for found in parley.answers("general") if shown in found.texts[-1]), None)
    )


async def test_answer_shows_the_first_of_several(parley: Scene) -> None:
    """The first answer is there as always, says that there are others, and leads to the next."""
    answer = await asked(parley)
    assert answer.text == "Tea.\n-# Answer 1 of 3"
    assert list(answer.buttons) == ["Regenerate", "→"]
    assert [(row["number"], row["text"]) for row in parley.rows("alternatives")] == [(2, "Coffee."), (3, "Milk.")]


async def test_picked_answer_takes_the_place_of_the_shown_one(parley: Scene) -> None:
    """What was picked is shown in the same message, and is what the model reads as its answer."""
    first = await asked(parley)
    second = await pressed(parley, first, "→", "2 of 3")
    assert (second.text, second.ids) == ("Coffee.\n-# Answer 2 of 3", first.ids)
    assert list(second.buttons) == ["Regenerate", "←", "→"]
    third = await pressed(parley, second, "→", "3 of 3", "grace")
    assert (third.text, list(third.buttons)) == ("Milk.\n-# Answer 3 of 3", ["Regenerate", "←"])
    rows = {row["number"]: row["text"] for row in parley.rows("alternatives")}
    assert rows == {1: "Tea.", 2: "Coffee."}
    await parley.ask("linus", "general", "@bot and to eat?")
    assert sent(parley.provider.requests[1])[1:] == [
        "user: (from Linus) what to drink?",
        "assistant: Milk.",
        "user: (from Linus) and to eat?",
    ]
    assert (parley.run(1)["text"], parley.run(1)["status"]) == ("Milk.", "completed")
    assert len(parley.writes("general", "POST")) == 2


async def test_first_answer_can_be_gone_back_to(parley: Scene) -> None:
    """Looking at the others loses nothing."""
    first = await asked(parley)
    back = await pressed(parley, await pressed(parley, first, "→", "2 of 3"), "←", "1 of 3")
    assert (back.text, back.buttons) == (first.text, first.buttons)
    rows = {row["number"]: row["text"] for row in parley.rows("alternatives")}
    assert rows == {2: "Coffee.", 3: "Milk."}


async def test_answers_can_be_picked_after_a_restart(parley: Scene) -> None:
    """What can be picked is in the database, and the buttons carry all they need."""
    first = await asked(parley)
    await parley.stop()
    await parley.start()
    second = await pressed(parley, first, "→", "2 of 3")
    assert (second.text, second.ids) == ("Coffee.\n-# Answer 2 of 3", first.ids)


async def test_picking_is_for_whoever_asked_or_moderates(parley: Scene) -> None:
    """Somebody else reads why nothing happens, and nothing does."""
    answer = await asked(parley)
    await parley.press("edsger", answer, "→")
    assert await parley.refused("edsger", "general") == NOT_YOURS
    assert parley.run(1)["text"] == "Tea."


async def test_older_answer_stays_as_it_was_picked(parley: Scene) -> None:
    """Later answers build on it."""
    answer = await asked(parley)
    await parley.ask("linus", "general", "@bot and to eat?")
    await parley.press("linus", answer, "→")
    assert await parley.refused("linus", "general") == OLD
    assert parley.run(1)["text"] == "Tea."


async def test_button_pressed_twice_picks_once(parley: Scene) -> None:
    """The second press finds what it wants, and says nothing."""
    answer = await asked(parley)
    await asyncio.gather(parley.press("linus", answer, "→"), parley.press("grace", answer, "→"))
    await parley.wait_for(lambda: parley.answers("general")[0].text == "Coffee.\n-# Answer 2 of 3")
    await parley.caught_up()
    assert parley.run(1)["text"] == "Coffee."
    assert [*parley.whispers("linus", "general"), *parley.whispers("grace", "general")] == []


async def test_answers_after_tools_keep_what_was_said_before_them(parley: Scene) -> None:
    """What can be picked are the last words; those before the tool stay."""
    parley.provider.play(
        Story(
            pieces=("Let me roll.",),
            tool_calls=(ScriptedCall(name="roll", arguments=('{"sides": 6}',)),),
            finish_reason="tool_calls",
            others=("No.",),
        )
    )
    first = await asked(parley, Story(text="A one.", others=("It is one.",)))
    assert first.words == "Let me roll.\n\nA one."
    second = await pressed(parley, first, "→", "2 of 2")
    assert second.words == "Let me roll.\n\nIt is one."
    assert list(second.buttons) == ["Regenerate", "Tools", "←"]
    assert parley.run(1)["text"] == "Let me roll.\n\nIt is one."


async def test_answers_that_are_alike_are_one(parley: Scene) -> None:
    """There is nothing to pick between the same words."""
    answer = await asked(parley, Story(text="Tea.", others=("Tea.", "  ", "Tea.")))
    assert (answer.text, list(answer.buttons)) == ("Tea.", ["Regenerate"])
    assert parley.rows("alternatives") == []


async def test_longer_answer_is_shown_whole(parley: Scene) -> None:
    """A picked answer takes as many messages as it needs, and a shorter one removes what is left over."""
    long = " ".join(["word"] * 700)
    first = await asked(parley, Story(text="Short.", others=(long,)))
    second = await pressed(parley, first, "→", "2 of 2")
    assert (len(second.ids), second.ids[0], second.words.split()) == (2, first.ids[0], long.split())
    third = await pressed(parley, second, "←", "1 of 2")
    await parley.wait_for(lambda: parley.answers("general")[0].ids == first.ids)
    assert third.words == "Short."


async def test_private_answers_can_be_picked(parley: Scene) -> None:
    """Also where only one person sees them."""
    parley.provider.play(THREE)
    await parley.command("linus", "general", "ask", question="What to drink?", private=True)
    answer = await private_answer(parley, "linus", "→")
    assert answer.text == "Tea.\n-# Answer 1 of 3"
    await parley.press("linus", answer, "→")
    assert (await private_answer(parley, "linus", "←")).text == "Coffee.\n-# Answer 2 of 3"


async def test_pick_that_could_not_be_shown_is_shown_after_a_restart(parley: Scene) -> None:
    """What was picked is written down before it is shown."""
    first = await asked(parley)
    parley.sandbox.faults.fail(*EDIT, status=500, times=None)
    await parley.press("linus", first, "→")
    await parley.until(lambda: parley.run(1)["text"] == "Coffee.")
    await parley.stop()
    parley.sandbox.faults.clear()
    assert parley.answers("general")[0].text == first.text
    await parley.start()
    second = await parley.wait_for(
        lambda: next((found for found in parley.answers("general") if "2 of 3" in found.text), None)
    )
    assert (second.text, second.ids) == ("Coffee.\n-# Answer 2 of 3", first.ids)
