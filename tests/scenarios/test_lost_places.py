"""Places that the bot loses: their runs end, and what was said there is kept as long as the host says."""

from __future__ import annotations

from typing import Any

import pytest

from bot.runs.changes import GUILD_LEFT, PLACE_DELETED, THREAD_LEFT
from sandbox.semantics import ChannelType
from sandbox.stories import Story
from tests.scenarios.scene import Scene, sent

STREAMING = Story(token_count=50, tokens_per_second=50.0, is_endless=True)
PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)


async def begun(scene: Scene, channel: str | int, *, user: str = "ada", run_id: int = 1) -> None:
    """A question and an answer that goes on and on."""
    scene.provider.play(STREAMING)
    await scene.say(user, channel, "@bot hi")
    await scene.answer_of(channel, run_id, final=False)


async def left_alone(scene: Scene, channel: int, reason: str, *, run_id: int = 1) -> None:
    """The run has ended for this reason, its stream is closed, and no request to its channel follows."""
    await scene.provider.requests[run_id - 1].disconnected.wait()
    await scene.caught_up()
    before = len(scene.sandbox.requests)
    await scene.ask("grace", "playground", "@bot hi")
    await scene.stop()
    run = scene.run(run_id)
    assert (run["status"], run["failure"]) == ("cancelled", reason)
    assert run["delivered_at"] is not None
    assert [record for record in scene.sandbox.requests[before:] if record.channel_id == channel] == []


def closed(scene: Scene) -> dict[int, bool]:
    """Which places are lost, of those that were spoken in."""
    return {row["place_id"]: row["closed_at"] is not None for row in scene.rows("conversations")}


async def delete(scene: Scene, channel: int) -> None:
    """The owner deletes a channel or thread."""
    await scene.sandbox.people.delete_channel(scene.sandbox.users["ada"], channel)


async def test_deleted_channel_ends_its_answer(parley: Scene) -> None:
    """The answer under way is cancelled at once, and nobody who waits there is answered by a model."""
    general = parley.place("general")
    await begun(parley, general)
    await parley.say("grace", general, "@bot and me?")
    await parley.caught_up()
    await delete(parley, general)
    await left_alone(parley, general, PLACE_DELETED)
    assert closed(parley)[general]
    assert not closed(parley)[parley.place("playground")]
    assert len(parley.provider.requests) == 2


async def test_deleted_channel_takes_its_question_out_of_the_line(scene: Scene) -> None:
    """A question that waits its turn in a channel that is deleted costs nothing, and those behind it move up."""
    await scene.start(max_concurrent_runs=1)
    questions = scene.place("questions")
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot one?")
    await scene.answer_of("general", 1, final=False)
    await scene.say("grace", questions, "@bot two?")
    await scene.caught_up()
    await scene.say("grace", "playground", "@bot three?")
    await delete(scene, questions)
    await scene.caught_up()
    scene.provider.requests[0].released.set()
    await scene.answer_of("playground", 3)
    await scene.stop()
    assert [run["status"] for run in scene.rows("runs")] == ["completed", "cancelled", "completed"]
    assert scene.run(2)["failure"] == PLACE_DELETED
    assert [sent(performance)[-1] for performance in scene.provider.requests] == [
        "user: (from Linus) one?",
        "user: (from Grace) three?",
    ]


@pytest.mark.parametrize("loss", ["thread", "channel"])
async def test_deleted_thread_ends_its_answer(parley: Scene, loss: str) -> None:
    """A thread that is deleted, by itself or with the channel that it belongs to, ends its runs."""
    ada, questions = parley.sandbox.users["ada"], parley.place("questions")
    thread = await parley.sandbox.people.start_thread(ada, questions, "Proofs")
    await begun(parley, thread)
    await delete(parley, thread if loss == "thread" else questions)
    await left_alone(parley, thread, PLACE_DELETED)
    assert closed(parley)[thread]


async def test_private_thread_without_the_bot_is_lost(parley: Scene) -> None:
    """Who removes the bot from a private thread ends its answer there; added again, it goes on with what was said."""
    engine, ada = parley.sandbox.engine, parley.sandbox.users["ada"]
    thread = engine.create_thread(parley.place("questions"), "Quiet", ada, type=ChannelType.PRIVATE_THREAD).id
    engine.add_thread_member(thread, parley.sandbox.bot_id)
    await begun(parley, thread)
    engine.remove_thread_member(thread, parley.sandbox.bot_id)
    await parley.provider.requests[0].disconnected.wait()
    await parley.caught_up()
    assert (parley.run(1)["status"], parley.run(1)["failure"]) == ("cancelled", THREAD_LEFT)
    assert closed(parley)[thread]
    engine.add_thread_member(thread, parley.sandbox.bot_id)
    await parley.ask("ada", thread, "again")
    assert not closed(parley)[thread]


async def test_public_thread_without_the_bot_is_not_lost(parley: Scene) -> None:
    """In a public thread the bot needs no membership to go on."""
    ada, questions = parley.sandbox.users["ada"], parley.place("questions")
    thread = await parley.sandbox.people.start_thread(ada, questions, "Proofs")
    parley.provider.play(PAUSED)
    await parley.say("ada", thread, "@bot hi")
    await parley.answer_of(thread, 1, final=False)
    parley.sandbox.engine.add_thread_member(thread, parley.sandbox.bot_id)
    parley.sandbox.engine.remove_thread_member(thread, parley.sandbox.bot_id)
    await parley.caught_up()
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of(thread, 1)).text == PAUSED.answer()
    assert not closed(parley)[thread]


async def test_server_that_removes_the_bot_ends_its_answers(parley: Scene) -> None:
    """All that is being written there is cancelled; nothing is closed elsewhere."""
    guild = parley.sandbox.add_guild("elsewhere")
    elsewhere = parley.place("elsewhere")
    dm = await parley.sandbox.people.open_dm(parley.sandbox.users["linus"], parley.sandbox.bot_id)
    await begun(parley, elsewhere)
    await parley.ask("linus", dm, "hi")
    parley.sandbox.house.remove_bot(guild)
    await left_alone(parley, elsewhere, GUILD_LEFT)
    assert closed(parley) == {
        elsewhere: True,
        dm: False,
        parley.place("playground"): False,
        parley.place("moderators"): False,
    }


async def test_server_that_invites_the_bot_again_goes_on(parley: Scene) -> None:
    """What was said before the removal is still there, and is no longer going to be deleted."""
    guild = parley.sandbox.add_guild("elsewhere")
    await parley.ask("ada", "elsewhere", "@bot my secret is 42")
    for _ in ("while discord.py waits for more servers", "when it has them all"):
        await online_again(parley, guild, parley.place("elsewhere"))
    await parley.ask("ada", "elsewhere", "@bot what is it?")
    assert sent(parley.provider.requests[-1])[1] == "user: (from Ada) my secret is 42"


async def test_archived_thread_comes_back_with_its_server(parley: Scene) -> None:
    """Discord lists no archived threads to a bot that is invited again; what was said in one is kept all the same."""
    guild, ada = parley.sandbox.add_guild("elsewhere"), parley.sandbox.users["ada"]
    elsewhere = parley.place("elsewhere")
    thread = await parley.sandbox.people.start_thread(ada, elsewhere, "Proofs")
    deleted = await parley.sandbox.people.start_thread(ada, elsewhere, "Refuted")
    for channel in (thread, deleted, elsewhere):
        await parley.ask("ada", channel, "@bot hi")
    await delete(parley, deleted)
    await parley.caught_up()
    await parley.sandbox.people.archive_thread(ada, thread)
    await online_again(parley, guild, elsewhere)
    assert closed(parley) == {thread: False, deleted: True, elsewhere: False, parley.place("moderators"): False}


async def test_removal_and_invitation_are_noticed_at_the_next_start(parley: Scene) -> None:
    """Who removed the bot while it was off is lost, who invited it again is not; a deleted channel stays lost."""
    guild = parley.sandbox.add_guild("elsewhere")
    elsewhere, general, questions = (parley.place(name) for name in ("elsewhere", "general", "questions"))
    for channel in (elsewhere, general, questions):
        await parley.ask("ada", channel, "@bot hi")
    await delete(parley, questions)
    await online_again(parley, guild, elsewhere)
    await parley.stop()
    parley.sandbox.house.remove_bot(guild)
    await parley.start()
    await parley.until(lambda: closed(parley)[elsewhere])
    assert not closed(parley)[general]
    await parley.stop()
    parley.sandbox.house.invite_bot(guild)
    await parley.start()
    await parley.until(lambda: not closed(parley)[elsewhere])
    assert closed(parley)[questions]


async def test_channel_deleted_while_the_bot_was_off_is_lost(parley: Scene) -> None:
    """Nobody tells the next start of it, nor of its archived threads; a thread that is only archived is not lost."""
    ada, general, questions = (parley.sandbox.users["ada"], parley.place("general"), parley.place("questions"))
    thread = await parley.sandbox.people.start_thread(ada, questions, "Proofs")
    kept = await parley.sandbox.people.start_thread(ada, general, "Refutations")
    for channel in (questions, thread, general, kept):
        await parley.ask("ada", channel, "@bot hi")
    for each in (thread, kept):
        await parley.sandbox.people.archive_thread(ada, each)
    await parley.stop()
    for each in (thread, questions):
        await delete(parley, each)
    await parley.start()
    await parley.until(lambda: closed(parley)[questions] and closed(parley)[thread])
    assert not closed(parley)[general]
    assert not closed(parley)[kept]


async def online_again(parley: Scene, guild: int, channel: int) -> None:
    """A server removes the bot and invites it again."""
    parley.sandbox.house.remove_bot(guild)
    await parley.caught_up()
    assert closed(parley)[channel]
    parley.sandbox.house.invite_bot(guild)
    await parley.until(lambda: not closed(parley)[channel])


async def test_server_that_is_down_is_not_lost(parley: Scene) -> None:
    """An outage of Discord's takes a server away for a while: answers there go on as soon as they can."""
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    parley.sandbox.engine.emit("GUILD_DELETE", {"id": str(parley.sandbox.guild_id), "unavailable": True})
    await parley.caught_up()
    assert not closed(parley)[parley.place("general")]
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == PAUSED.answer()


async def test_words_of_a_lost_server_are_deleted_after_their_time(scene: Scene) -> None:
    """After the retention that the host set nothing is left of the server, and all of the others."""
    await scene.start()
    guild = scene.sandbox.add_guild("elsewhere")
    await scene.ask("ada", "elsewhere", "@bot hi")
    await scene.ask("linus", "general", "@bot hi")
    scene.sandbox.house.remove_bot(guild)
    await scene.caught_up()
    await scene.stop()
    await scene.start(retention_days_after_removal=1)
    await scene.caught_up()
    await scene.stop()
    assert places(scene) == {scene.place("elsewhere"), scene.place("general")}
    await scene.start(retention_days_after_removal=0)
    await scene.ask("linus", "general", "@bot still there?")
    assert sent(scene.provider.requests[-1])[1] == "user: (from Linus) hi"
    assert places(scene) == {scene.place("general")}
    assert {row["run_id"] for table in ("messages", "run_events", "usage") for row in scene.rows(table)} == {2, 3}


def places(scene: Scene) -> set[Any]:
    """Where runs were, of which anything is kept."""
    return {row["place_id"] for table in ("runs", "replies") for row in scene.rows(table)}
