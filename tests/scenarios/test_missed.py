"""What was said while the bot was away: answered once after its return, if it was for the bot and is not too old."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from bot.listening.hearing import GREETING
from sandbox.journal import RequestRecord
from sandbox.limits import Limits
from sandbox.semantics import Overwrite, OverwriteType, permission_bits
from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, Where, sent

HELLO = "Hello from the scripted model."
HOUR_SECONDS = 3600


async def answered(scene: Scene, channel: Where, question_id: int) -> Answer:
    """The whole answer to a question that was asked earlier."""
    return await scene.wait_for(
        lambda: next(
            (found for found in scene.answers(channel) if found.question_id == question_id and found.is_final), None
        )
    )


def reads(scene: Scene, since: int = 0) -> list[RequestRecord]:
    """The bot's requests for a channel's history."""
    requests = scene.sandbox.requests[since:]
    return [
        record for record in requests if (record.method, record.route) == ("GET", "/channels/{channel_id}/messages")
    ]


@contextlib.contextmanager
def ago(scene: Scene, seconds: int) -> Iterator[None]:
    """What is said in this block was said so long ago, by the times in its ids."""
    scene.sandbox.engine.age_seconds = seconds
    yield
    scene.sandbox.engine.age_seconds = 0


def forget_the_mark(scene: Scene) -> None:
    """Let the bot believe that it heard nothing since Discord began."""
    with contextlib.closing(sqlite3.connect(scene.database_file)) as connection, connection:
        connection.execute("UPDATE shards SET last_message_id = 0")


def at_first_look_at_an_author(scene: Scene, happen: Callable[[], object]) -> None:
    """Let something happen when the bot first asks for a member; Discord tells of it before it answers."""
    todo, path = [happen], f"/guilds/{scene.sandbox.guild_id}/members/*"
    scene.sandbox.faults.delay("GET", path, 0.5, times=1)
    scene.sandbox.faults.listen(lambda _, asked: todo.pop()() if todo and fnmatchcase(asked, path) else None)


def questions(scene: Scene) -> list[str]:
    """What people said that was stored, in order."""
    return [row["text"] for row in scene.rows("messages") if row["role"] == "user"]


async def used(scene: Scene, *channels: Where) -> None:
    """A bot that has been spoken to in these channels and is stopped now."""
    await scene.start()
    for channel in channels:
        await scene.ask("linus", channel, "@bot hi")
    await scene.stop()


async def test_what_was_addressed_while_the_bot_was_away_is_answered(scene: Scene) -> None:
    """In several places, by mention and by reply, each once; what people said among each other is not."""
    await used(scene, "general", "questions")
    (earlier,) = scene.answers("general")
    await scene.say("edsger", "general", "psst, among people")
    mention = await scene.say("linus", "general", "@bot one")
    reply = await scene.say("grace", "questions", "two", reply_to=scene.answers("questions")[0].ids[0])
    other = await scene.say("edsger", "general", "psst", reply_to=mention)
    await scene.start()
    assert (await answered(scene, "general", mention)).text == HELLO
    assert (await answered(scene, "questions", reply)).text == HELLO
    await scene.stop()
    assert [found.question_id for found in scene.answers("general")] == [earlier.question_id, mention]
    assert questions(scene) == ["hi", "hi", "one", "two"] or questions(scene) == ["hi", "hi", "two", "one"]
    assert other not in [row["discord_id"] for row in scene.rows("messages")]


async def test_questions_of_one_place_are_answered_in_their_order(scene: Scene) -> None:
    """Whoever waited longest comes first, and the model sees them in the order in which they were asked."""
    await used(scene, "general")
    first = await scene.say("linus", "general", "@bot one")
    await scene.say("grace", "general", "@bot two")
    last = await scene.say("ada", "general", "@bot three")
    await scene.start()
    await answered(scene, "general", last)
    assert questions(scene) == ["hi", "one", "two", "three"]
    assert scene.rows("runs")[1]["question_id"] == first
    assert all(row["run_id"] for row in scene.rows("messages"))


async def test_direct_message_and_thread_are_read(scene: Scene) -> None:
    """Where no mention is needed, none is needed after the bot's return either."""
    await scene.start()
    people, ada = scene.sandbox.people, scene.sandbox.users["ada"]
    direct = await people.open_dm(ada, scene.sandbox.bot_id)
    thread = await people.start_thread(ada, scene.sandbox.channels["questions"], "Proofs")
    await scene.ask("ada", direct, "hi")
    await scene.ask("ada", thread, "@bot hi")
    await scene.stop()
    asked = [await scene.say("ada", direct, "in private"), await scene.say("linus", thread, "in the thread")]
    await scene.start()
    for channel, question_id in zip((direct, thread), asked, strict=True):
        assert (await answered(scene, channel, question_id)).text == HELLO
    assert {row["place_id"] for row in scene.rows("conversations")} == {direct, thread}


async def test_first_mention_in_a_channel_never_used_is_answered(scene: Scene) -> None:
    """Discord says which channels have something new, so a stranger who calls the bot there is heard too."""
    await used(scene, "general")
    question = await scene.say("linus", "playground", "@bot anybody?")
    await scene.start()
    assert (await answered(scene, "playground", question)).text == HELLO


async def test_busy_channels_do_not_hide_a_quiet_one(scene: Scene) -> None:
    """Hundreds of channels in which people talked later are no reason to leave the one with a question unread."""
    scene.sandbox.limits = Limits(global_per_second=1000)
    await used(scene, "general")
    question = await scene.say("linus", "playground", "@bot anybody?")
    for number in range(201):
        channel = scene.sandbox.engine.create_channel(scene.sandbox.guild_id, f"busy-{number}")
        await scene.say("edsger", channel.id, "psst, among people")
    await scene.start()
    assert (await answered(scene, "playground", question)).text == HELLO


async def test_author_has_the_name_that_the_server_gives(scene: Scene) -> None:
    """A channel's history tells no nicknames, so the model would read another name than while the bot listens."""
    await used(scene, "general")
    scene.sandbox.engine.get_member(scene.sandbox.guild_id, scene.sandbox.users["linus"]).nick = "Penguin"
    question = await scene.say("linus", "general", "@bot who am I?")
    await scene.start()
    await answered(scene, "general", question)
    assert sent(scene.provider.requests[-1])[-1] == "user: (from Penguin) who am I?"


async def test_author_of_many_messages_is_looked_up_once(scene: Scene) -> None:
    """The name that a server gives holds for all that somebody said in a place."""
    await used(scene, "general")
    for text in ("@bot one", "@bot two", "@bot three"):
        last = await scene.say("linus", "general", text)
    before = len(scene.sandbox.requests)
    await scene.start()
    await answered(scene, "general", last)
    asked = [record.route for record in scene.sandbox.requests[before:] if "/members/" in record.route]
    assert asked == ["/guilds/{guild_id}/members/{user_id}"]


async def test_question_deleted_while_it_is_read_is_not_answered(scene: Scene) -> None:
    """Its author takes it back between the reading of the channel and the look at who asked."""
    await used(scene, "general")
    first = await scene.say("linus", "general", "@bot one")
    last = await scene.say("grace", "general", "@bot two")
    general = scene.place("general")
    at_first_look_at_an_author(scene, lambda: scene.sandbox.engine.delete_message(general, first))
    await scene.start()
    await answered(scene, "general", last)
    assert questions(scene) == ["hi", "two"]


async def test_question_edited_while_it_is_read_is_answered_as_it_is_now(scene: Scene) -> None:
    """Its author words it anew between the reading of the channel and the look at who asked."""
    await used(scene, "general")
    question = await scene.say("linus", "general", "@bot one")
    general, words = scene.place("general"), f"{scene.mention} two"
    edit = {"content": words}
    at_first_look_at_an_author(scene, lambda: scene.sandbox.engine.edit_message(general, question, edit))
    await scene.start()
    await answered(scene, "general", question)
    assert sent(scene.provider.requests[-1])[-1] == "user: (from Linus) two"
    assert questions(scene) == ["hi", "two"]


async def test_question_that_is_too_old_gets_no_late_surprise(scene: Scene) -> None:
    """The host's limit is an hour unless set otherwise; what is younger is answered."""
    await used(scene, "general")
    forget_the_mark(scene)
    with ago(scene, 2 * HOUR_SECONDS):
        await scene.say("linus", "general", "@bot too old")
    with ago(scene, HOUR_SECONDS // 2):
        question = await scene.say("linus", "general", "@bot half an hour old")
    await scene.start()
    await answered(scene, "general", question)
    await scene.stop()
    assert questions(scene) == ["hi", "half an hour old"]


async def test_restart_in_the_outage_of_a_server_loses_nothing(scene: Scene) -> None:
    """What is heard elsewhere is no proof that nothing was said in the server that Discord is silent about."""
    with ago(scene, 120):
        await used(scene, "general")
    forget_the_mark(scene)
    before = len(scene.sandbox.requests)
    await scene.start()
    await scene.wait_for(lambda: reads(scene, before) or None)
    with ago(scene, 90):
        await scene.caught_up()
    direct = await scene.sandbox.people.open_dm(scene.sandbox.users["ada"], scene.sandbox.bot_id)
    scene.sandbox.engine.emit("GUILD_DELETE", {"id": str(scene.sandbox.guild_id), "unavailable": True})
    scene.sandbox.faults.gateway.lose["MESSAGE_CREATE"] = 1
    with ago(scene, 60):
        lost = await scene.say("linus", "general", "@bot lost?")
    await scene.ask("ada", direct, "heard?")
    await scene.stop()
    await scene.start()
    assert (await answered(scene, "general", lost)).text == HELLO


async def test_host_may_want_nothing_made_up_for(scene: Scene) -> None:
    """With an age of zero the bot reads no channel, and answers what comes from now on."""
    await used(scene, "general")
    await scene.say("linus", "general", "@bot missed")
    before = len(scene.sandbox.requests)
    await scene.start(missed_messages_max_age_seconds=0)
    await scene.wait_for(lambda: scene.sandbox.gateway.ready_count == 2)
    await scene.ask("linus", "playground", "@bot hi")
    await scene.stop()
    assert reads(scene, before) == []
    assert "missed" not in questions(scene)


async def test_very_first_start_reads_nothing(scene: Scene) -> None:
    """A bot that is new in a server does not answer what was said there before it came; its next start does."""
    with ago(scene, 60):
        await scene.say("linus", "general", "@bot before your time")
    await scene.start()
    assert reads(scene) == []
    await scene.stop()
    question = await scene.say("linus", "playground", "@bot now?")
    await scene.start()
    await answered(scene, "playground", question)
    await scene.stop()
    assert questions(scene) == ["now?"]


async def test_restart_without_anything_missed_reads_next_to_nothing(scene: Scene) -> None:
    """Channels in which nothing was said since are not read, direct messages with one request each."""
    with ago(scene, 60):
        await scene.start()
        direct = await scene.sandbox.people.open_dm(scene.sandbox.users["ada"], scene.sandbox.bot_id)
        await scene.ask("ada", direct, "hi")
        for channel in ("questions", "playground"):
            await scene.ask("linus", channel, "@bot hi")
    await scene.ask("linus", "general", "@bot hi")
    await scene.stop()
    before = len(scene.sandbox.requests)
    await scene.start()
    await scene.wait_for(lambda: len(reads(scene, before)) >= 2)
    await scene.stop()
    assert [record.channel_id for record in reads(scene, before)] == [scene.place("general"), direct]
    assert len(scene.rows("runs")) == 4


async def test_restart_doubles_nothing(scene: Scene) -> None:
    """What was answered, greeted or told an error shortly before a stop is read once more and changes nothing."""
    await scene.start()
    await scene.say("linus", "general", "@bot")
    await scene.wait_for(lambda: GREETING in scene.writes("general"))
    await scene.ask("linus", "general", "@bot hi")
    await scene.stop()
    forget_the_mark(scene)
    before = len(scene.sandbox.requests)
    await scene.start()
    await scene.wait_for(lambda: reads(scene, before) or None)
    question = await scene.say("linus", "general", "@bot and now?")
    await answered(scene, "general", question)
    assert scene.writes("general", "POST").count(GREETING) == 1
    assert questions(scene) == ["hi", "and now?"]
    assert len(scene.rows("runs")) == 2


async def test_answer_that_the_database_lost_is_not_given_twice(scene: Scene) -> None:
    """After a power loss, or from an old backup, the channel itself tells that a question has its answer."""
    await used(scene, "general")
    with contextlib.closing(sqlite3.connect(scene.database_file)) as connection, connection:
        for table in ("run_events", "replies", "usage", "messages", "runs"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    forget_the_mark(scene)
    before = len(scene.sandbox.requests)
    await scene.start()
    await scene.wait_for(lambda: reads(scene, before) or None)
    await scene.ask("linus", "general", "@bot and now?")
    assert questions(scene) == ["and now?"]


async def test_message_heard_twice_is_greeted_once(parley: Scene) -> None:
    """A replayed event of a mention that says nothing does not bring a second greeting."""
    parley.sandbox.faults.gateway.duplicate["MESSAGE_CREATE"] = 1
    await parley.say("linus", "general", "@bot")
    await parley.wait_for(lambda: len(parley.writes("general", "POST")) == 2)
    said = [message["content"] for message in parley.sandbox.messages(parley.place("general"))]
    assert said.count(GREETING) == 1


async def test_place_that_cannot_be_read_does_not_hold_up_the_others(scene: Scene) -> None:
    """A 403 is left alone; after a 503 or a cut the place is read again, and the bot goes on meanwhile."""
    await used(scene, "general", "questions", "playground")
    for channel in ("general", "questions", "playground"):
        await scene.say("linus", channel, "@bot missed")
    paths = {channel: f"/channels/{scene.place(channel)}/messages" for channel in ("general", "questions")}
    scene.sandbox.faults.fail("GET", paths["general"], 403, code=50001)
    scene.sandbox.faults.fail("GET", paths["questions"], 503)
    scene.sandbox.faults.cut("GET", paths["questions"], applied=False, times=2)
    await scene.start()
    await scene.wait_for(lambda: len(scene.answers("playground")) == 2)
    await scene.wait_for(lambda: len(scene.answers("questions")) == 2 and scene.answers("questions")[1].is_final)
    await scene.stop()
    assert len([record for record in reads(scene) if record.channel_id == scene.place("general")]) == 1
    assert len(scene.answers("general")) == 1


async def test_message_that_discord_py_cannot_read_does_not_end_the_bot(scene: Scene) -> None:
    """It stays in its channel, so a bot that ended with it would end at each start; the other places are read."""
    await used(scene, "general", "playground")
    broken = await scene.say("linus", "general", "@bot broken")
    scene.sandbox.engine.messages[scene.place("general")][broken].attachments = [{}]
    question = await scene.say("linus", "playground", "@bot missed")
    await scene.start()
    await answered(scene, "playground", question)
    await scene.ask("linus", "general", "@bot and now?")


async def test_channel_that_the_bot_may_not_read_is_not_asked_for(scene: Scene) -> None:
    """Without Read Message History there is no request that Discord would refuse."""
    await used(scene, "general", "playground")
    denied = permission_bits("read_message_history")
    overwrite = Overwrite(target_id=scene.sandbox.bot_id, type=OverwriteType.MEMBER, deny=denied)
    scene.sandbox.engine.set_overwrite(scene.place("general"), overwrite)
    await scene.say("linus", "general", "@bot missed")
    question = await scene.say("linus", "playground", "@bot missed too")
    before = len(scene.sandbox.requests)
    await scene.start()
    await answered(scene, "playground", question)
    assert scene.place("general") not in [record.channel_id for record in reads(scene, before)]


async def test_live_message_does_not_wait_for_the_reading(scene: Scene) -> None:
    """While one place is slow to read, a question elsewhere is answered at once."""
    await used(scene, "general")
    missed = await scene.say("linus", "general", "@bot missed")
    scene.sandbox.faults.hang("GET", "/channels/*/messages")
    await scene.start()
    while scene.sandbox.faults.to_json():  # until the reading has begun
        await scene.ask("linus", "playground", "@bot hi")
    await scene.ask("linus", "playground", "@bot hi")
    assert missed not in [found.question_id for found in scene.answers("general")]
    await scene.stop()
    await scene.start()
    await answered(scene, "general", missed)


async def test_run_that_expired_while_nobody_worked_is_carried_out(scene: Scene) -> None:
    """A question that was stored before an outage and is not too old is answered after it."""
    await scene.start(shutdown_grace_seconds=0, run_timeout_seconds=600)
    scene.provider.play(Story(pieces=("First words", " cut off."), hang_at=1))
    question = await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    await scene.stop()
    with contextlib.closing(sqlite3.connect(scene.database_file)) as connection, connection:
        connection.execute("UPDATE runs SET expires_at = 0")
    await scene.start()
    assert (await answered(scene, "general", question)).text.endswith(HELLO)
    assert scene.run(1)["status"] == "completed"
