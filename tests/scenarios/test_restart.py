"""The bot stops, is stopped or is killed in the middle of an answer, and starts again."""

from __future__ import annotations

import asyncio
import signal

from bot.runs.context import CONTINUE
from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.process import bot_process
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First words", " that are cut off."), hang_at=1)
REST = Story(pieces=("words", " and all the others."))
WHOLE = "First words and all the others."
PAUSE_NOTE = "-# Paused for a restart; the answer goes on in a moment."


async def begun(scene: Scene) -> Answer:
    """An answer to Linus that stands still after its first words."""
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    return await scene.answer_of("general", 1, final=False)


async def test_answer_goes_on_after_a_restart_in_the_same_message(scene: Scene) -> None:
    """A bot that is stopped hands its answer back, which says so; the next start goes on from what was written."""
    await scene.start(shutdown_grace_seconds=0)
    begin = await begun(scene)
    await scene.stop()
    run = scene.run(1)
    assert (run["status"], run["lease_owner"], run["text"]) == ("queued", None, "First ")
    assert scene.answers("general")[0].text == f"First\n{PAUSE_NOTE}"
    scene.provider.play(REST)
    await scene.start()
    answer = await scene.answer_of("general", 1)
    assert (answer.text, answer.ids) == (WHOLE, begin.ids)
    assert len(scene.answers("general")) == 1
    assert sent(scene.provider.requests[-1])[1:] == ["user: (from Linus) hi", "assistant: First", f"user: {CONTINUE}"]
    assert scene.causes(1) == ["enqueued", "claimed", "handed_back", "claimed", "finished"]
    await scene.ask("linus", "general", "@bot and?")
    assert sent(scene.provider.requests[-1])[1:] == [
        "user: (from Linus) hi",
        f"assistant: {WHOLE}",
        "user: (from Linus) and?",
    ]


async def test_answer_of_which_nothing_was_seen_is_begun_anew(scene: Scene) -> None:
    """A bot that is stopped before the first word leaves no note, and nothing that it would have to go on from."""
    await scene.start(shutdown_grace_seconds=0)
    scene.provider.play(Story(hang_at=0))
    await scene.say("linus", "general", "@bot hi")
    await scene.provider.wait_for_request()
    await scene.stop()
    assert scene.answers("general") == []
    await scene.start()
    assert (await scene.answer_of("general", 1)).text == "Hello from the scripted model."
    assert sent(scene.provider.requests[-1])[1:] == ["user: (from Linus) hi"]


async def test_answer_that_is_nearly_done_ends_before_the_bot_does(parley: Scene) -> None:
    """Within its grace the answer is written to its end and delivered."""
    await begun(parley)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(parley.stop())
        parley.provider.requests[0].released.set()
    assert parley.answers("general")[0].text == PAUSED.answer()
    run = parley.run(1)
    assert run["status"] == "completed"
    assert run["delivered_at"] is not None


async def test_answer_that_ended_unseen_is_delivered_after_a_restart(scene: Scene) -> None:
    """The text was stored, Discord did not take the last edit: the next start makes it, without asking the model."""
    await scene.start(shutdown_grace_seconds=0)
    begin = await begun(scene)
    scene.sandbox.faults.fail("PATCH", "/channels/*/messages/*", 503, times=None)
    scene.provider.requests[0].released.set()
    await scene.wait_for(lambda: any(record.status == 503 for record in scene.sandbox.requests))
    await scene.provider.requests[0].ended.wait()
    await scene.stop()
    assert (scene.run(1)["status"], scene.run(1)["delivered_at"]) == ("completed", None)
    scene.sandbox.faults.clear()
    await scene.start()
    answer = await scene.answer_of("general", 1)
    assert (answer.text, answer.ids) == (PAUSED.answer(), begin.ids)
    assert len(scene.provider.requests) == 1
    await scene.stop()
    assert scene.run(1)["delivered_at"] is not None


async def test_message_posted_but_not_noted_is_found_again(scene: Scene) -> None:
    """Discord's answer to the post is lost and the bot ends: that message is edited on and no other is posted."""
    await scene.start(shutdown_grace_seconds=0)
    scene.sandbox.faults.cut("POST", "/channels/*/messages", applied=True)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    (first,) = (await scene.answer_of("general", 1, final=False)).ids
    await scene.stop()
    scene.provider.play(REST)
    await scene.start()
    answer = await scene.answer_of("general", 1)
    assert (answer.text, answer.ids) == (WHOLE, (first,))


async def test_buttons_work_after_a_restart(parley: Scene) -> None:
    """What stands under an old message is not forgotten with the process."""
    old = await parley.ask("linus", "general", "@bot hi")
    await parley.stop()
    await parley.start()
    parley.provider.play(Story(text="Again."))
    await parley.press("linus", old, "Regenerate")
    assert (await parley.answer_of("general", 2)).text == "Again."


async def test_questions_that_wait_survive_a_restart(scene: Scene) -> None:
    """What was said while an answer ran is answered after the restart, behind it."""
    await scene.start(shutdown_grace_seconds=0)
    await begun(scene)
    await scene.say("grace", "general", "@bot and me?")
    await scene.ask("ada", "playground", "@bot did you hear her?")
    await scene.stop()
    scene.provider.play(REST, Story(text="You too."))
    await scene.start()
    assert (await scene.answer_of("general", 1)).text == WHOLE
    assert (await scene.answer_of("general", 3)).text == "You too."


async def test_killed_process_is_taken_over_at_once(scene: Scene) -> None:
    """After kill -9 in the middle of an answer a new process finishes it in the same message, its lease regardless."""
    settings = scene.settings(lease_seconds=3600)
    process = await bot_process(settings, "run")
    await scene.sandbox.bot_ready()
    begin = await begun(scene)
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    assert scene.run(1)["status"] == "in_progress"
    scene.provider.play(REST if scene.run(1)["text"] else Story(text=WHOLE))
    process = await bot_process(settings, "run")
    try:
        answer = await scene.answer_of("general", 1)
        assert (answer.text, answer.ids) == (WHOLE, begin.ids)
        assert scene.causes(1) == ["enqueued", "claimed", "lease_lost", "claimed", "finished"]
    finally:
        process.terminate()
        assert await process.wait() == 0


async def test_wish_of_another_process_ends_an_answer(parley: Scene) -> None:
    """The host ends a run from the command line, and the bot that is writing it stops."""
    await begun(parley)
    process = await bot_process(parley.settings(), "runs", "--cancel", "1")
    assert await process.wait() == 0
    answer = await parley.answer_of("general", 1)
    assert answer.text == "First words\n-# Stopped."
    await parley.provider.requests[0].disconnected.wait()


async def test_paused_answer_that_waits_in_line_is_stopped_at_once(scene: Scene) -> None:
    """Stop under an answer whose turn has not come again ends it, however long the others take."""
    await scene.start(shutdown_grace_seconds=0)
    scene.provider.play(PAUSED, PAUSED, Story(hang_at=0))
    for channel, run_id in (("general", 1), ("playground", 2)):
        await scene.say("linus", channel, "@bot hi")
        waiting = await scene.answer_of(channel, run_id, final=False)
    await scene.stop()
    await scene.start(max_concurrent_runs=1, shutdown_grace_seconds=0)
    await scene.provider.wait_for_request(3)
    await scene.press("linus", waiting, "Stop")
    assert (await scene.answer_of("playground", 2)).text == "First\n-# Stopped."
    assert scene.run(2)["status"] == "cancelled"
