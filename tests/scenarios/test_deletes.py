"""What people delete, questions and answers: it leaves the history, and nothing of it is posted again."""

from __future__ import annotations

from bot.runs.changes import ANSWER_DELETED
from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)
STREAMING = Story(token_count=50, tokens_per_second=50.0, is_endless=True)
TWO_PAGES = Story(token_count=700)


async def begun(parley: Scene, story: Story = PAUSED) -> tuple[int, Answer]:
    """A question of Linus and its answer, which has begun."""
    parley.provider.play(story)
    question = await parley.say("linus", "general", "@bot hi")
    return question, await parley.answer_of("general", 1, final=False)


async def delete(parley: Scene, message_id: int) -> None:
    """A moderator deletes a message in the channel."""
    await parley.sandbox.people.delete(parley.sandbox.users["grace"], parley.place("general"), message_id)


async def told(parley: Scene) -> list[str]:
    """What the model is told with a further question, without the prompt."""
    await parley.ask("grace", "general", "@bot and now?")
    return sent(parley.provider.requests[-1])[1:]


async def test_answer_that_is_deleted_while_it_is_written_ends_quietly(parley: Scene) -> None:
    """Its run is cancelled, the stream closed, nothing posted again, and the model does not read it later."""
    _, answer = await begun(parley, STREAMING)
    await delete(parley, answer.ids[0])
    await parley.provider.requests[0].disconnected.wait()
    assert await told(parley) == ["user: (from Linus) hi", "user: (from Grace) and now?"]
    await parley.stop()
    run = parley.run(1)
    assert (run["status"], run["failure"], run["cancel_requested_by"]) == ("cancelled", ANSWER_DELETED, None)
    assert run["delivered_at"] is not None
    assert len(parley.writes("general", "POST")) == 2


async def test_question_behind_a_deleted_answer_is_answered(parley: Scene) -> None:
    """Who waits for the next answer gets it when the one before is deleted."""
    _, answer = await begun(parley)
    await parley.say("edsger", "general", "@bot and me?")
    await parley.caught_up()
    await delete(parley, answer.ids[0])
    assert (await parley.answer_of("general", 2)).text == "Hello from the scripted model."


async def test_answer_that_is_deleted_leaves_the_history(parley: Scene) -> None:
    """A moderator who deletes an answer wants it gone: the model does not read it again; the table keeps it."""
    answer = await parley.ask("linus", "general", "@bot hi")
    await delete(parley, answer.ids[0])
    await parley.caught_up()
    assert await told(parley) == ["user: (from Linus) hi", "user: (from Grace) and now?"]
    assert [row["text"] for row in parley.rows("messages") if row["hidden_at"]] == [answer.text]


async def test_answer_stays_in_the_history_until_its_last_page_is_deleted(parley: Scene) -> None:
    """While people can read a part of an answer, so does the model."""
    parley.provider.play(TWO_PAGES)
    first, second = (await parley.ask("linus", "general", "@bot all")).ids
    await delete(parley, first)
    await parley.caught_up()
    assert (await told(parley))[1] == f"assistant: {TWO_PAGES.answer()}"
    await delete(parley, second)
    await parley.caught_up()
    assert f"assistant: {TWO_PAGES.answer()}" not in await told(parley)


async def test_answer_of_which_a_page_is_deleted_while_it_is_written_is_stopped(parley: Scene) -> None:
    """On the page that is left stands that it was stopped, and the deleted one is not posted again."""
    _, begin = await begun(parley, Story(token_count=900, tokens_per_second=1000.0, is_endless=True))
    first = begin.ids[0]
    await parley.wait_for(lambda: len(parley.answers("general")[0].ids) == 2)
    second = parley.answers("general")[0].ids[1]
    await delete(parley, first)
    stopped = await parley.answer_of("general", 1)
    assert stopped.ids[0] == second
    assert "Stopped." in stopped.small_print  # how much it wrote meanwhile, and whether that is a file, is luck
    assert parley.run(1)["status"] == "cancelled"


async def test_page_that_the_bot_removes_itself_is_no_wish_of_anybody(parley: Scene) -> None:
    """A shorter second answer deletes the page that it does not need, and stays part of the conversation."""
    parley.provider.play(TWO_PAGES, Story(text="Short."))
    old = await parley.ask("linus", "general", "@bot hi")
    await parley.press("linus", old, "Regenerate")
    await parley.wait_for(lambda: parley.answers("general")[0].ids == old.ids[:1])
    assert (await told(parley))[1] == "assistant: Short."


async def test_undelivered_answer_that_is_deleted_is_not_posted_again(scene: Scene) -> None:
    """Its last edit never arrived and it was deleted: no later start of the bot brings it back."""
    await scene.start(shutdown_grace_seconds=0)
    _, begin = await begun(scene)
    scene.sandbox.faults.fail("PATCH", "/channels/*/messages/*", 503, times=None)
    scene.provider.requests[0].released.set()
    await scene.wait_for(lambda: scene.run(1)["status"] == "completed")
    await delete(scene, begin.ids[0])
    await scene.caught_up()
    assert scene.run(1)["delivered_at"] is not None
    await scene.stop()
    scene.sandbox.faults.clear()
    await scene.start()
    assert await told(scene) == ["user: (from Linus) hi", "user: (from Grace) and now?"]
    assert len(scene.writes("general", "POST")) == 2


async def test_answer_that_is_deleted_while_it_is_delivered_late_is_not_posted_again(scene: Scene) -> None:
    """A later start tries to deliver the last edit; who deletes the message meanwhile does not see it come back."""
    await scene.start(shutdown_grace_seconds=0)
    _, begin = await begun(scene)
    scene.sandbox.faults.fail("PATCH", "/channels/*/messages/*", 503, times=None)
    scene.provider.requests[0].released.set()
    await scene.wait_for(lambda: scene.run(1)["status"] == "completed")
    await scene.stop()
    before = len(scene.sandbox.requests)
    await scene.start()
    await scene.wait_for(lambda: any(record.status == 503 for record in scene.sandbox.requests[before:]))
    await delete(scene, begin.ids[0])
    await scene.caught_up()
    scene.sandbox.faults.clear()
    await scene.wait_for(lambda: any(record.status == 404 for record in scene.sandbox.requests[before:]))
    assert await told(scene) == ["user: (from Linus) hi", "user: (from Grace) and now?"]
    assert len(scene.writes("general", "POST")) == 2


async def test_many_messages_that_are_deleted_at_once_are_forgotten_together(parley: Scene) -> None:
    """A moderator's bot clears a channel: the question and its answer leave the history, and the rest is no matter."""
    question = await parley.say("linus", "general", "@bot hi")
    answer = await parley.answer_of("general", 1)
    others = [await parley.say("edsger", "general", f"by the way, {number}") for number in range(20)]
    parley.sandbox.engine.bulk_delete_messages(parley.place("general"), [question, *answer.ids, *others])
    await parley.caught_up()
    assert all(row["hidden_at"] for row in parley.rows("messages"))
    assert await told(parley) == ["user: (from Grace) and now?"]


async def test_question_that_is_deleted_with_others_stops_its_answer(parley: Scene) -> None:
    """What is being answered when a channel is cleared ends, with its question, its first words and what waited."""
    question, answer = await begun(parley, STREAMING)
    waiting = await parley.say("edsger", "general", "@bot and me?")
    await parley.caught_up()
    parley.sandbox.engine.bulk_delete_messages(parley.place("general"), [question, waiting, *answer.ids])
    await parley.provider.requests[0].disconnected.wait()
    assert await told(parley) == ["user: (from Grace) and now?"]
    await parley.stop()
    assert [run["status"] for run in parley.rows("runs")] == ["cancelled", "completed"]
    assert all(run["delivered_at"] for run in parley.rows("runs"))


async def test_question_that_is_deleted_right_away_is_not_answered(parley: Scene) -> None:
    """Where question and deletion are replayed together after a lost connection, nothing of it is left."""
    parley.sandbox.gateway.drop()
    question = await parley.say("linus", "general", "@bot hi")
    await delete(parley, question)
    await parley.wait_for(lambda: parley.sandbox.gateway.resumed_count)
    await parley.caught_up()
    assert all(row["hidden_at"] for row in parley.rows("messages"))
    assert await told(parley) == ["user: (from Grace) and now?"]
