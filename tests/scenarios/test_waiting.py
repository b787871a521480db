"""A run waits for people: what they approve, deny or answer goes to the model, once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.app import utc_now
from bot.runs.decisions import DECIDED, DENIED, OVER, UNKNOWN
from bot.runs.service import NOT_YOURS
from bot.runs.worker import NOBODY_DECIDED
from sandbox.stories import ScriptedCall, Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene
from tests.scenarios.test_commands import private_answer
from tests.scenarios.test_place_settings import choose

MODULES = {"tool_modules": "tests.scenarios.errands"}
DONE = Story(text="It is done.")


def call(name: str, id: str = "call_1", index: int = 0, **arguments: object) -> ScriptedCall:
    """What a model asks for."""
    return ScriptedCall(name=name, arguments=(json.dumps(arguments),), id=id, index=index)


def asks(*calls: ScriptedCall) -> Story:
    """A model that asks for these."""
    return Story(pieces=("Let me see.",), tool_calls=calls, finish_reason="tool_calls")


ORDER = asks(call("order", dish="soup", count=2))
QUESTION = asks(call("ask_user", question="Which colour?", choices=["red", "blue"]))


@pytest.fixture
async def errands(scene: Scene) -> Scene:
    """The bot with tools that need people."""
    await scene.start(**MODULES)
    return scene


async def asked(scene: Scene, channel: str = "general", user: str = "linus") -> Answer:
    """The answer that waits, after a question."""
    await scene.say(user, channel, "@bot please")
    return await waits(scene, channel)


async def waits(scene: Scene, channel: str = "general") -> Answer:
    """The newest answer as soon as it waits for somebody, and nobody holds it."""
    await scene.until(lambda: any(row["waiting_since"] is not None for row in scene.rows("runs")))
    return scene.answers(channel)[-1]


async def final(scene: Scene, channel: str = "general", run_id: int = 1) -> Answer:
    """The answer when it will not change any more."""
    return await scene.answer_of(channel, run_id)


def outputs(scene: Scene) -> list[Any]:
    """What the provider was told of the calls by the last request."""
    messages = scene.provider.requests[-1].body["messages"]
    assert isinstance(messages, list)
    return [message["content"] for message in messages if message["role"] == "tool"]


async def test_approved_call_is_carried_out(errands: Scene) -> None:
    """The person sees the exact arguments, nothing happens before they approve, and then the answer goes on."""
    errands.provider.play(ORDER, DONE)
    answer = await asked(errands)
    assert list(answer.buttons) == ["Approve", "Deny", "Approve for this conversation", "Stop"]
    assert '"dish": "soup"' in answer.text
    assert '"count": 2' in answer.text
    (stored,) = errands.rows("tool_calls")
    assert (stored["need"], stored["started_at"], stored["output"]) == ("approval", None, None)
    run = errands.run(1)
    assert (run["status"], run["lease_owner"]) == ("requires_action", None)
    await errands.press("linus", answer, "Approve")
    done = await final(errands)
    assert done.words == "Let me see.\n\nIt is done."
    assert done.ids == answer.ids
    assert outputs(errands) == ["2 soup on the way"]
    assert errands.causes(1)[2:6] == ["tool_calls", "person_asked", "person_answered", "claimed"]


async def test_denied_call_is_not_carried_out(errands: Scene) -> None:
    """The model is told so, and the small print says who did not approve."""
    errands.provider.play(ORDER, DONE)
    await errands.press("linus", await asked(errands), "Deny")
    answer = await final(errands)
    assert outputs(errands) == [DENIED]
    assert "not approved" in answer.small_print[0]
    assert [row["outcome"] for row in errands.rows("tool_calls")] == ["denied"]


async def test_only_those_who_may_decide(errands: Scene) -> None:
    """Another member is told so and nothing happens; a moderator may decide for the asker."""
    errands.provider.play(ORDER, DONE)
    answer = await asked(errands)
    await errands.press("edsger", answer, "Approve")
    assert await errands.refused("edsger", "general") == NOT_YOURS
    await errands.press("grace", answer, "Approve")
    await final(errands)
    assert outputs(errands) == ["2 soup on the way"]


async def test_decision_is_made_once(errands: Scene) -> None:
    """Of two people who press at the same time one decides, and the other is told in words."""
    errands.provider.play(ORDER, DONE)
    answer = await asked(errands)
    await asyncio.gather(errands.press("linus", answer, "Approve"), errands.press("grace", answer, "Deny"))
    await final(errands)
    told = await errands.wait_for(
        lambda: [*errands.whispers("linus", "general"), *errands.whispers("grace", "general")] or None
    )
    assert told[0] in (DECIDED, OVER)
    assert errands.causes(1).count("person_answered") == 1


async def test_approval_for_the_conversation_holds_until_it_ends(errands: Scene) -> None:
    """The tool is not asked about again, until the conversation begins anew."""
    errands.provider.play(ORDER, DONE, asks(call("order", dish="tea")), DONE, ORDER, DONE)
    await errands.press("linus", await asked(errands), "Approve for this conversation")
    await final(errands)
    second = await errands.ask("linus", "general", "@bot again")
    assert outputs(errands)[-1] == "1 tea on the way"
    assert second.words.endswith("It is done.")
    await errands.command("linus", "general", "reset")
    assert "Approve" in (await asked(errands)).buttons


async def test_approval_for_the_conversation_covers_nobody_else(errands: Scene) -> None:
    """What one person approved for themselves, or a moderator for them, is asked again where another one asks."""
    errands.provider.play(ORDER, DONE, ORDER, DONE, ORDER, DONE)
    await errands.press("linus", await asked(errands), "Approve for this conversation")
    await final(errands)
    await errands.press("grace", await asked(errands, user="edsger"), "Approve for this conversation")
    await final(errands, run_id=2)
    assert (await errands.ask("edsger", "general", "@bot again")).words.endswith("It is done.")
    assert [row["asker_id"] for row in errands.rows("tool_approvals")] == [
        errands.sandbox.users[name] for name in ("linus", "edsger")
    ]


async def test_waiting_run_survives_a_restart(scene: Scene) -> None:
    """The buttons under the message work after the process has ended and another begun, and no message is added."""
    await scene.start(**MODULES)
    scene.provider.play(ORDER, DONE)
    answer = await asked(scene)
    await scene.stop()
    await scene.start(**MODULES)
    assert scene.run(1)["lease_owner"] is None
    await scene.press("linus", answer, "Approve")
    done = await final(scene)
    assert done.ids == answer.ids
    assert outputs(scene) == ["2 soup on the way"]


async def test_waiting_run_expires_with_a_sentence(scene: Scene) -> None:
    """A day later it is ended, its buttons are gone, and the next question is answered."""
    await scene.start(**MODULES)
    scene.provider.play(ORDER, DONE)
    answer = await asked(scene)
    await scene.stop()
    scene.clock = lambda: utc_now() + timedelta(days=2)
    await scene.start(**MODULES)
    expired = await final(scene)
    assert expired.ids == answer.ids
    assert expired.small_print[-1] == NOBODY_DECIDED
    assert "Approve" not in expired.buttons
    assert scene.run(1)["status"] == "expired"


async def test_calls_beside_a_waiting_one_are_carried_out(errands: Scene) -> None:
    """Of three calls two are done at once and once; all three outputs go back together, in the order asked."""
    calls = (call("order", "a", 0, dish="soup"), call("roll", "b", 1, sides=2), call("time", "c", 2))
    errands.provider.play(asks(*calls), DONE)
    answer = await asked(errands)
    before = {row["name"]: row["output"] for row in errands.rows("tool_calls")}
    assert before["order"] is None
    assert before["roll"]
    await errands.press("linus", answer, "Approve")
    await final(errands)
    assert outputs(errands) == ["1 soup on the way", before["roll"], before["time"]]
    assert len(errands.provider.requests) == 2


async def test_two_waiting_calls_are_decided_one_by_one(errands: Scene) -> None:
    """Each has its own buttons; the answer goes on when the last is decided."""
    errands.provider.play(asks(call("order", "a", 0, dish="soup"), call("order", "b", 1, dish="tea")), DONE)
    answer = await asked(errands)
    ids = [custom_id for custom_id in answer.buttons.values() if ":approve:" in custom_id or ":deny:" in custom_id]
    assert len(ids) == 2  # the labels are the same for both
    rows = errands.rows("tool_calls")
    people, linus = errands.sandbox.people, errands.sandbox.users["linus"]
    await people.press(linus, answer.channel_id, answer.ids[-1], f"parley:deny:{rows[0]['id']}:1")
    await errands.until(lambda: errands.causes(1).count("person_asked") == 2)
    await people.press(linus, answer.channel_id, answer.ids[-1], f"parley:approve:{rows[1]['id']}:1")
    await final(errands)
    assert outputs(errands) == [DENIED, "1 tea on the way"]


async def test_question_is_answered_by_a_button(errands: Scene) -> None:
    """What the model asks is shown with its answers, and the one picked is the output."""
    errands.provider.play(QUESTION, DONE)
    answer = await asked(errands)
    assert "Which colour?" in answer.text
    assert list(answer.buttons) == ["red", "blue", "Something else…", "Stop"]
    await errands.press("linus", answer, "blue")
    await final(errands)
    assert outputs(errands) == ["blue"]


async def test_question_is_answered_in_a_form(errands: Scene) -> None:
    """One's own words go to the model as they are; another member gets no form."""
    errands.provider.play(QUESTION, DONE)
    answer = await asked(errands)
    await errands.press("edsger", answer, "Something else…")
    assert await errands.refused("edsger", "general") == NOT_YOURS
    opened = await errands.press("linus", answer, "Something else…")
    assert opened.modal is not None
    assert str(opened.modal).count("Which colour?") == 1
    linus = errands.sandbox.users["linus"]
    await errands.sandbox.people.submit(linus, opened.interaction_id, {field_of(opened.modal): "green"})
    await final(errands)
    assert outputs(errands) == ["green"]


def field_of(modal: dict[str, Any]) -> str:
    """The custom id of a form's only field."""
    found: list[str] = []

    def look(component: dict[str, Any]) -> None:
        if component.get("type") == 4:
            found.append(component["custom_id"])
        for inner in [*component.get("components", []), *filter(None, [component.get("component")])]:
            look(inner)

    look(modal)
    return found[0]


async def test_question_is_answered_by_a_list(errands: Scene) -> None:
    """Many answers are a list to pick from."""
    errands.provider.play(asks(call("ask_user", question="Which?", choices=["a", "b", "c", "d", "e", "f"])), DONE)
    answer = await asked(errands)
    (listed,) = [custom_id for custom_id in all_ids(answer) if ":pick:" in custom_id]
    linus = errands.sandbox.users["linus"]
    await errands.sandbox.people.choose(linus, answer.channel_id, answer.ids[-1], listed, ["4"])
    await final(errands)
    assert outputs(errands) == ["e"]


def all_ids(answer: Answer) -> list[str]:
    """The custom ids of all that can be pressed under an answer."""
    rows = answer.messages[-1]["components"]
    return [item["custom_id"] for row in rows for item in row["components"]]


async def test_question_is_answered_by_a_message(errands: Scene) -> None:
    """The asker's next message is the answer, and is not taken as a question of its own."""
    errands.provider.play(QUESTION, DONE)
    answer = await asked(errands)
    await errands.say("linus", "general", "rather yellow", reply_to=answer.ids[-1])
    await final(errands)
    assert outputs(errands) == ["rather yellow"]
    assert len(errands.rows("runs")) == 1


async def test_others_are_told_that_their_message_waits(errands: Scene) -> None:
    """The first message that comes meanwhile is answered with where it waits, and afterwards in earnest."""
    errands.provider.play(ORDER, DONE, Story(text="Hello, Edsger."))
    answer = await asked(errands)
    await errands.say("edsger", "general", "@bot hello?")
    told = await errands.wait_for(lambda: next((m for m in texts(errands) if "waits for somebody" in m), None))
    assert str(answer.ids[-1]) in told
    await errands.press("linus", answer, "Approve")
    await errands.wait_for(lambda: any("Hello, Edsger." in text for text in texts(errands)))


def texts(scene: Scene) -> list[str]:
    """All that the bot said in the channel."""
    return [text for answer in scene.answers("general") for text in answer.texts]


async def test_stop_ends_a_waiting_run_at_once(errands: Scene) -> None:
    """Nobody works on it, so nothing has to be waited for, and nothing is done."""
    errands.provider.play(ORDER)
    answer = await asked(errands)
    await errands.press("linus", answer, "Stop")
    stopped = await final(errands)
    assert stopped.small_print[-1] == "Stopped."
    assert [row["outcome"] for row in errands.rows("tool_calls")] == [None]


async def test_edit_of_the_question_begins_anew(errands: Scene) -> None:
    """What waited is forgotten, and the new question is answered in the same message."""
    errands.provider.play(ORDER, Story(text="As you like."))
    question = await errands.say("linus", "general", "@bot please")
    answer = await waits(errands)
    await errands.sandbox.people.edit(
        errands.sandbox.users["linus"], errands.place("general"), question, f"{errands.mention} never mind"
    )
    anew = await final(errands)
    assert anew.ids == answer.ids
    assert anew.text == "As you like."


async def test_moderator_supplies_an_output_by_hand(errands: Scene) -> None:
    """The output of a waiting call is what the moderator wrote; a member does not have the command's right."""
    errands.provider.play(ORDER, DONE)
    await asked(errands)
    (stored,) = errands.rows("tool_calls")
    await errands.command("grace", "general", "submit", call=stored["id"], output="Sold out.")
    await final(errands)
    assert outputs(errands) == ["Sold out."]
    assert [row["outcome"] for row in errands.rows("tool_calls")] == ["supplied"]


async def test_progress_is_shown_live(errands: Scene) -> None:
    """What a tool says while it works stands in the answer's small print, and how it ended afterwards."""
    errands.provider.play(asks(call("slow", seconds=1.5)), DONE)
    await errands.say("linus", "general", "@bot please")
    await errands.wait_for(lambda: any("half way" in text for text in errands.writes("general")))
    assert "slept" in (await final(errands)).small_print[0]


async def test_files_of_a_tool_are_in_the_reply(errands: Scene) -> None:
    """People get the file, the model only the text."""
    errands.provider.play(asks(call("draw", shape="circle")), DONE)
    answer = await errands.ask("linus", "general", "@bot please")
    assert [file["filename"] for file in answer.messages[-1]["attachments"]] == ["drawing.txt"]
    assert outputs(errands) == ["A drawing of a circle"]


async def test_files_that_discord_would_not_take_are_named(errands: Scene) -> None:
    """Too large a file, too many, odd names and long descriptions do not cost the answer, and are said."""
    errands.provider.play(asks(call("pack", count=9)), DONE)
    answer = await errands.ask("linus", "general", "@bot please")
    names = [file["filename"] for file in answer.messages[-1]["attachments"]]
    assert names == ["x_y.txt", "file", *(f"{number}.txt" for number in range(8))]
    assert answer.small_print[1] == "Too much for one message here: large.bin (11.0 MB), 8.txt (0.0 MB)."


async def test_button_shows_all_about_the_calls(errands: Scene) -> None:
    """To the asker and to moderators alone, with the whole output."""
    errands.provider.play(asks(call("draw", shape="circle", password="hunter2")), DONE)
    answer = await errands.ask("linus", "general", "@bot please")
    await errands.press("edsger", answer, "Tools")
    assert await errands.refused("edsger", "general") == NOT_YOURS
    await errands.press("linus", answer, "Tools")
    told = await errands.refused("linus", "general")
    assert "draw" in told
    assert "hunter2" not in told


async def test_decision_while_another_call_is_carried_out(errands: Scene) -> None:
    """What is under way beside it is not cut off: the approved call follows, and both outputs go back."""
    errands.provider.play(asks(call("slow", "a", 0, seconds=2), call("order", "b", 1, dish="soup")), DONE)
    await errands.say("linus", "general", "@bot please")
    answer = await errands.wait_for(
        lambda: next((found for found in errands.answers("general") if "Approve" in found.buttons), None)
    )
    await errands.press("linus", answer, "Approve")
    done = await final(errands)
    assert done.words.endswith("It is done.")
    assert outputs(errands) == ["slept", "1 soup on the way"]
    assert "person_asked" not in errands.causes(1)


async def test_output_by_hand_stays_though_the_call_ends_later(errands: Scene) -> None:
    """What the moderator wrote for a call that is being carried out is what the model gets, and nothing is cut off."""
    errands.provider.play(asks(call("slow", seconds=2)), DONE)
    await errands.say("linus", "general", "@bot please")
    await errands.wait_for(lambda: any("half way" in text for text in errands.writes("general")))
    (stored,) = errands.rows("tool_calls")
    await errands.command("grace", "general", "submit", call=stored["id"], output="Enough.")
    assert (await final(errands)).words.endswith("It is done.")
    assert outputs(errands) == ["Enough."]
    assert [row["outcome"] for row in errands.rows("tool_calls")] == ["supplied"]


async def test_private_call_is_nobody_elses(errands: Scene) -> None:
    """What waits in an answer that one person alone sees is neither listed for moderators nor theirs to submit."""
    errands.provider.play(ORDER, DONE)
    await errands.command("linus", "general", "ask", question="for me", private=True)
    await errands.until(lambda: any(row["waiting_since"] is not None for row in errands.rows("runs")))
    (stored,) = errands.rows("tool_calls")
    await errands.command("grace", "general", "submit", call=stored["id"], output="Sold out.")
    assert await errands.refused("grace", "general") == UNKNOWN
    grace, general = errands.sandbox.users["grace"], errands.place("general")
    listed = await errands.sandbox.people.autocomplete(grace, general, "submit", {"call": ""}, "call")
    assert listed == []


async def test_reset_ends_what_waits_for_whoever_says_so(errands: Scene) -> None:
    """A question that nobody decides about does not hold up the conversation that another person begins."""
    errands.provider.play(ORDER, Story(text="Hello, Edsger."))
    waiting = await asked(errands)
    await errands.command("edsger", "general", "reset")
    assert (await errands.ask("edsger", "general", "@bot hello?")).words == "Hello, Edsger."
    stopped = await final(errands)
    assert stopped.ids == waiting.ids
    assert "Approve" not in stopped.buttons
    assert errands.run(1)["status"] == "cancelled"


@pytest.mark.parametrize("what", ["question", "answer"])
async def test_deleting_ends_what_waits(errands: Scene, what: str) -> None:
    """With the question or the answer gone nobody can decide any more, and the next question is answered."""
    errands.provider.play(ORDER, Story(text="Hello, Edsger."))
    question = await errands.say("linus", "general", "@bot please")
    answer = await waits(errands)
    gone, who = (question, "linus") if what == "question" else (answer.ids[-1], "grace")
    await errands.sandbox.people.delete(errands.sandbox.users[who], errands.place("general"), gone)
    assert (await errands.ask("edsger", "general", "@bot hello?")).words == "Hello, Edsger."
    assert errands.run(1)["status"] == "cancelled"


async def test_approval_for_the_conversation_covers_the_same_step(errands: Scene) -> None:
    """Of two calls of one tool both are carried out with one press."""
    errands.provider.play(asks(call("order", "a", 0, dish="soup"), call("order", "b", 1, dish="tea")), DONE)
    answer = await asked(errands)
    always = next(custom_id for label, custom_id in answer.buttons.items() if label.startswith("Approve for this"))
    await errands.sandbox.people.press(errands.sandbox.users["linus"], answer.channel_id, answer.ids[-1], always)
    await final(errands)
    assert outputs(errands) == ["1 soup on the way", "1 tea on the way"]


async def test_long_text_and_what_is_asked_are_parted(errands: Scene) -> None:
    """Where both do not fit one message the buttons stand under a further one, and the answer ends as usual."""
    text = " ".join(["word"] * 380)
    errands.provider.play(
        Story(pieces=(text,), tool_calls=(call("order", dish="soup" * 200),), finish_reason="tool_calls"), DONE
    )
    answer = await asked(errands)
    assert len(answer.ids) == 2
    assert [file["filename"] for file in answer.messages[-1]["attachments"]] == ["order.json"]
    await errands.press("linus", answer, "Approve")
    assert (await final(errands)).words.endswith("It is done.")


async def test_answer_to_a_question_can_be_changed_or_deleted_without_harm(errands: Scene) -> None:
    """What was answered stays answered, and the answer goes on."""
    errands.provider.play(QUESTION, Story(text="It is done, slowly.", tokens_per_second=5))
    answer = await asked(errands)
    linus, general = errands.sandbox.users["linus"], errands.place("general")
    message = await errands.say("linus", "general", "yellow", reply_to=answer.ids[-1])
    await errands.until(lambda: errands.rows("tool_calls")[0]["output"] is not None)
    await errands.sandbox.people.edit(linus, general, message, "green")
    await errands.sandbox.people.delete(linus, general, message)
    assert (await final(errands)).words.endswith("It is done, slowly.")
    assert outputs(errands) == ["yellow"]
    assert len(errands.rows("runs")) == 1


async def test_fifty_calls_that_need_people_are_asked_about_in_turn(errands: Scene) -> None:
    """As many as fit a message at once; none is lost, and questions stand among them."""
    calls = [call("order", f"c{number}", number, dish=str(number)) for number in range(50)]
    calls[1] = call("ask_user", "c1", 1, question="Which?", choices=["a", "b", "c", "d", "e"])
    errands.provider.play(asks(*calls), DONE)
    answer = await asked(errands)
    listed = next(custom_id for custom_id in all_ids(answer) if ":pick:" in custom_id)
    people, linus = errands.sandbox.people, errands.sandbox.users["linus"]
    await people.choose(linus, answer.channel_id, answer.ids[-1], listed, ["4"])
    await errands.until(lambda: errands.causes(1).count("person_asked") == 2)
    always = next(custom_id for custom_id in all_ids(await waits(errands)) if ":always:" in custom_id)
    await people.press(linus, answer.channel_id, answer.ids[-1], always)
    await final(errands)
    assert outputs(errands)[:3] == ["1 0 on the way", "e", "1 2 on the way"]
    assert len(outputs(errands)) == 50


async def test_private_answer_waits_and_goes_on(errands: Scene) -> None:
    """What only one person sees is decided by them there, also after a restart, and goes on in the same message."""
    errands.provider.play(asks(call("order", dish="soup"), call("ask_user", "q", 1, question="Which?")), DONE)
    await errands.command("linus", "general", "ask", question="for me", private=True)
    await errands.until(lambda: "person_asked" in errands.causes(1))
    answer = await private_answer(errands, "linus", "Answer…")
    await errands.stop()
    await errands.start(**MODULES)
    await errands.press("linus", answer, "Approve order")
    await errands.until(lambda: errands.causes(1).count("person_asked") == 2)
    opened = await errands.press("linus", await private_answer(errands, "linus", "Answer…"), "Answer…")
    assert opened.modal is not None
    linus = errands.sandbox.users["linus"]
    await errands.sandbox.people.submit(linus, opened.interaction_id, {field_of(opened.modal): "green"})
    done = await private_answer(errands, "linus", "Tools")
    assert done.ids == answer.ids
    assert outputs(errands) == ["1 soup on the way", "green"]


async def test_stop_is_heard_before_anybody_waits(scene: Scene) -> None:
    """Pressed while Discord's word on the buttons is still missing, so that nobody is asked yet: it ends the answer."""
    await scene.start(**MODULES, discord_timeout_seconds=3)
    scene.provider.play(ORDER)
    scene.sandbox.faults.hang("PATCH", "/channels/*/messages/*", applied=True)
    await scene.say("linus", "general", "@bot please")
    answer = await scene.wait_for(
        lambda: next((found for found in scene.answers("general") if "Approve" in found.buttons), None)
    )
    await scene.press("linus", answer, "Stop")
    assert (await final(scene)).small_print[-1] == "Stopped."
    assert "person_asked" not in scene.causes(1)


async def test_every_call_waits_where_moderators_want_it(errands: Scene) -> None:
    """Of a tool that needs nobody elsewhere too; a question of the model's waits for its answer, as everywhere."""
    await choose(errands, "general", "tool_approval", "always")
    rolls = asks(call("roll"))
    errands.provider.play(rolls, DONE, rolls, DONE, QUESTION, DONE)
    answer = await asked(errands)
    assert "roll** needs your approval" in answer.text
    await errands.press("linus", answer, "Approve")
    await final(errands)
    assert "Tools" in (await errands.ask("linus", "questions", "@bot please")).buttons
    assert [row["need"] for row in errands.rows("tool_calls")] == ["approval", None]
    assert "Which colour?" in (await asked(errands)).text


async def test_no_call_waits_where_moderators_trust_all(errands: Scene) -> None:
    """The host can keep them from choosing that; in the other channel it waits."""
    await choose(errands, "general", "tool_approval", "never")
    errands.provider.play(ORDER, DONE, ORDER)
    await errands.ask("linus", "general", "@bot please")
    assert outputs(errands) == ["2 soup on the way"]
    assert "Approve" in (await asked(errands, "questions")).buttons


async def test_call_goes_by_what_was_wanted_when_its_step_began(errands: Scene) -> None:
    """What is chosen while a model writes counts for its next step; a call that waits goes on waiting."""
    await choose(errands, "general", "tool_approval", "never")
    hangs = replace(ORDER, hang_at=1)
    errands.provider.play(hangs, asks(call("order", id="call_2", dish="tea")), DONE)
    await errands.say("linus", "general", "@bot please")
    performance = await errands.provider.wait_for_request()
    await choose(errands, "general", "tool_approval", "declared")
    performance.released.set()
    answer = await waits(errands)
    await choose(errands, "general", "tool_approval", "never")
    assert [row["outcome"] for row in errands.rows("tool_calls")] == ["done", None]
    assert '"dish": "tea"' in answer.text
    await errands.press("linus", answer, "Approve")
    await final(errands)
    assert outputs(errands) == ["2 soup on the way", "1 tea on the way"]
