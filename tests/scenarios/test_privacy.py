"""A person deletes their data, and nothing of theirs reaches a model again; others go on as before."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from datetime import timedelta

from bot.app import utc_now
from sandbox.interactions import InteractionOutcome
from sandbox.semantics import walk_components
from sandbox.stories import Story
from tests.scenarios.process import bot_process
from tests.scenarios.scene import WAIT_SECONDS, Scene, sent

SECRET = "swordfish"
HELLO = f"assistant: {Story().answer()}"
PAUSED = Story(pieces=("First words", " and the rest."), hang_at=5)
MANY = 20_000  # rows that take a moment to delete


async def delete_all(scene: Scene, user: str = "linus") -> None:
    """Somebody deletes what is stored about them, as far as the button."""
    shown = await scene.command(user, "playground", "privacy")
    for act in ("ask", "delete"):
        await press(scene, user, shown, act)


async def press(scene: Scene, user: str, shown: InteractionOutcome, act: str) -> None:
    """One of the panel's buttons."""
    user_id, place = scene.sandbox.users[user], scene.place("playground")

    def has_button() -> bool:
        seen = {int(each["id"]): each for each in scene.sandbox.messages(place, user_id)}
        buttons = walk_components(seen[shown.message_id or 0]["components"])
        return any(each.get("custom_id") == f"parley:privacy:{act}" for each in buttons)

    await scene.wait_for(has_button)
    await scene.sandbox.people.press(user_id, place, shown.message_id or 0, f"parley:privacy:{act}")


def is_deleted(scene: Scene) -> bool:
    """Whether every deletion that was asked for is over."""
    found = [row for row in scene.rows("jobs") if row["name"] == "deletion"]
    return bool(found) and all(row["ended_at"] and row["user_id"] is None for row in found)


async def test_deleted_words_are_in_no_later_request(parley: Scene) -> None:
    """Others' questions and all answers stay in the conversation; the person's words and quotations are gone."""
    said = await parley.say("linus", "general", SECRET)
    await parley.ask("linus", "general", f"@bot {SECRET}?")
    await parley.ask("grace", "general", "@bot and that?", reply_to=said)
    await delete_all(parley)
    await parley.until(lambda: is_deleted(parley))
    await parley.ask("grace", "general", "@bot now?")
    told = sent(parley.provider.requests[-1])[1:]
    assert told == [HELLO, "user: (from Grace) and that?", HELLO, "user: (from Grace) now?"]
    assert all(SECRET not in str(row) for table in ("messages", "runs") for row in parley.rows(table))


async def test_answer_in_the_making_is_stopped_and_what_waits_is_left(parley: Scene) -> None:
    """The stream is closed, and the question behind it is not answered any more."""
    parley.provider.play(Story(token_count=50, tokens_per_second=50.0, is_endless=True))
    await parley.say("linus", "general", f"@bot {SECRET}")
    await parley.answer_of("general", 1, final=False)
    await parley.say("linus", "general", f"@bot more {SECRET}")
    await delete_all(parley)
    await parley.provider.requests[0].disconnected.wait()
    await parley.until(lambda: is_deleted(parley))
    assert parley.run(1)["status"] == "cancelled"
    await parley.ask("grace", "general", "@bot hi")
    assert len(parley.provider.requests) == 2
    assert all(SECRET not in line for line in sent(parley.provider.requests[-1]))


async def test_opting_out_ends_what_is_being_answered(parley: Scene) -> None:
    """The stream is closed at once; what was written stays where it stands."""
    parley.provider.play(Story(token_count=50, tokens_per_second=50.0, is_endless=True))
    await parley.say("linus", "general", f"@bot {SECRET}")
    await parley.answer_of("general", 1, final=False)
    await press(parley, "linus", await parley.command("linus", "playground", "privacy"), "out")
    await parley.provider.requests[0].disconnected.wait()
    await parley.until(lambda: parley.run(1)["status"] == "cancelled")
    assert [row["user_id"] for row in parley.rows("opt_outs")] == [parley.sandbox.users["linus"]]
    await parley.caught_up()  # the panel has still to be shown anew


async def test_direct_messages_are_deleted_whole(parley: Scene) -> None:
    """Nothing is left but what the answer cost; the next message begins a new conversation."""
    channel = await parley.sandbox.people.open_dm(parley.sandbox.users["linus"], parley.sandbox.bot_id)
    await parley.ask("linus", channel, SECRET)
    await delete_all(parley)
    await parley.until(lambda: is_deleted(parley))
    assert (parley.rows("messages"), parley.rows("replies"), parley.rows("run_events")) == ([], [], [])
    (run,) = parley.rows("runs")
    assert (run["asker_id"], run["place_id"], run["text"]) == (0, 0, "")
    assert len(parley.rows("usage")) == 1
    await parley.ask("linus", channel, "hello again")
    assert sent(parley.provider.requests[-1])[1:] == ["user: (from Linus) hello again"]


async def test_thread_at_the_provider_is_deleted(scene: Scene) -> None:
    """A provider that keeps the conversation is told to delete it, and begins anew without the person's words."""
    await scene.start(provider_api="assistants")
    await scene.ask("linus", "general", f"@bot {SECRET}")
    (old,) = scene.provider.runs.threads
    await delete_all(scene)
    await scene.until(lambda: is_deleted(scene))
    assert old not in scene.provider.runs.threads
    await scene.ask("grace", "general", "@bot hi")
    (thread,) = scene.provider.runs.threads.values()
    assert all(SECRET not in str(message.content) for message in thread.messages)


async def test_answer_to_others_is_written_to_its_end_in_its_thread(scene: Scene) -> None:
    """What a provider writes for somebody else just then is not cut off; its thread is deleted afterwards."""
    await scene.start(provider_api="assistants")
    await scene.ask("linus", "general", f"@bot {SECRET}")
    (old,) = scene.provider.runs.threads
    scene.provider.play(PAUSED)
    await scene.say("grace", "general", "@bot hi")
    await scene.answer_of("general", 2, final=False)
    await delete_all(scene)
    await scene.until(lambda: any(row["name"] == "deletion" for row in scene.rows("jobs")))
    await scene.caught_up()
    await scene.caught_up()
    assert old in scene.provider.runs.threads
    scene.provider.requests[-1].released.set()
    assert (await scene.answer_of("general", 2)).text == PAUSED.answer()
    await scene.until(lambda: is_deleted(scene))
    assert old not in scene.provider.runs.threads


async def test_panel_tells_what_was_too_old(scene: Scene) -> None:
    """After the days of the place its words are gone, and people read when that was and how much it was."""
    await scene.start(retention_days=30)
    await scene.ask("linus", "general", f"@bot {SECRET}")
    await scene.stop()
    scene.clock = lambda: utc_now() + timedelta(days=31)
    await scene.start(retention_days=30)
    await scene.until(lambda: scene.rows("messages") == [])
    await scene.until(lambda: all(row["ended_at"] for row in scene.rows("jobs")))
    shown = await scene.command("linus", "playground", "privacy")

    def text() -> str | None:
        seen = scene.sandbox.messages(scene.place("playground"), scene.sandbox.users["linus"])
        found = [each for each in seen if int(each["id"]) == shown.message_id]
        return str([each.get("content") for each in walk_components(found[0]["components"])]) if found else None

    told = await scene.wait_for(text)
    assert "What is said is deleted after **30 days**. Last looked after <t:" in told
    assert "; 2 messages from here deleted last <t:" in told
    assert "Nothing is stored about you." in told


async def test_deletion_goes_on_after_a_kill(scene: Scene) -> None:
    """A bot that is killed in the middle finishes it after its next start, and nobody has to ask again."""
    await scene.start()
    await scene.ask("linus", "general", f"@bot {SECRET}")
    await scene.stop()
    await asyncio.to_thread(talk_for_long, scene)
    process = await bot_process(scene.settings(), "run")
    await delete_when_up(scene)
    async with asyncio.timeout(WAIT_SECONDS):
        while await asyncio.to_thread(words_left, scene) >= MANY:  # nothing that is heard of tells of it
            pass
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert 0 < words_left(scene) < MANY
    await scene.start()
    await scene.until(lambda: is_deleted(scene))
    assert words_left(scene) == 0


async def delete_when_up(scene: Scene) -> None:
    """Linus asks for it as soon as the bot hears him."""
    count = scene.sandbox.gateway.ready_count
    await scene.wait_for(lambda: scene.sandbox.gateway.ready_count > count)
    await delete_all(scene)


def talk_for_long(scene: Scene) -> None:
    """Linus has said very much in the channel."""
    with contextlib.closing(sqlite3.connect(scene.database_file)) as connection, connection:
        row = "(conversation_id, epoch, role, author_id, author_name, text, run_id, tokens, created_at)"
        values = (scene.sandbox.users["linus"], SECRET)
        connection.executemany(
            f"INSERT INTO messages {row} VALUES (1, 0, 'user', ?, 'Linus', ?, 1, 1, 0)",  # noqa: S608
            [values] * MANY,
        )


def words_left(scene: Scene) -> int:
    """How many messages of Linus's there are."""
    with contextlib.closing(sqlite3.connect(f"file:{scene.database_file}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM messages WHERE text != '' AND role = 'user'").fetchone()
    return int(count)
