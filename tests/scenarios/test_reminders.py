"""Reminders reach people at their time, or late, and once, whatever happens to the bot, to Discord and to the place."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.app import utc_now
from bot.reminding import CLOSED, LEFT
from sandbox.journal import RequestRecord
from sandbox.semantics import ChannelType, Overwrite, OverwriteType, permission_bits
from sandbox.stories import ScriptedCall, Story
from sandbox.wire import Payload
from tests.scenarios.process import bot_process
from tests.scenarios.scene import Scene, sent

POST = ("POST", "/channels/*/messages")
LATE = "I could not write earlier."


class Clock:
    """The machine's clock, which can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock(scene: Scene) -> Clock:
    """The clock by which the scene's bot goes."""
    scene.clock = turned = Clock()
    return turned


def told(scene: Scene, channel_id: int) -> list[Payload]:
    """The reminders in a channel."""
    return [message for message in scene.sandbox.messages(channel_id) if message["content"].startswith("⏰")]


def direct(scene: Scene, user: str = "linus") -> int:
    """The id of a person's direct messages with the bot."""
    return scene.sandbox.engine.get_dm_channel(scene.sandbox.users[user]).id


async def asked(scene: Scene, when: str = "in 20 minutes", what: str = "Tea", channel: str = "general") -> None:
    """Linus asks for a reminder, and it is stored."""
    before = len(scene.rows("reminders"))
    await scene.command("linus", channel, "remind", when=when, what=what)
    await scene.wait_for(lambda: len(scene.rows("reminders")) > before)


async def comes(scene: Scene, channel: str | int = "general") -> Payload:
    """The one reminder in a channel, once it is there and noted."""
    place = scene.place(channel)
    await scene.wait_for(lambda: told(scene, place) or None)
    await scene.until(lambda: all(row["sent_at"] for row in scene.rows("reminders")))
    (message,) = told(scene, place)
    return message


async def test_reminder_comes_at_its_time_and_pings_who_asked(parley: Scene) -> None:
    """In the place where it was asked for, and nobody else is pinged."""
    await asked(parley, "in 1 second", f"Tea with <@{parley.sandbox.users['grace']}>, @everyone")
    assert told(parley, parley.place("general")) == []
    message = await comes(parley)
    linus = str(parley.sandbox.users["linus"])
    assert message["content"].startswith(f"⏰ <@{linus}> Tea with ")
    assert LATE not in message["content"]
    assert [user["id"] for user in message["mentions"]] == [linus]
    assert not message["mention_everyone"]


async def test_reminder_comes_when_the_clock_is_set(scene: Scene, clock: Clock) -> None:
    """A machine that sleeps, or whose clock is set forward, does not wait for the time that it had left."""
    await scene.start()
    await asked(scene, "in 1 second", channel="playground")
    await comes(scene, "playground")
    await asked(scene)
    await scene.caught_up()
    assert told(scene, scene.place("general")) == []
    clock.ahead += timedelta(minutes=20)
    await comes(scene)


async def test_reminder_that_was_due_while_the_bot_was_away_comes_late(scene: Scene, clock: Clock) -> None:
    """It is stored: after a restart it comes once, and says since when it was due."""
    await scene.start()
    await asked(scene)
    await scene.stop()
    clock.ahead += timedelta(hours=3)
    await scene.start()
    message = await comes(scene)
    due_at = scene.rows("reminders")[0]["due_at"] / 1000
    assert f"It was due <t:{due_at:.0f}:R>; {LATE}" in message["content"]
    await scene.stop()
    await scene.start()
    await asked(scene, "in 1 second", channel="playground")
    await comes(scene, "playground")
    assert len(told(scene, scene.place("general"))) == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda scene: scene.sandbox.faults.fail(*POST, 503, times=2),
        lambda scene: scene.sandbox.faults.cut(*POST, applied=False),
        lambda scene: scene.sandbox.faults.cut(*POST, applied=True),
    ],
    ids=["unavailable", "cut", "answer_lost"],
)
async def test_reminder_that_discord_does_not_take_is_tried_again(
    scene: Scene, clock: Clock, harm: Callable[[Scene], object]
) -> None:
    """Once Discord is there again the reminder is, and only once though its first answer was lost."""
    await scene.start()
    await asked(scene)
    await scene.stop()
    harm(scene)
    clock.ahead += timedelta(minutes=20)
    await scene.start()
    await comes(scene)
    assert [row["failure"] for row in scene.rows("reminders")] == [None]


async def killed_at_post(scene: Scene) -> None:
    """A bot posts a reminder and is killed before it hears that it did."""
    process = await bot_process(scene.settings(), "run")

    def kill(record: RequestRecord) -> None:
        if process.returncode is None and record.method == "POST" and record.route == "/channels/{channel_id}/messages":
            process.kill()

    await scene.sandbox.bot_ready()
    scene.sandbox.requests.listen(kill)
    await asked(scene, "in 1 second")
    async with asyncio.timeout(15):
        assert await process.wait() == -signal.SIGKILL
    assert len(told(scene, scene.place("general"))) == 1
    assert scene.rows("reminders")[0]["sent_at"] is None


async def test_reminder_is_told_once_by_a_bot_that_is_killed_after_the_post(scene: Scene) -> None:
    """The next process posts with the same nonce, and Discord makes no second message of it."""
    await killed_at_post(scene)
    await scene.start()
    await comes(scene)
    assert [record.repeated for record in scene.sandbox.requests if record.nonce] == [False, True]


async def test_reminder_is_told_once_when_its_nonce_is_forgotten(scene: Scene, clock: Clock) -> None:
    """After some minutes Discord does not know the nonce any more: the message is found in the channel."""
    await killed_at_post(scene)
    scene.sandbox.faults.forgets_nonces = True
    clock.ahead += timedelta(minutes=10)
    await scene.start()
    await comes(scene)
    assert [record.repeated for record in scene.sandbox.requests if record.nonce] == [False]


def delete_channel(scene: Scene) -> None:
    """The place is no more."""
    scene.sandbox.engine.delete_channel(scene.place("general"))


def silence(scene: Scene) -> None:
    """Linus may not write there any more, so nothing is written for him."""
    deny = permission_bits("send_messages")
    overwrite = Overwrite(target_id=scene.sandbox.users["linus"], type=OverwriteType.MEMBER, deny=deny)
    scene.sandbox.engine.set_overwrite(scene.place("general"), overwrite)


def shut_out(scene: Scene) -> None:
    """The bot may not write there any more."""
    deny = permission_bits("send_messages")
    overwrite = Overwrite(target_id=scene.sandbox.bot_id, type=OverwriteType.MEMBER, deny=deny)
    scene.sandbox.engine.set_overwrite(scene.place("general"), overwrite)


async def test_reminder_that_was_asked_for_in_a_direct_message_comes_there(parley: Scene) -> None:
    """There nobody else reads it, and no other place is meant."""
    there = direct(parley)
    await parley.command("linus", there, "remind", when="in 1 second", what="Tea")
    await parley.wait_for(lambda: parley.rows("reminders") or None)
    message = await comes(parley, there)
    assert "where you asked" not in message["content"]


@pytest.mark.parametrize("loss", [delete_channel, silence, shut_out])
async def test_reminder_whose_place_is_closed_comes_as_a_direct_message(
    scene: Scene, clock: Clock, loss: Callable[[Scene], None]
) -> None:
    """Who asked in a place that is gone, or where they or the bot may not write, is told elsewhere."""
    await scene.start()
    await asked(scene)
    await scene.stop()
    loss(scene)
    clock.ahead += timedelta(minutes=20)
    await scene.start()
    message = await comes(scene, direct(scene))
    assert message["content"].endswith("I cannot write to you where you asked for this.")


def leave(scene: Scene, thread_id: int) -> None:
    """Linus is let out of the thread."""
    scene.sandbox.engine.remove_thread_member(thread_id, scene.sandbox.users["linus"])


def lock(scene: Scene, thread_id: int) -> None:
    """Moderators alone may write in the thread from now on."""
    scene.sandbox.engine.edit_channel(thread_id, {}, thread_metadata={"locked": True})


@pytest.mark.parametrize("loss", [leave, lock])
async def test_reminder_goes_into_no_thread_that_is_closed_to_its_person(
    scene: Scene, clock: Clock, loss: Callable[[Scene, int], None]
) -> None:
    """Nobody leaves words with the bot for a thread that they could not write in by then."""
    await scene.start()
    engine, linus = scene.sandbox.engine, scene.sandbox.users["linus"]
    thread = engine.create_thread(scene.place("general"), "quiet", linus, type=ChannelType.PRIVATE_THREAD)
    for user_id in (scene.sandbox.bot_id, linus):
        engine.add_thread_member(thread.id, user_id)
    await scene.command("linus", thread.id, "remind", when="in 20 minutes", what="Tea")
    await scene.wait_for(lambda: scene.rows("reminders") or None)
    loss(scene, thread.id)
    clock.ahead += timedelta(minutes=20)
    await comes(scene, direct(scene))
    assert told(scene, thread.id) == []


async def test_reminder_of_a_server_without_the_bot_comes_as_a_direct_message(scene: Scene, clock: Clock) -> None:
    """Whoever removed the bot meanwhile, the person had asked it."""
    await scene.start()
    await asked(scene)
    await scene.stop()
    scene.sandbox.house.remove_bot(scene.sandbox.guild_id)
    clock.ahead += timedelta(minutes=20)
    await scene.start()
    await scene.wait_for(lambda: told(scene, direct(scene)) or None)


async def test_reminder_that_is_cancelled_while_discord_is_away_does_not_come(scene: Scene, clock: Clock) -> None:
    """Each attempt begins with what is stored then."""
    await scene.start()
    await asked(scene, "in 1 hour", "Coffee", "playground")
    await asked(scene)
    await scene.stop()
    fault = scene.sandbox.faults.fail(*POST, 503, times=None)
    clock.ahead += timedelta(minutes=20)
    await scene.start()
    await scene.wait_for(lambda: any(record.status == 503 for record in scene.sandbox.requests))
    await scene.command("linus", "general", "reminders")
    (board,) = [
        m for m in scene.sandbox.messages(scene.place("general"), scene.sandbox.users["linus"]) if m["components"]
    ]
    assert [line.split("> ")[1] for line in board["content"].splitlines()] == ["Tea", "Coffee"]
    first = board["components"][0]["components"][0]["custom_id"]
    await scene.sandbox.people.press(scene.sandbox.users["linus"], scene.place("general"), int(board["id"]), first)
    await scene.until(lambda: len(scene.rows("reminders")) == 1)
    scene.sandbox.faults.remove(fault.number)
    clock.ahead += timedelta(hours=1)
    assert "Coffee" in (await comes(scene, "playground"))["content"]
    assert told(scene, scene.place("general")) == []


async def test_reminder_that_reaches_nobody_is_marked(scene: Scene, clock: Clock) -> None:
    """Without the place and without direct messages there is nobody to tell, and it is not tried for ever."""
    await scene.start()
    await asked(scene)
    await scene.stop()
    scene.sandbox.faults.fail(*POST, 403, times=None, code=50007)
    clock.ahead += timedelta(minutes=20)
    await scene.start()
    await scene.until(lambda: scene.rows("reminders")[0]["sent_at"])
    assert scene.rows("reminders")[0]["failure"] == CLOSED


async def test_who_has_left_is_not_pinged(scene: Scene, clock: Clock) -> None:
    """A person who is in the server no more is told nothing, there or elsewhere."""
    await scene.start()
    await asked(scene)
    await scene.stop()
    scene.sandbox.engine.remove_member(scene.sandbox.guild_id, scene.sandbox.users["linus"])
    clock.ahead += timedelta(minutes=20)
    await scene.start()
    await scene.until(lambda: scene.rows("reminders")[0]["sent_at"])
    assert scene.rows("reminders")[0]["failure"] == LEFT
    assert [told(scene, place) for place in (scene.place("general"), direct(scene))] == [[], []]


async def test_model_makes_a_reminder_once(parley: Scene) -> None:
    """The function gives what the command gives; a call that is carried out again after a crash makes no second one."""
    call = ScriptedCall(name="remind", arguments=('{"when": "in 1 hour", "what": "Tea"}',))
    parley.provider.play(Story(tool_calls=(call,), finish_reason="tool_calls"), Story(text="I will."))
    assert (await parley.ask("linus", "general", "@bot remind me of tea")).text.startswith("I will.")
    (row,) = parley.rows("reminders")
    assert (row["user_id"], row["channel_id"]) == (parley.sandbox.users["linus"], parley.place("general"))
    assert row["call_id"] == parley.rows("tool_calls")[0]["id"]
    assert f"<t:{row['due_at'] // 1000}:F>" in sent(parley.provider.requests[-1])[-1]


async def test_model_knows_the_reminders_of_who_asks_in_this_channel(parley: Scene) -> None:
    """What a person asked for elsewhere is nobody's business here, and neither are others' reminders."""
    await asked(parley, "in 2 hours", "Coffee")
    await asked(parley, "in 4 hours", "Surprise party", "playground")
    await parley.command("linus", direct(parley), "remind", when="in 3 hours", what="Secret")
    await parley.command("grace", "general", "remind", when="in 1 hour", what="Lunch")
    await parley.wait_for(lambda: len(parley.rows("reminders")) == 4)
    call = ScriptedCall(name="list_reminders")
    parley.provider.play(Story(tool_calls=(call,), finish_reason="tool_calls"), Story(text="Coffee."))
    await parley.ask("linus", "general", "@bot what did I ask for?")
    due_at = parley.rows("reminders")[0]["due_at"] // 1000
    assert sent(parley.provider.requests[-1])[-1] == f"tool: <t:{due_at}:f> Coffee"
