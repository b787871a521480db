"""The buttons under an answer: who may press them, and what they do."""

from __future__ import annotations

import asyncio
import json

import pytest

from sandbox.stories import Story, refusal
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)
NOT_YOURS = "Only the person who asked, or a moderator, can do that."
BUSY = "An answer is being written here already. Wait for it, or stop it first."
OLD = "Only the latest answer of a conversation can be changed."


async def begun(parley: Scene) -> Answer:
    """An answer to Linus that stands still in its middle."""
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    return await parley.answer_of("general", 1, final=False)


@pytest.mark.parametrize("presser", ["linus", "grace", "ada"])
async def test_stop_ends_the_answer_where_it_is(parley: Scene, presser: str) -> None:
    """The asker, a moderator and the owner can stop; the text stays, the provider's stream is closed."""
    answer = await begun(parley)
    await parley.press(presser, answer, "Stop")
    stopped = await parley.answer_of("general", 1)
    assert stopped.text == "First words\n-# Stopped."
    assert list(stopped.buttons) == ["Regenerate"]
    assert stopped.ids == answer.ids
    await parley.provider.requests[0].disconnected.wait()
    run = parley.run(1)
    assert (run["status"], run["cancel_requested_by"]) == ("cancelled", parley.sandbox.users[presser])
    assert parley.causes(1) == ["enqueued", "claimed", "cancelled"]


async def test_stop_is_refused_to_others(parley: Scene) -> None:
    """Somebody else reads why in a sentence that nobody else sees, and the answer goes on."""
    answer = await begun(parley)
    await parley.press("edsger", answer, "Stop")
    assert await parley.refused("edsger", "general") == NOT_YOURS
    assert parley.whispers("linus", "general") == []
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == PAUSED.answer()


async def test_stopped_answer_is_part_of_the_conversation(parley: Scene) -> None:
    """What was said before the stop is what the model later reads as its answer."""
    await parley.press("linus", await begun(parley), "Stop")
    await parley.answer_of("general", 1)
    await parley.ask("linus", "general", "@bot go on")
    assert sent(parley.provider.requests[1])[2] == "assistant: First words"


async def test_regenerate_answers_again_in_the_same_message(parley: Scene) -> None:
    """The new answer takes the old one's place in Discord and in what the model reads."""
    parley.provider.play(Story(text="Old answer."), Story(text="New answer."))
    old = await parley.ask("linus", "general", "@bot hi")
    await parley.press("linus", old, "Regenerate")
    new = await parley.answer_of("general", 2)
    assert (new.text, new.ids) == ("New answer.", old.ids)
    assert sent(parley.provider.requests[0]) == sent(parley.provider.requests[1])
    assert len(parley.writes("general", "POST")) == 1
    await parley.ask("linus", "general", "@bot and?")
    assert sent(parley.provider.requests[2])[1:] == [
        "user: (from Linus) hi",
        "assistant: New answer.",
        "user: (from Linus) and?",
    ]
    run = parley.run(2)
    assert (run["kind"], run["previous_run_id"], run["status"]) == ("again", 1, "completed")


async def test_regenerate_with_a_shorter_answer_removes_pages(parley: Scene) -> None:
    """What the old answer had more of is deleted."""
    parley.provider.play(Story(token_count=700), Story(text="Short."))
    old = await parley.ask("linus", "general", "@bot hi")
    assert len(old.ids) == 2
    await parley.press("linus", old, "Regenerate")
    await parley.wait_for(lambda: parley.answers("general")[0].ids == old.ids[:1])
    assert (await parley.answer_of("general", 2)).text == "Short."


async def test_regenerate_posts_a_page_that_was_deleted(parley: Scene) -> None:
    """A page that a moderator took away is not missed: the new answer is there, on the page that is left and anew."""
    parley.provider.play(Story(token_count=700), Story(text="Short."))
    answer = await parley.ask("linus", "general", "@bot all")
    grace, channel = parley.sandbox.users["grace"], parley.sandbox.channels["general"]
    await parley.sandbox.people.delete(grace, channel, answer.ids[0])
    await parley.press("linus", answer, "Regenerate")
    again = await parley.answer_of("general", 2)
    assert (again.texts[-1], list(again.buttons)) == ("Short.", ["Regenerate"])


async def test_regenerate_of_an_older_answer_is_refused(parley: Scene) -> None:
    """Only the latest answer can be changed, because later ones build on it."""
    old = await parley.ask("linus", "general", "@bot hi")
    await parley.ask("linus", "general", "@bot and?")
    await parley.press("linus", old, "Regenerate")
    assert await parley.refused("linus", "general") == OLD
    assert len(parley.rows("runs")) == 2


async def test_button_pressed_by_two_counts_once(parley: Scene) -> None:
    """Of two presses at the same time one is at work, and the other is refused in words."""
    old = await parley.ask("linus", "general", "@bot hi")
    await asyncio.gather(parley.press("linus", old, "Regenerate"), parley.press("grace", old, "Regenerate"))
    await parley.wait_for(
        lambda: [*parley.whispers("linus", "general"), *parley.whispers("grace", "general")] == [BUSY]
    )
    await parley.answer_of("general", 2)
    assert [run["status"] for run in parley.rows("runs")] == ["completed", "completed"]


async def test_continue_goes_on_where_the_limit_cut(parley: Scene) -> None:
    """An answer cut by length says so; Continue asks for the rest and posts it as an answer of its own."""
    parley.provider.play(Story(text="One two", finish_reason="length"), Story(pieces=(" three four.",)))
    cut = await parley.ask("linus", "general", "@bot count")
    assert cut.text == "One two\n-# Cut at the length limit."
    assert list(cut.buttons) == ["Continue", "Regenerate"]
    run = parley.run(1)
    assert (run["status"], run["incomplete_reason"]) == ("incomplete", "max_output_tokens")
    await parley.press("linus", cut, "Continue")
    rest = await parley.answer_of("general", 2)
    assert (rest.text, rest.question_id) == ("three four.", cut.question_id)
    asked = sent(parley.provider.requests[1])
    assert asked[1:3] == ["user: (from Linus) count", "assistant: One two"]
    assert asked[3].startswith("user: Continue your last message")
    await parley.ask("linus", "general", "@bot thanks")
    assert sent(parley.provider.requests[2])[1:] == [
        "user: (from Linus) count",
        "assistant: One two three four.",
        "user: (from Linus) thanks",
    ]


async def test_regenerate_of_a_continuation_continues_again(parley: Scene) -> None:
    """The second half of an answer is written anew as a second half, in its own message."""
    parley.provider.play(Story(text="One two", finish_reason="length"), Story(text="three."), Story(text="four."))
    await parley.press("linus", await parley.ask("linus", "general", "@bot count"), "Continue")
    rest = await parley.answer_of("general", 2)
    await parley.press("linus", rest, "Regenerate")
    again = await parley.answer_of("general", 3)
    assert (again.text, again.ids) == ("four.", rest.ids)
    asked = sent(parley.provider.requests[2])
    assert asked[1:3] == ["user: (from Linus) count", "assistant: One two"]
    assert asked[3].startswith("user: Continue your last message")


async def test_regenerate_without_its_question_is_refused(parley: Scene) -> None:
    """Where the question was deleted there is nothing to answer again, and the answer stays."""
    asked = await parley.say("linus", "general", "@bot hi")
    answer = await parley.answer_of("general", 1)
    await parley.sandbox.people.delete(parley.sandbox.users["linus"], parley.sandbox.channels["general"], asked)
    await parley.press("linus", answer, "Regenerate")
    told = await parley.refused("linus", "general")
    assert told == "The question was deleted or taken back, so there is nothing to answer again."
    assert [row["hidden_at"] for row in parley.rows("messages") if row["role"] == "assistant"] == [None]
    assert len(parley.provider.requests) == 1


async def test_deleted_question_leaves_the_others_their_answer(parley: Scene) -> None:
    """Of two questions that are answered together one is deleted: the other is answered."""
    answer = await begun(parley)
    parley.provider.play(PAUSED)
    await parley.say("edsger", "general", "@bot mine")
    deleted = await parley.say("grace", "general", "@bot never mind")
    await parley.press("linus", answer, "Stop")
    await parley.answer_of("general", 2, final=False)
    await parley.sandbox.people.delete(parley.sandbox.users["grace"], parley.sandbox.channels["general"], deleted)
    parley.provider.requests[1].released.set()
    assert (await parley.answer_of("general", 2)).text == "First words and the rest."
    assert parley.run(2)["status"] == "completed"


async def test_retry_after_an_error_uses_the_same_message(parley: Scene) -> None:
    """The sentence about the failure gives way to the answer."""
    parley.provider.play(refusal(503, "overloaded"))
    failed = await parley.ask("linus", "general", "@bot hi")
    assert failed.text == "⚠️ The model provider is overloaded right now. Please try again in a moment."
    assert list(failed.buttons) == ["Retry"]
    await parley.press("linus", failed, "Retry")
    answer = await parley.answer_of("general", 2)
    assert (answer.text, answer.ids) == ("Hello from the scripted model.", failed.ids)
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) hi"]
    assert [run["status"] for run in parley.rows("runs")] == ["failed", "completed"]


async def test_buttons_of_a_past_conversation_are_refused(parley: Scene) -> None:
    """After /reset an earlier answer stays as it is."""
    old = await parley.ask("linus", "general", "@bot hi")
    await parley.command("linus", "general", "reset")
    await parley.press("linus", old, "Regenerate")
    assert await parley.refused("linus", "general") == OLD


async def test_moderator_of_another_channel_has_no_say_here(parley: Scene) -> None:
    """Who has a button of theirs name an answer elsewhere is as anybody there."""
    answer = await begun(parley)
    engine, grace = parley.sandbox.engine, parley.sandbox.users["grace"]
    parley.provider.play(PAUSED)
    await parley.say("linus", "questions", "@bot hi")
    own = await parley.answer_of("questions", 2, final=False)
    stored = engine.get_message(own.channel_id, own.ids[-1])
    stored.components = json.loads(json.dumps(stored.components).replace(own.buttons["Stop"], answer.buttons["Stop"]))
    await parley.sandbox.people.press(grace, own.channel_id, own.ids[-1], answer.buttons["Stop"])
    assert await parley.refused("grace", "questions") == NOT_YOURS
    assert parley.run(1)["cancel_requested_by"] is None
