"""Questions that are edited: answered anew in the same message, or remembered in their new words."""

from __future__ import annotations

import pytest

from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)


async def begun(parley: Scene, story: Story = PAUSED) -> tuple[int, Answer]:
    """A question of Linus and its answer, which stands still in its middle."""
    parley.provider.play(story)
    question = await parley.say("linus", "general", "@bot aples?")
    return question, await parley.answer_of("general", 1, final=False)


async def edit(parley: Scene, question: int, words: str, *, user: str = "linus") -> None:
    """Give a message in the channel other words."""
    text = words.replace("@bot", parley.mention)
    await parley.sandbox.people.edit(parley.sandbox.users[user], parley.place("general"), question, text)


def stored(parley: Scene, question: int) -> str:
    """The words of a question as the table holds them."""
    (text,) = (row["text"] for row in parley.rows("messages") if row["discord_id"] == question)
    return str(text)


async def asked_again(parley: Scene, words: str = "@bot and now?") -> list[str]:
    """What the model is told with the next question, without the prompt."""
    await parley.ask("grace", "general", words)
    return sent(parley.provider.requests[-1])[1:]


async def test_edit_of_a_question_that_is_being_answered_begins_anew(parley: Scene) -> None:
    """The stream of the old question is closed and the answer to the new one fills the same message."""
    question, begin = await begun(parley)
    parley.provider.play(Story(text="Apples it is."))
    await edit(parley, question, "@bot apples?")
    answer = await parley.answer_of("general", 1)
    assert (answer.text, answer.ids) == ("Apples it is.", begin.ids)
    await parley.provider.requests[0].disconnected.wait()
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) apples?"]
    assert await asked_again(parley) == [
        "user: (from Linus) apples?",
        "assistant: Apples it is.",
        "user: (from Grace) and now?",
    ]
    assert len(parley.writes("general", "POST")) == 2
    assert "question_edited" in parley.causes(1)
    assert [run["status"] for run in parley.rows("runs")] == ["completed", "completed"]


async def test_edit_of_one_of_the_questions_answered_together_begins_anew(parley: Scene) -> None:
    """Whose question of several is edited, all are answered once more, in the words that they have now."""
    parley.provider.play(PAUSED, PAUSED, Story(text="Both."))
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    one = await parley.say("grace", "general", "@bot pears?")
    await parley.say("edsger", "general", "@bot plums?")
    await parley.caught_up()
    parley.provider.requests[0].released.set()
    begin = await parley.answer_of("general", 2, final=False)
    await edit(parley, one, "@bot peaches?", user="grace")
    answer = await parley.answer_of("general", 2)
    assert (answer.text, answer.ids) == ("Both.", begin.ids)
    assert sent(parley.provider.requests[2])[-2:] == ["user: (from Grace) peaches?", "user: (from Edsger) plums?"]


async def test_edit_of_a_question_that_waits_changes_only_its_words(parley: Scene) -> None:
    """The answer under way is not disturbed, and the next one is to the new words."""
    await begun(parley)
    waiting = await parley.say("grace", "general", "@bot pears?")
    await parley.caught_up()
    await edit(parley, waiting, "@bot plums?", user="grace")
    await parley.caught_up()
    assert stored(parley, waiting) == "plums?"
    parley.provider.requests[0].released.set()
    await parley.answer_of("general", 2)
    assert sent(parley.provider.requests[1])[-1] == "user: (from Grace) plums?"
    assert [row["attempt"] for row in parley.rows("runs")] == [1, 1]
    assert len(parley.provider.requests) == 2


async def test_edit_of_the_last_answered_question_is_answered_in_place(parley: Scene) -> None:
    """The new answer takes the old one's message and its place in the history; the table keeps the old one."""
    parley.provider.play(Story(text="Old answer."), Story(text="New answer."))
    question = await parley.say("linus", "general", "@bot aples?")
    old = await parley.answer_of("general", 1)
    await edit(parley, question, "@bot apples?")
    new = await parley.answer_of("general", 2)
    assert (new.text, new.ids) == ("New answer.", old.ids)
    assert await asked_again(parley) == [
        "user: (from Linus) apples?",
        "assistant: New answer.",
        "user: (from Grace) and now?",
    ]
    answers = [(row["text"], row["hidden_at"] is None) for row in parley.rows("messages") if row["role"] == "assistant"]
    assert answers[:2] == [("Old answer.", False), ("New answer.", True)]
    assert (parley.run(2)["kind"], parley.run(2)["previous_run_id"]) == ("again", 1)


async def test_edit_of_an_answer_in_place_begins_it_anew(parley: Scene) -> None:
    """A second correction, while the first is being answered, counts; the first is not answered to its end."""
    parley.provider.play(Story(text="Old answer."), PAUSED, Story(text="Newest answer."))
    question = await parley.say("linus", "general", "@bot aples?")
    old = await parley.answer_of("general", 1)
    await edit(parley, question, "@bot appels?")
    await parley.answer_of("general", 2, final=False)
    await edit(parley, question, "@bot apples?")
    new = await parley.answer_of("general", 2)
    assert (new.text, new.ids) == ("Newest answer.", old.ids)
    assert [run["kind"] for run in parley.rows("runs")] == ["answer", "again"]


async def test_edit_while_the_last_words_are_delivered_is_answered_in_place(parley: Scene) -> None:
    """An edit between the end of an answer and its delivery waits, so that no page of the old one comes after it."""
    question, begin = await begun(parley, Story(pieces=("First words", " and more" * 300), hang_at=1))
    parley.sandbox.faults.fail("POST", "/channels/*/messages", 503)
    parley.provider.play(Story(text="Apples it is."))
    parley.provider.requests[0].released.set()
    await parley.wait_for(lambda: any(record.status == 503 for record in parley.sandbox.requests))
    assert (parley.run(1)["status"], parley.run(1)["delivered_at"]) == ("completed", None)
    await edit(parley, question, "@bot apples?")
    assert (await parley.answer_of("general", 2)).texts[0] == "Apples it is."
    await parley.stop()
    (answer,) = parley.answers("general")
    assert (answer.text, answer.ids) == ("Apples it is.", begin.ids)
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) apples?"]


@pytest.mark.parametrize("window", [0, 0.001])
async def test_edit_after_the_window_changes_only_the_history(scene: Scene, window: float) -> None:
    """What was answered too long ago, or where the host wants no second answer, stays; the words are the new ones."""
    await scene.start(edit_window_seconds=window)
    question = await scene.say("linus", "general", "@bot aples?")
    await scene.answer_of("general", 1)
    await edit(scene, question, "@bot apples?")
    await scene.caught_up()
    assert stored(scene, question) == "apples?"
    assert (await asked_again(scene))[0] == "user: (from Linus) apples?"
    assert [run["kind"] for run in scene.rows("runs")] == ["answer", "answer"]


async def test_edit_of_an_earlier_question_changes_only_the_history(parley: Scene) -> None:
    """What later answers build on is not answered again, but the model reads the new words."""
    question = await parley.say("linus", "general", "@bot aples?")
    await parley.answer_of("general", 1)
    await asked_again(parley)
    await edit(parley, question, "@bot apples?")
    await parley.caught_up()
    assert stored(parley, question) == "apples?"
    assert (await asked_again(parley))[0] == "user: (from Linus) apples?"
    assert [run["kind"] for run in parley.rows("runs")] == ["answer"] * 3


async def test_edit_after_a_reset_changes_nothing_in_discord(parley: Scene) -> None:
    """The answers of a conversation that is over stay as they are."""
    question = await parley.say("linus", "general", "@bot aples?")
    await parley.answer_of("general", 1)
    await parley.command("linus", "general", "reset")
    await edit(parley, question, "@bot apples?")
    await parley.caught_up()
    assert stored(parley, question) == "apples?"
    assert await asked_again(parley) == ["user: (from Grace) and now?"]
    assert len(parley.rows("runs")) == 2


async def test_edit_of_a_question_whose_answer_was_continued_changes_only_the_history(parley: Scene) -> None:
    """Of an answer in two parts neither is thrown away; they stay, and so does their place in the history."""
    parley.provider.play(Story(text="One two", finish_reason="length"), Story(text="three."))
    question = await parley.say("linus", "general", "@bot count")
    await parley.press("linus", await parley.answer_of("general", 1), "Continue")
    await parley.answer_of("general", 2)
    await edit(parley, question, "@bot count on")
    await parley.caught_up()
    assert stored(parley, question) == "count on"
    assert (await asked_again(parley))[:2] == ["user: (from Linus) count on", "assistant: One twothree."]
    assert [run["kind"] for run in parley.rows("runs")] == ["answer", "continue", "answer"]


async def test_edit_of_a_stopped_question_is_answered_in_place(parley: Scene) -> None:
    """Who stops an answer to ask better is answered in the message where it was stopped."""
    question, begin = await begun(parley)
    await parley.press("linus", begin, "Stop")
    await parley.answer_of("general", 1)
    parley.provider.play(Story(text="Apples it is."))
    await edit(parley, question, "@bot apples?")
    answer = await parley.answer_of("general", 2)
    assert (answer.text, answer.ids) == ("Apples it is.", begin.ids)
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) apples?"]


async def test_edit_that_changes_nothing_is_not_answered(parley: Scene) -> None:
    """The same words, or the mention alone taken out, are no new question."""
    question = await parley.say("linus", "general", "@bot apples?")
    answer = await parley.answer_of("general", 1)
    await edit(parley, question, "@bot  apples?")
    await edit(parley, question, "apples?")
    await parley.caught_up()
    assert (await asked_again(parley))[:2] == ["user: (from Linus) apples?", f"assistant: {answer.text}"]
    assert [run["kind"] for run in parley.rows("runs")] == ["answer", "answer"]


async def test_preview_of_a_link_is_no_edit(parley: Scene) -> None:
    """Discord updates a message when it has looked a link up, and then the name of somebody in it may have changed."""
    edsger = parley.sandbox.users["edsger"]
    question = await parley.say("linus", "general", f"@bot what does <@{edsger}> say on https://example.org?")
    await parley.answer_of("general", 1)
    engine = parley.sandbox.engine
    engine.users[edsger].global_name = "E. W. D."
    message = engine.get_message(parley.place("general"), question)
    message.embeds = [{"type": "link", "url": "https://example.org", "title": "Example"}]
    engine.emit("MESSAGE_UPDATE", engine.message_payload(message))
    await parley.caught_up()
    assert (await asked_again(parley))[0] == "user: (from Linus) what does @Edsger say on https://example.org?"
    assert len(parley.rows("runs")) == 2


async def test_edit_of_what_was_never_a_question_is_none(parley: Scene) -> None:
    """Who was not heard at first is not heard by an edit: people can write anew."""
    aside = await parley.say("linus", "general", "not for the bot")
    await edit(parley, aside, "@bot for you after all")
    await parley.caught_up()
    assert await asked_again(parley) == ["user: (from Grace) and now?"]


async def test_edit_that_leaves_no_words_deletes_the_question(parley: Scene) -> None:
    """A question that is emptied is taken back: its answer stops, and neither is asked again."""
    question, _ = await begun(parley)
    await edit(parley, question, "@bot")
    assert (await parley.answer_of("general", 1)).text == "First words\n-# Stopped."
    assert "user: (from Linus) aples?" not in await asked_again(parley)


async def test_edit_that_leaves_what_it_replies_to_is_a_question(parley: Scene) -> None:
    """A bare mention in reply to somebody is a question about what they said."""
    parley.provider.play(Story(text="Old."), Story(text="New."))
    said = await parley.say("edsger", "general", "Testing shows the presence of bugs.")
    question = await parley.say("linus", "general", "@bot true?", reply_to=said)
    await parley.answer_of("general", 1)
    await edit(parley, question, "@bot")
    assert (await parley.answer_of("general", 2)).text == "New."
    assert sent(parley.provider.requests[1])[1].startswith("user: (from Linus, replying to Edsger: “Testing")


async def test_edit_right_after_the_question_is_the_question(parley: Scene) -> None:
    """Where question and edit are replayed together after a lost connection, the answer is to the edited words."""
    parley.sandbox.gateway.drop()
    question = await parley.say("linus", "general", "@bot aples?")
    await edit(parley, question, "@bot apples?")
    await parley.answer_of("general", 1)
    assert await asked_again(parley) == [
        "user: (from Linus) apples?",
        "assistant: Hello from the scripted model.",
        "user: (from Grace) and now?",
    ]
