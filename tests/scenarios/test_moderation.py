"""Questions and answers that are checked, where moderators want that; the scripted provider flags one word."""

from __future__ import annotations

import json
import logging

import pytest

from bot.runs.moderation import NOT_OFFERED
from sandbox.provider import MODEL
from sandbox.stories import Story, refusal
from tests.scenarios.scene import Scene, sent
from tests.scenarios.test_place_settings import choose
from tests.scenarios.test_waiting import asked, asks, call

PATH = "/moderations"
QUESTION_FLAGGED = "⚠️ This question was not sent to the model: it was flagged as harassment."
ANSWER_FLAGGED = "-# This answer was taken back: it was flagged as harassment."
NOT_SENT = "⚠️ This was not sent to the model, because it could not be checked. Please try again in a moment."
TAKEN_BACK = "-# This answer was taken back, because it could not be checked. Please try again in a moment."
BAD = Story(text="Something forbidden was said.")


def checked(parley: Scene) -> list[object]:
    """What the moderation model was given, request by request."""
    return [order.body["input"] for order in parley.provider.endpoints.orders]


async def test_nothing_is_checked_where_nobody_wants_it(parley: Scene) -> None:
    """Not in the channel next to one where it is wanted."""
    await choose(parley, "questions", "moderation", "both")
    parley.provider.play(BAD)
    answer = await parley.ask("linus", "general", "@bot forbidden")
    assert answer.text.startswith("Something forbidden")
    assert checked(parley) == []


async def test_flagged_question_is_not_sent(parley: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Neither now nor with the next one; people are told why, and the log has none of the words."""
    caplog.set_level(logging.INFO)
    await choose(parley, "general", "moderation", "before")
    answer = await parley.ask("linus", "general", "@bot something forbidden")
    assert answer.text.startswith(QUESTION_FLAGGED)
    assert parley.provider.requests == []
    assert "flagged as harassment" in caplog.text
    assert "something" not in caplog.text
    await parley.ask("linus", "general", "@bot something else")
    (request,) = parley.provider.requests
    assert "forbidden" not in json.dumps(request.body["messages"])
    assert [row["hidden_at"] is None for row in parley.rows("messages")] == [False, True, True]
    assert [row["status"] for row in parley.rows("runs")] == ["failed", "completed"]


async def test_flagged_question_cannot_be_tried_again(parley: Scene) -> None:
    """It has left the history, and that is said."""
    await choose(parley, "general", "moderation", "before")
    answer = await parley.ask("linus", "general", "@bot something forbidden")
    await parley.press("linus", answer, "Retry")
    told = await parley.refused("linus", "general")
    assert told == "The question was deleted or taken back, so there is nothing to answer again."
    assert parley.provider.requests == []


async def test_only_what_is_new_is_checked(parley: Scene) -> None:
    """Every message that the answer is for, with what it quotes; not what was said before, nor an answer."""
    await choose(parley, "general", "moderation", "before")
    first = await parley.ask("linus", "general", "@bot one")
    await parley.ask("linus", "general", "two", reply_to=first.ids[-1])
    assert checked(parley) == [["one\n"], ["two\nHello from the scripted model."]]
    await parley.press("linus", (await parley.answer_of("general", 2)), "Regenerate")
    await parley.answer_of("general", 3)
    assert checked(parley)[-1] == ["two\nHello from the scripted model."]


async def test_edited_question_is_checked_again(parley: Scene) -> None:
    """Other words of the same message are new words."""
    await choose(parley, "general", "moderation", "before")
    question_id = await parley.say("linus", "general", "@bot one")
    await parley.answer_of("general", 1)
    people, linus = parley.sandbox.people, parley.sandbox.users["linus"]
    await people.edit(linus, parley.place("general"), question_id, f"{parley.mention} forbidden")
    answer = await parley.answer_of("general", 2)
    assert answer.text.startswith(QUESTION_FLAGGED)
    assert len(parley.provider.requests) == 1


async def test_edited_earlier_question_is_checked_with_the_next(parley: Scene) -> None:
    """What was harmless when it was answered is not read as something else later, and is checked once."""
    await choose(parley, "general", "moderation", "before")
    people, linus = parley.sandbox.people, parley.sandbox.users["linus"]
    earlier = [await parley.say("linus", "general", "@bot one")]
    await parley.answer_of("general", 1)
    earlier.append(await parley.say("linus", "general", "@bot two"))
    await parley.answer_of("general", 2)
    await parley.ask("linus", "general", "@bot three")
    for question_id, words in zip(earlier, ("something forbidden", "too"), strict=True):
        await people.edit(linus, parley.place("general"), question_id, f"{parley.mention} {words}")
    assert (await parley.ask("linus", "general", "@bot four")).text == Story().answer()
    assert checked(parley)[-1] == ["four\n", "something forbidden\n", "too\n"]
    told = json.dumps(parley.provider.requests[-1].body["messages"])
    assert ("forbidden" in told, "too" in told) == (False, True)
    await parley.ask("linus", "general", "@bot five")
    assert checked(parley)[-1] == ["five\n"]


async def test_flagged_reply_to_a_question_of_the_model_is_not_sent(parley: Scene) -> None:
    """What a person says as the output of a call is theirs too; the step leaves the history with it."""
    await choose(parley, "general", "moderation", "before")
    parley.provider.play(asks(call("ask_user", question="What?")))
    await asked(parley)
    await parley.say("linus", "general", "@bot something forbidden")
    answer = await parley.answer_of("general", 1)
    assert "⚠️ This was not sent to the model: it was flagged as harassment." in answer.text
    await parley.ask("linus", "general", "@bot hi")
    assert "forbidden" not in json.dumps(parley.provider.requests[-1].body["messages"])
    assert len(parley.provider.requests) == 2


async def test_reply_that_cannot_be_checked_is_never_sent(parley: Scene) -> None:
    """Neither now nor with the next question, by which nobody has looked at it either."""
    await choose(parley, "general", "moderation", "before")
    parley.provider.play(asks(call("ask_user", question="What?")))
    await asked(parley)
    parley.provider.endpoints.play(PATH, refusal(500, "server_error", "down"))
    await parley.say("linus", "general", "@bot something unseen")
    answer = await parley.answer_of("general", 1)
    assert NOT_SENT.removeprefix("⚠️ ") in answer.text
    await parley.ask("linus", "general", "@bot hi")
    assert "unseen" not in json.dumps(parley.provider.requests[-1].body["messages"])


async def test_flagged_answer_is_taken_back(parley: Scene) -> None:
    """A sentence stands in its place, and nothing of it is kept, also where it grew for several pages."""
    await choose(parley, "general", "moderation", "after")
    long = " ".join(f"word{number}" for number in range(500))
    parley.provider.play(Story(text=f"{long} forbidden"))
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text == ANSWER_FLAGGED
    assert "Regenerate" in answer.buttons
    assert len(answer.messages) == 1
    assert (parley.run(1)["text"], parley.run(1)["incomplete_reason"]) == ("", "content_filter")
    await parley.ask("linus", "general", "@bot and now")
    assert sent(parley.provider.requests[-1])[1:] == ["user: (from Linus) hi", "user: (from Linus) and now"]
    assert len(checked(parley)) == 2


async def test_flagged_answer_takes_its_steps_with_it(parley: Scene) -> None:
    """What was said before a tool was used is checked with the rest, and leaves the history with it."""
    await choose(parley, "general", "moderation", "after")
    beginning = Story(pieces=("A forbidden beginning.",), tool_calls=(call("roll"),), finish_reason="tool_calls")
    parley.provider.play(beginning, Story(text="A good end."))
    answer = await parley.ask("linus", "general", "@bot roll")
    assert ANSWER_FLAGGED in answer.text
    assert "forbidden" not in answer.text
    await parley.ask("linus", "general", "@bot hi")
    assert "forbidden" not in json.dumps(parley.provider.requests[-1].body["messages"])


async def test_answers_to_pick_from_are_checked_too(parley: Scene) -> None:
    """One that is flagged takes the others with it: nobody can pick it later."""
    await choose(parley, "general", "moderation", "after")
    parley.provider.play(Story(text="Tea.", others=("Something forbidden.",)))
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text == ANSWER_FLAGGED
    assert parley.rows("alternatives") == []


async def test_answer_that_was_stopped_is_checked_too(parley: Scene) -> None:
    """What had been written by then would else be kept."""
    await choose(parley, "general", "moderation", "after")
    parley.provider.play(Story(text="Something forbidden was said here.", hang_at=4))
    await parley.say("linus", "general", "@bot hi")
    answer = await parley.wait_for(
        lambda: next((it for it in parley.answers("general") if "forbidden" in it.text), None)
    )
    await parley.press("linus", answer, "Stop")
    answer = await parley.answer_of("general", 1)
    assert answer.text == ANSWER_FLAGGED
    assert (parley.run(1)["status"], parley.run(1)["text"]) == ("cancelled", "")


async def test_answer_that_waits_for_a_person_is_checked_before(parley: Scene) -> None:
    """What it said until then would stand there for a day, and stay if it is stopped; nobody is asked any more."""
    await choose(parley, "general", "moderation", "after")
    beginning = Story(pieces=("A forbidden beginning.",), tool_calls=(call("ask_user", question="What?"),))
    parley.provider.play(beginning)
    answer = await parley.ask("linus", "general", "@bot roll")
    assert ANSWER_FLAGGED.removeprefix("-# ") in answer.text
    assert "forbidden" not in answer.text
    assert "Answer…" not in answer.buttons
    await parley.ask("linus", "general", "@bot hi")
    assert "forbidden" not in json.dumps(parley.provider.requests[-1].body["messages"])


@pytest.mark.parametrize("wanted", ["before", "after"])
async def test_what_cannot_be_checked_is_not_let_through(parley: Scene, wanted: str) -> None:
    """It fails closed, and says so; a question stays, so that it can be tried again."""
    await choose(parley, "general", "moderation", wanted)
    parley.provider.endpoints.play(PATH, refusal(500, "server_error", "down"))
    answer = await parley.ask("linus", "general", "@bot hi")
    if wanted == "after":
        assert answer.text == TAKEN_BACK
        return
    assert answer.text == NOT_SENT
    assert parley.provider.requests == []
    await parley.press("linus", answer, "Retry")
    answer = await parley.answer_of("general", 2)
    assert answer.text.startswith("Hello")


async def test_question_that_could_not_be_checked_does_not_go_along_unseen(parley: Scene) -> None:
    """It stays in the history to be tried again, so it is checked before the next question takes it along."""
    await choose(parley, "general", "moderation", "before")
    parley.provider.endpoints.play(PATH, refusal(500, "server_error", "down"))
    assert (await parley.ask("linus", "general", "@bot something forbidden")).text == NOT_SENT
    await parley.ask("linus", "general", "@bot hi")
    await parley.ask("linus", "general", "@bot bye")
    assert all("forbidden" not in json.dumps(request.body["messages"]) for request in parley.provider.requests)
    assert checked(parley)[1:] == [["hi\n", "something forbidden\n"], ["bye\n"]]


async def test_provider_that_does_not_moderate_lets_nothing_through(parley: Scene) -> None:
    """Moderators who switched it on rely on it, and are told what to change: trying again would not help."""
    parley.provider.endpoints.quirks.not_offered.add(PATH)
    await choose(parley, "general", "moderation", "both")
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text.endswith(f"could not be checked. {NOT_OFFERED}")
    assert parley.provider.requests == []


async def test_host_chooses_who_checks(scene: Scene) -> None:
    """MODERATION_MODEL names the model; without it the provider has the choice."""
    await scene.start()
    await choose(scene, "general", "moderation", "both")
    await scene.ask("linus", "general", "@bot hi")
    await scene.stop()
    await scene.start(moderation_model="default/judge")
    await scene.ask("linus", "general", "@bot hi")
    assert [order.body.get("model") for order in scene.provider.endpoints.orders] == [None, None, "judge", "judge"]
    assert {request.body["model"] for request in scene.provider.requests} == {MODEL}


async def test_words_of_the_provider_are_shown_as_words(parley: Scene) -> None:
    """What it calls a category formats, mentions and links nothing, and few of them are named."""
    await choose(parley, "general", "moderation", "before")
    names = ["@everyone", "**hate** <#1>", "violence/graphic", "a", "b"]
    body = json.dumps({"results": [{"flagged": True, "categories": dict.fromkeys(names, True)}]}).encode()
    parley.provider.endpoints.play(PATH, Story(body=body, content_type="application/json"))
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text.endswith("it was flagged as everyone and hate 1 and violence/graphic.")
