"""Slash commands over sockets: /ask openly and privately, /help."""

from __future__ import annotations

import pytest

from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import EPHEMERAL, Scene, sent


async def private_answer(parley: Scene, user: str, label: str) -> Answer:
    """What only this user sees of a private answer, once it has a button of this label."""

    def look() -> Answer | None:
        seen = parley.sandbox.messages(parley.place("general"), parley.sandbox.users[user])
        private = tuple(message for message in seen if message["flags"] & EPHEMERAL)
        answer = Answer(messages=private) if private else None
        return answer if answer is not None and label in answer.buttons else None

    return await parley.wait_for(look)


async def test_open_question_is_shown_and_answered_in_the_channel(parley: Scene) -> None:
    """/ask shows who asks what, the answer replies to that, and both belong to the channel's conversation."""
    outcome = await parley.command("linus", "general", "ask", question="why?")
    answer = await parley.answer_of("general", 1)
    assert (answer.text, answer.question_id) == ("Hello from the scripted model.", outcome.message_id)
    asked = parley.sandbox.messages(parley.place("general"))[0]
    assert asked["content"] == "**Linus** asks: why?"
    await parley.ask("grace", "general", "@bot and?")
    assert sent(parley.provider.requests[1])[1:] == [
        "user: (from Linus) why?",
        "assistant: Hello from the scripted model.",
        "user: (from Grace) and?",
    ]


async def test_private_question_is_seen_by_nobody_else(parley: Scene) -> None:
    """A private answer streams to its asker alone, and stays out of the channel's conversation."""
    parley.provider.play(Story(pieces=("Between", " us."), hang_at=1))
    outcome = await parley.command("linus", "general", "ask", question="psst?", private=True)
    assert (outcome.status, outcome.ephemeral) == ("deferred", True)
    assert (await private_answer(parley, "linus", "Stop")).text == "Between"
    parley.provider.requests[0].released.set()
    assert (await private_answer(parley, "linus", "Regenerate")).text == "Between us."
    assert parley.sandbox.messages(parley.place("general")) == []
    assert parley.sandbox.messages(parley.place("general"), parley.sandbox.users["grace"]) == []
    await parley.ask("linus", "general", "@bot hi")
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) hi"]


async def test_private_talk_has_a_memory_and_buttons(parley: Scene) -> None:
    """The next private question goes on from the last one; Stop and Regenerate work there too."""
    await parley.command("linus", "general", "ask", question="one?", private=True)
    first = await private_answer(parley, "linus", "Regenerate")
    parley.provider.play(Story(text="Better."))
    await parley.press("linus", first, "Regenerate")
    await parley.wait_for(lambda: "Better." in parley.whispers("linus", "general"))
    await parley.wait_for(lambda: parley.run(2)["status"] == "completed")  # it is shown before it has ended
    parley.provider.play(Story(pieces=("Two", " three."), hang_at=1))
    await parley.command("linus", "general", "ask", question="two?", private=True)
    await parley.press("linus", await private_answer(parley, "linus", "Stop"), "Stop")
    await parley.wait_for(lambda: "Two\n-# Stopped." in parley.whispers("linus", "general"))
    assert sent(parley.provider.requests[2])[1:] == [
        "user: (from Linus) one?",
        "assistant: Better.",
        "user: (from Linus) two?",
    ]


async def test_private_continue_leaves_the_first_half(parley: Scene) -> None:
    """The rest of a private answer is a message of its own below the first half."""
    parley.provider.play(Story(text="One two", finish_reason="length"), Story(text="three four."))
    await parley.command("linus", "general", "ask", question="count?", private=True)
    await parley.press("linus", await private_answer(parley, "linus", "Continue"), "Continue")
    await parley.wait_for(lambda: "three four." in parley.whispers("linus", "general"))
    assert parley.whispers("linus", "general") == ["three four.", "One two\n-# Cut at the length limit."]


async def test_private_question_that_is_reset_says_so(parley: Scene) -> None:
    """An answer that Discord shows as on its way is never left so, even if not a word of it came."""
    parley.provider.play(Story(pieces=("Never",), hang_at=0))
    await parley.command("linus", "general", "ask", question="psst?", private=True)
    await parley.provider.wait_for_request()
    await parley.command("linus", "general", "reset")
    await parley.wait_for(lambda: "-# Stopped." in parley.whispers("linus", "general"))


async def test_private_question_in_a_thread_is_not_taking_part(parley: Scene) -> None:
    """What one member asks for themselves, and /reset, do not make the bot answer everybody in a thread."""
    linus, questions = parley.sandbox.users["linus"], parley.sandbox.channels["questions"]
    thread = await parley.sandbox.people.start_thread(linus, questions, "Proofs")
    await parley.command("linus", thread, "ask", question="psst?", private=True)
    await parley.wait_for(lambda: "Hello from the scripted model." in parley.whispers("linus", thread))
    await parley.command("linus", thread, "reset")
    await parley.say("grace", thread, "not for the bot")
    await parley.ask("linus", "general", "@bot hi")
    assert [run["place_id"] for run in parley.rows("runs")] == [thread, parley.sandbox.channels["general"]]


async def test_reset_leaves_the_answers_of_others_alone(parley: Scene) -> None:
    """Who may not stop an answer does not stop it with /reset either; a moderator does."""
    parley.provider.play(Story(pieces=("First", " words."), hang_at=1), Story(pieces=("More", " words."), hang_at=1))
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    await parley.command("edsger", "general", "reset")
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == "First words."
    await parley.say("linus", "general", "@bot again")
    await parley.answer_of("general", 2, final=False)
    await parley.command("grace", "general", "reset")
    assert (await parley.answer_of("general", 2)).text == "More\n-# Stopped."


async def test_second_private_question_waits_for_the_first(parley: Scene) -> None:
    """While a private answer is written, another private question is refused in words."""
    parley.provider.play(Story(pieces=("Between", " us."), hang_at=1))
    await parley.command("linus", "general", "ask", question="psst?", private=True)
    await private_answer(parley, "linus", "Stop")
    await parley.command("linus", "general", "ask", question="hello?", private=True)
    refused = "Your last private question is still being answered."
    await parley.wait_for(lambda: refused in parley.whispers("linus", "general"))
    parley.provider.requests[0].released.set()
    await parley.wait_for(lambda: "Between us." in parley.whispers("linus", "general"))
    assert len(parley.provider.requests) == 1


async def test_long_private_answer_has_its_pages_once(parley: Scene) -> None:
    """Followups have no nonce; all the same each page of a private answer is there once."""
    story = Story(token_count=700)
    parley.provider.play(story)
    await parley.command("linus", "general", "ask", question="all?", private=True)
    answer = await private_answer(parley, "linus", "Regenerate")
    assert len(answer.messages) == 2
    assert " ".join(answer.texts).split() == story.answer().split()


async def test_help_says_what_the_bot_does_here(parley: Scene) -> None:
    """/help names how to address the bot in this place, its commands and its model, to its user alone."""
    outcome = await parley.command("linus", "general", "help")
    assert outcome.ephemeral
    (text,) = parley.whispers("linus", "general")
    assert text.startswith(f"Mention {parley.mention} in a message")
    for words in ("/ask", "/reset", "/help", "`scripted`"):
        assert words in text


async def test_help_calls_commands_as_their_reader_types_them(parley: Scene) -> None:
    """Who has Discord in Chinese finds the commands by their Chinese names, and reads what they do."""
    await parley.sandbox.people.choose_locale(parley.sandbox.users["linus"], "zh-CN")
    await parley.command("linus", "general", "help")
    (text,) = parley.whispers("linus", "general")
    assert "- `/提问`: 提一个问题" in text
    await parley.command("grace", "general", "help")
    (text,) = parley.whispers("grace", "general")
    assert "- `/ask`: Ask a question" in text


@pytest.mark.parametrize("applied", [False, True], ids=["cut_before", "cut_after"])
async def test_private_answer_survives_a_broken_connection(parley: Scene, applied: bool) -> None:
    """Where Discord drops a request, the private answer is there once all the same, and whole."""
    parley.sandbox.faults.cut("PATCH", "/webhooks/*", applied=applied)
    await parley.command("linus", "general", "ask", question="psst?", private=True)
    assert (await private_answer(parley, "linus", "Regenerate")).text == "Hello from the scripted model."


async def test_private_answer_goes_on_after_a_restart(scene: Scene) -> None:
    """The token of the interaction outlives the process, and so does the answer to it."""
    await scene.start(shutdown_grace_seconds=0)
    scene.provider.play(Story(pieces=("Between", " us."), hang_at=1), Story(text="Between you and me."))
    await scene.command("linus", "general", "ask", question="psst?", private=True)
    begin = await private_answer(scene, "linus", "Stop")
    await scene.stop()
    await scene.start()
    answer = await private_answer(scene, "linus", "Regenerate")
    assert (answer.text, answer.ids) == ("Between you and me.", begin.ids)


async def test_private_answer_whose_interaction_expired_ends_quietly(parley: Scene) -> None:
    """After 15 minutes Discord takes no more: the run ends with a reason, and nothing is tried again."""
    parley.provider.play(Story(token_count=50, tokens_per_second=50.0, is_endless=True))
    outcome = await parley.command("linus", "general", "ask", question="psst?", private=True)
    await private_answer(parley, "linus", "Stop")
    record = parley.sandbox.engine.interactions[outcome.interaction_id]
    record.expires_at = parley.sandbox.engine.iso_after(-1)
    await parley.provider.requests[0].disconnected.wait()
    await parley.stop()
    assert parley.run(1)["status"] == "failed"
    assert parley.run(1)["delivered_at"] is not None
