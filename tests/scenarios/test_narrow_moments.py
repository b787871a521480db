"""Two things that meet in the same moment of a run, each of which alone would do no harm."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import Connection, Engine, event

from bot.app import assembled
from bot.endpoints import point_discord_at
from sandbox.faults import Fault
from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent
from tests.scenarios.test_tools import ASKS

PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)
LONG = Story(token_count=1100)


async def by_hand(scene: Scene, statement: str) -> None:
    """Let another program change the database."""

    def change() -> None:
        with closing(sqlite3.connect(scene.database_file)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement)

    await asyncio.to_thread(change)  # what the bot is writing goes first


async def refuse(scene: Scene, name: str, change: str) -> None:
    """Let the database refuse a change from now on, until the trigger of this name is dropped."""
    await by_hand(scene, f"CREATE TRIGGER {name} BEFORE {change} BEGIN SELECT RAISE(ABORT, 'not now'); END")


def took_note(caplog: pytest.LogCaptureFixture, sentence: str) -> Callable[[], bool]:
    """Whether an error in the host's log begins like this; the scene then takes the log as expected."""

    def look() -> bool:
        was_said = any(record.getMessage().startswith(sentence) for record in caplog.records)
        if was_said:
            caplog.clear()
        return was_said

    return look


async def begun(scene: Scene, story: Story = PAUSED) -> Answer:
    """An answer to Linus that stands still after its first words."""
    scene.provider.play(story)
    await scene.say("linus", "general", "@bot hi")
    return await scene.answer_of("general", 1, final=False)


def own_texts(scene: Scene) -> list[str]:
    """What the bot has in #general."""
    seen = scene.sandbox.messages(scene.place("general"))
    return [message["content"] for message in seen if message["author"].get("bot")]


async def test_run_that_another_hand_has_ended_is_not_asked_again(parley: Scene) -> None:
    """What ended a run may have left it to its owner: he shows it as it ended, and asks the model no second time."""
    await begun(parley)
    await by_hand(parley, "UPDATE runs SET status = 'completed', ended_at = 1, text = 'Ended elsewhere.'")
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == "Ended elsewhere."
    await parley.until(lambda: parley.run(1)["delivered_at"])
    assert len(parley.provider.requests) == 1


async def test_database_that_fails_when_tools_are_taken_up_is_waited_for(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """After a restart in the middle of a step the database refuses for a while: the answer goes on afterwards."""
    await refuse(scene, "refused", "UPDATE OF output ON tool_calls")
    await scene.start(shutdown_grace_seconds=0)
    scene.provider.play(ASKS, Story(text="It is done."))
    await scene.say("linus", "general", "@bot roll and tell the time")
    await scene.until(took_note(caplog, "run 1 waits for the database"))
    await scene.stop()
    assert scene.run(1)["status"] == "requires_action"
    caplog.clear()
    await scene.start()
    await scene.until(took_note(caplog, "run 1 waits for the database"))
    await by_hand(scene, "DROP TRIGGER refused")
    assert (await scene.answer_of("general", 1)).words == "Let me look.\n\nIt is done."
    caplog.clear()


async def test_interrupt_that_comes_with_the_commit_of_a_step_doubles_nothing(scene: Scene) -> None:
    """The calls are written down and the run is interrupted before it hears of it: text and tokens count once."""
    settings, steps = scene.settings(), list[object]()
    point_discord_at(scene.sandbox.api_base_url, scene.sandbox.gateway_url)
    async with assembled(settings) as parley, parley.client, asyncio.TaskGroup() as tasks:

        def look_for_step(connection: Connection, _: object, statement: str, *___: object) -> None:
            if statement.startswith("INSERT INTO tool_calls"):
                steps.append(connection)

        def interrupt(connection: Connection) -> None:
            if connection in steps:
                steps.remove(connection)
                parley.worker.interrupt(1)

        event.listen(Engine, "before_cursor_execute", look_for_step)
        event.listen(Engine, "commit", interrupt)
        try:
            bot = [
                tasks.create_task(work)
                for work in (parley.work(), parley.client.stay_connected(settings.discord_token.get_secret_value()))
            ]
            await scene.sandbox.bot_ready()
            scene.provider.play(ASKS)
            await scene.ask("linus", "general", "@bot roll and tell the time")
            for task in bot:
                task.cancel()
        finally:
            event.remove(Engine, "before_cursor_execute", look_for_step)
            event.remove(Engine, "commit", interrupt)
    assert scene.causes(1) == ["enqueued", "claimed", "tool_calls", "deadline"]
    assert [row["text"] for row in scene.rows("messages") if row["role"] == "assistant"] == ["Let me look."]
    assert scene.run(1)["text"] == "Let me look."
    assert [row["input_tokens"] for row in scene.rows("usage")] == [10]


async def test_answer_that_is_given_again_keeps_its_pages_while_the_old_one_is_cleared_away(parley: Scene) -> None:
    """Regenerate is pressed while pages that were left over still wait for their deletion: no new page is deleted."""
    parley.provider.play(LONG, Story(text="Short."), LONG)
    old = await parley.ask("linus", "general", "@bot all")
    parley.sandbox.faults.fail("DELETE", "/channels/*/messages/*", 503, times=None)
    await parley.press("linus", old, "Regenerate")
    await parley.wait_for(lambda: own_texts(parley)[0] == "Short.")
    await parley.wait_for(lambda: any(record.status == 503 for record in parley.sandbox.requests))
    people, linus = parley.sandbox.people, parley.sandbox.users["linus"]
    await people.press(linus, old.channel_id, old.ids[0], "parley:regenerate:2")
    await parley.caught_up()
    parley.sandbox.faults.clear()
    await parley.wait_for(
        lambda: [record.status for record in parley.sandbox.requests if record.method == "DELETE"].count(204) == 2
    )
    await parley.wait_for(lambda: " ".join(own_texts(parley)).split() == LONG.answer().split())
    await parley.stop()
    assert [row["status"] for row in parley.rows("runs")] == ["completed"] * 3


async def test_answer_that_would_begin_anew_while_the_bot_stops_is_handed_back(scene: Scene) -> None:
    """Its question was edited, through another process, as the bot is told to stop: it does not ask the model again."""
    await scene.start(shutdown_grace_seconds=0)
    await begun(scene)
    await by_hand(scene, "UPDATE runs SET attempt = attempt + 1, text = ''")
    await scene.stop()
    run = scene.run(1)
    assert (run["status"], run["lease_owner"]) == ("queued", None)
    assert scene.causes(1)[-1] == "handed_back"


async def test_question_that_is_edited_right_after_its_claim_is_asked_once(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """The edit comes before the model was asked, when there is no stream to interrupt: only its new words are sent."""
    await refuse(scene, "refused", "INSERT ON replies")
    await scene.start()
    question = await scene.say("linus", "general", "@bot hi")
    await scene.until(took_note(caplog, "run 1 waits for the database"))
    await scene.sandbox.people.edit(scene.sandbox.users["linus"], scene.place("general"), question, "Good day!")
    await scene.until(lambda: "question_edited" in scene.causes(1))
    await by_hand(scene, "DROP TRIGGER refused")
    assert (await scene.answer_of("general", 1)).text == "Hello from the scripted model."
    assert [sent(request)[1:] for request in scene.provider.requests] == [["user: (from Linus) Good day!"]]
    caplog.clear()


async def test_text_that_could_not_be_kept_is_kept_later(parley: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The database refuses what there is of an answer, then not any more: it is kept though no word has come since."""
    await refuse(parley, "refused", "UPDATE OF text ON runs WHEN NEW.status = OLD.status")
    await begun(parley)
    await parley.until(took_note(caplog, "answers under way could not be kept"))
    await by_hand(parley, "DROP TRIGGER refused")
    await parley.until(lambda: parley.run(1)["text"] == "First ")
    caplog.clear()


@pytest.mark.parametrize("is_found_at_once", [True, False])
async def test_page_that_is_looked_for_uses_up_no_post(parley: Scene, *, is_found_at_once: bool) -> None:
    """Five posts of which nothing was heard are looked for in the channel: the next answer need not wait for them."""
    for _ in range(5):
        parley.sandbox.faults.cut("POST", "/channels/*/messages", applied=True)
        if not is_found_at_once:
            parley.sandbox.faults.fail("GET", "/channels/*/messages", 503)
        await parley.ask("linus", "general", "@bot hi")
    assert (await parley.ask("linus", "general", "@bot and?")).text == "Hello from the scripted model."


async def test_answer_outlives_the_token_of_the_bot(parley: Scene) -> None:
    """A token that Discord does not take for a while loses no answer: it is shown with one that is taken."""
    begin = await begun(parley)
    refused = parley.sandbox.faults.add(
        Fault(action="status", method="PATCH", path="/channels/*/messages/*", status=401, times=2)
    )
    parley.provider.requests[0].released.set()
    answer = await parley.answer_of("general", 1)
    assert (answer.text, answer.ids) == (PAUSED.answer(), begin.ids)
    assert refused.times == 0
