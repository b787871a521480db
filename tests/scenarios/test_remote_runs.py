"""The real bot at a provider that keeps threads and runs: each answer there is one run, whatever happens here."""

from __future__ import annotations

import signal

import pytest

from sandbox.runs_api import RunsRequest, RunsServer
from sandbox.stories import Story
from tests.scenarios.process import bot_process
from tests.scenarios.scene import Scene
from tests.scenarios.test_costs import UNKNOWN_MESSAGE
from tests.scenarios.test_narrow_moments import by_hand, took_note
from tests.scenarios.test_waiting import DONE, MODULES, asked, asks, call, final

REMOTE = {**MODULES, "provider_api": "assistants"}
PARALLEL = asks(call("order", "call_a", 0, dish="soup"), call("roll", "call_b", 1, sides=2))
PAUSED = Story(pieces=("First words", " and the rest."), hang_at=5)


@pytest.fixture
def server(scene: Scene) -> RunsServer:
    """The provider's threads and runs."""
    return scene.provider.runs


def said(server: RunsServer) -> list[str]:
    """What is in the newest thread."""
    return [f"{message.role}: {message.content}" for message in [*server.threads.values()][-1].messages]


async def test_parallel_calls_with_one_approval_are_submitted_together(scene: Scene, server: RunsServer) -> None:
    """One call is done at once, the other when it is approved; both outputs go back in one request, to the same run."""
    await scene.start(**REMOTE)
    scene.provider.play(PARALLEL, DONE)
    answer = await asked(scene)
    assert server.submissions == []
    await scene.press("linus", answer, "Approve")
    done = await final(scene)
    assert done.words == "Let me see.\n\nIt is done."
    (submission,) = server.submissions
    assert [each["tool_call_id"] for each in submission.body["tool_outputs"]] == ["call_a", "call_b"]
    assert submission.body["tool_outputs"][0]["output"] == "1 soup on the way"
    assert [run.status for run in server.runs] == ["completed"]
    steps = scene.rows("remote_steps")
    assert [(step["kind"], step["status"], step["remote_run_id"]) for step in steps] == [
        (kind, "completed", server.runs[0].id) for kind in ("message_creation", "tool_calls", "message_creation")
    ]
    (usage,) = scene.rows("usage")
    assert (usage["input_tokens"], usage["provider"]) == (10, "default")
    (bookmark,) = scene.rows("bookmarks")
    assert server.runs[0].id in bookmark["state"]


async def test_conversation_stays_in_its_thread_until_it_is_reset(scene: Scene, server: RunsServer) -> None:
    """Only what is new is said there; after /reset another thread begins, which knows nothing of it."""
    await scene.start(**REMOTE)
    await scene.ask("linus", "general", "@bot hi")
    await scene.ask("grace", "general", "@bot and me?")
    hello = f"assistant: {Story().answer()}"
    assert said(server) == ["user: (from Linus) hi", hello, "user: (from Grace) and me?", hello]
    assert len(server.threads) == 1
    await scene.command("ada", "general", "reset")
    await scene.ask("linus", "general", "@bot hi again")
    assert said(server) == ["user: (from Linus) hi again", hello]


@pytest.mark.parametrize("limits", [{}, {"history_max_messages": 3}])
async def test_deleted_question_leaves_the_thread(scene: Scene, server: RunsServer, limits: dict[str, object]) -> None:
    """Also the oldest, and one that is too old to be sent: its thread is deleted, which age alone is no reason for."""
    await scene.start(**REMOTE, **limits)
    question = (await scene.ask("linus", "general", "@bot one?")).question_id
    await scene.ask("linus", "general", "@bot two?")
    await scene.ask("linus", "general", "@bot three?")
    ((old, thread),) = server.threads.items()
    assert (len(thread.messages), question is not None) == (6, True)
    await scene.sandbox.people.delete(scene.sandbox.users["grace"], scene.place("general"), question or 0)
    await scene.ask("linus", "general", "@bot four?")
    assert [*server.threads] != [old]
    assert not any("one?" in line for line in said(server))
    assert said(server)[-4:-1:2] == ["user: (from Linus) three?", "user: (from Linus) four?"]


@pytest.mark.parametrize("deletes", [True, False])
async def test_message_deleted_during_an_answer_leaves_the_thread(
    scene: Scene, server: RunsServer, deletes: bool
) -> None:
    """The outputs of its tools are told to a new run then, and the next question goes on in that thread."""
    await scene.start(**REMOTE)
    question = (await scene.ask("linus", "general", "@bot one?")).question_id or 0
    scene.provider.play(PARALLEL, DONE)
    await scene.say("linus", "general", "@bot please")
    await scene.until(lambda: any(row["waiting_since"] is not None for row in scene.rows("runs")))
    if deletes:
        await scene.sandbox.people.delete(scene.sandbox.users["grace"], scene.place("general"), question)
        await scene.until(lambda: any(row["hidden_at"] is not None for row in scene.rows("messages")))
    await scene.press("linus", scene.answers("general")[-1], "Approve")
    assert (await scene.answer_of("general", 2)).words == "Let me see.\n\nIt is done."
    await scene.ask("linus", "general", "@bot and?")
    assert [run.status for run in server.runs] == ["completed"] * (2 if deletes else 3)
    assert len(server.threads) == 1
    assert any("one?" in line for line in said(server)) is not deletes


async def test_stop_ends_the_remote_run(scene: Scene, server: RunsServer) -> None:
    """What was seen of it stays in the thread, which the next question goes on in."""
    await scene.start(**REMOTE)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    answer = await scene.answer_of("general", 1, final=False)
    await scene.press("linus", answer, "Stop")
    assert (await final(scene)).words == "First words"
    await server.wait_for(lambda: server.runs[0].status == "cancelled")
    assert (await scene.ask("linus", "general", "@bot and?")).text == Story().answer()
    assert len(server.threads) == 1


async def test_edited_question_is_asked_in_another_thread(scene: Scene, server: RunsServer) -> None:
    """The run of the old words is ended, and nothing of them is left at the provider."""
    await scene.start(**REMOTE)
    scene.provider.play(PAUSED)
    question = await scene.say("linus", "general", "@bot aples?")
    await scene.answer_of("general", 1, final=False)
    old = server.runs[0]
    scene.provider.play(Story(text="Apples it is."))
    text = f"{scene.mention} apples?"
    await scene.sandbox.people.edit(scene.sandbox.users["linus"], scene.place("general"), question, text)
    assert (await final(scene)).text == "Apples it is."
    assert old.status == "cancelled"
    assert len(server.threads) == 1
    assert said(server) == ["user: (from Linus) apples?", "assistant: Apples it is."]


async def test_answer_goes_on_after_a_restart(scene: Scene, server: RunsServer) -> None:
    """A bot that is stopped in the middle of an answer finds the run, and shows the rest of its words."""
    await scene.start(**REMOTE, shutdown_grace_seconds=0)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    await scene.stop()
    scene.provider.requests[0].released.set()
    await scene.start(**REMOTE)
    assert (await final(scene)).text == PAUSED.answer()
    assert len(server.runs) == 1
    (usage,) = scene.rows("usage")  # the provider's own count of the whole run, and nothing for its first part
    assert (usage["input_tokens"], usage["is_estimated"]) == (10, 0)


async def test_run_is_ended_when_its_answer_cannot_be_shown_any_more(scene: Scene, server: RunsServer) -> None:
    """Nobody is going to read the rest of it, so nobody pays for it."""
    await scene.start(**REMOTE)
    scene.provider.play(Story(token_count=100, tokens_per_second=20.0, is_endless=True))
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    scene.sandbox.faults.fail("PATCH", "/channels/*/messages/*", status=404, code=UNKNOWN_MESSAGE)
    await server.wait_for(lambda: server.runs[0].status == "cancelled")
    assert scene.run(1)["status"] == "failed"


async def test_killed_while_the_remote_run_requires_action(scene: Scene, server: RunsServer) -> None:
    """After kill -9 while a person is asked, their approval is submitted once, by the next process."""
    settings = scene.settings(**REMOTE, lease_seconds=3600)
    process = await bot_process(settings, "run")
    await scene.sandbox.bot_ready()
    scene.provider.play(PARALLEL, DONE)
    answer = await asked(scene)
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    await scene.start(**REMOTE)
    await scene.press("linus", answer, "Approve")
    assert (await final(scene)).words == "Let me see.\n\nIt is done."
    assert [each.body["tool_outputs"][0]["output"] for each in server.submissions] == ["1 soup on the way"]
    assert len(server.runs) == 1


async def test_bookmark_of_a_process_that_lost_its_run_is_not_kept(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever has the run now knows better where its remote run stands."""
    await scene.start(**REMOTE)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    await by_hand(scene, "UPDATE runs SET lease_owner = 'another', attempt = attempt + 1")
    await by_hand(scene, "UPDATE bookmarks SET state = '{}'")
    scene.provider.requests[0].released.set()
    await scene.until(took_note(caplog, "run 1 went to another process"))
    (bookmark,) = scene.rows("bookmarks")
    assert bookmark["state"] == "{}"


@pytest.mark.parametrize("arrives", [True, False])
async def test_killed_when_outputs_are_about_to_be_submitted(arrives: bool, scene: Scene, server: RunsServer) -> None:
    """Whether or not the request arrived, the next process gives the run its outputs once, and tells all it says."""
    settings = scene.settings(**REMOTE, lease_seconds=3600)
    process = await bot_process(settings, "run")
    await scene.sandbox.bot_ready()
    scene.provider.play(PARALLEL, DONE)

    def kill(request: RunsRequest) -> bool:
        is_it = request.path.endswith("/submit_tool_outputs") and process.returncode is None
        if is_it and len(server.submissions) == 1:
            process.kill()
            return not arrives
        return False

    server.loses = kill
    await scene.press("linus", await asked(scene), "Approve")
    assert await process.wait() == -signal.SIGKILL
    await scene.start(**REMOTE)
    assert (await final(scene)).words == "Let me see.\n\nIt is done."
    assert len(server.submissions) == (1 if arrives else 2)
    assert server.runs[0].outputs[0] == "1 soup on the way"
    assert len(server.runs[0].outputs) == 2  # one for each call
    assert len(server.runs) == 1
    assert [row["outcome"] for row in scene.rows("tool_calls")] == ["done", "done"]
