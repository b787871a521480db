"""What becomes of messages when the gateway stumbles: each is answered once, when it is there again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from bot.__main__ import expected_errors
from bot.connection import IDENTIFY_PAUSE_SECONDS
from bot.errors import ConfigurationError, StartupError
from bot.listening.hearing import GREETING
from sandbox.gateway import Gateway
from sandbox.provider import ScriptedProvider
from sandbox.world import Sandbox
from tests.scenarios.scene import Scene

HELLO = "Hello from the scripted model."
RECONNECT, INVALID_SESSION = 7, 9  # opcodes

# After which Discord's documentation says to connect again, and those of the websocket itself.
PASSING = (1000, 1001, 1006, 1011, 1012, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009)

LOSSES: dict[str, Callable[[Gateway], None]] = {
    "1000": partial(Gateway.drop, code=1000, resumable=False),
    "1006": partial(Gateway.drop, code=1006, resumable=False),
    "4007": partial(Gateway.drop, code=4007, resumable=False),
    "4009": partial(Gateway.drop, code=4009, resumable=False),
    "invalid_session": partial(Gateway.tell, operation=INVALID_SESSION, data=False),
}


def questions(scene: Scene) -> list[str]:
    """What people said that was stored, in order."""
    return [row["text"] for row in scene.rows("messages") if row["role"] == "user"]


async def test_session_is_resumed_after_every_code_that_passes(parley: Scene) -> None:
    """Whatever code the gateway closes with, the session goes on, and what was said meanwhile is answered once."""
    channels = cycle(("general", "questions", "playground"))  # Discord's limits are per channel
    for number, code in enumerate(PASSING, start=1):
        parley.sandbox.gateway.drop(code)
        assert (await parley.ask("linus", next(channels), f"@bot {code}")).text == HELLO
        assert parley.sandbox.gateway.resumed_count == number
    assert questions(parley) == [str(code) for code in PASSING]
    assert parley.sandbox.gateway.ready_count == 1


@pytest.mark.parametrize("operation", [RECONNECT, INVALID_SESSION])
async def test_session_is_resumed_when_discord_asks_for_it(parley: Scene, operation: int) -> None:
    """Opcode 7 and a resumable opcode 9 cost nothing."""
    parley.sandbox.gateway.tell(operation, True)
    assert (await parley.ask("linus", "general", "@bot hello?")).text == HELLO
    await parley.wait_for(lambda: parley.sandbox.gateway.resumed_count == 1)
    assert (await parley.ask("linus", "general", "@bot still there?")).text == HELLO
    assert questions(parley) == ["hello?", "still there?"]


@pytest.mark.parametrize("name", LOSSES)
async def test_lost_session_is_made_up_for(parley: Scene, name: str) -> None:
    """A new session replays nothing, so the bot reads what was said while it had none, and greets nobody twice."""
    await parley.ask("linus", "general", "@bot hi")
    await parley.say("grace", "general", "@bot")
    await parley.wait_for(lambda: GREETING in parley.writes("general"))
    LOSSES[name](parley.sandbox.gateway)
    await parley.wait_for(lambda: parley.sandbox.gateway.connected == 0)
    await parley.say("edsger", "general", "psst")
    assert (await parley.ask("linus", "general", "@bot missed?")).text == HELLO
    assert (await parley.ask("linus", "playground", "@bot heard?")).text == HELLO
    assert parley.sandbox.gateway.ready_count == 2
    assert questions(parley) == ["hi", "missed?", "heard?"]
    said = [message["content"] for message in parley.sandbox.messages(parley.place("general"))]
    assert said.count(GREETING) == 1


async def test_message_of_the_new_session_does_not_hide_what_was_missed(parley: Scene) -> None:
    """What comes right after READY is newer than what was missed, and is no proof that nothing was."""
    parley.sandbox.gateway.drop(resumable=False)
    missed = await parley.say("linus", "general", "@bot missed?")
    await parley.wait_for(lambda: parley.sandbox.gateway.ready_count == 2)
    await parley.ask("linus", "playground", "@bot heard?")
    await parley.wait_for(lambda: missed in [found.question_id for found in parley.answers("general")])
    assert sorted(questions(parley)) == ["heard?", "missed?"]


async def test_two_sessions_lost_in_a_row_lose_nothing(parley: Scene) -> None:
    """A session that is lost before its places were read leaves them to the next one, which begins when it may."""
    parley.sandbox.gateway.drop(resumable=False)
    missed = await parley.say("linus", "general", "@bot missed?")
    await parley.wait_for(lambda: parley.sandbox.gateway.ready_count == 2)
    parley.sandbox.gateway.drop(resumable=False)
    missed_too = await parley.say("linus", "playground", "@bot missed too?")
    await parley.wait_for(lambda: missed in [found.question_id for found in parley.answers("general")])
    await parley.wait_for(lambda: missed_too in [found.question_id for found in parley.answers("playground")])
    assert sorted(questions(parley)) == ["missed too?", "missed?"]
    first, second, third = parley.sandbox.gateway.identified_at
    assert min(second - first, third - second) > IDENTIFY_PAUSE_SECONDS - 0.1


async def test_outage_of_a_server_is_made_up_for(parley: Scene) -> None:
    """While Discord calls a server unavailable it tells nothing of it; the rest is answered, and that afterwards."""
    await parley.ask("linus", "general", "@bot hi")
    direct = await parley.sandbox.people.open_dm(parley.sandbox.users["ada"], parley.sandbox.bot_id)
    await parley.stop()
    missed = await parley.say("linus", "general", "@bot missed?")
    await parley.start()
    await parley.wait_for(lambda: missed in [found.question_id for found in parley.answers("general")])
    server = {"id": str(parley.sandbox.guild_id)}
    parley.sandbox.engine.emit("GUILD_DELETE", {**server, "unavailable": True})
    parley.sandbox.faults.gateway.lose["MESSAGE_CREATE"] = 1
    lost = await parley.say("linus", "general", "@bot lost?")
    await parley.ask("ada", direct, "heard?")
    assert questions(parley) == ["hi", "missed?", "heard?"]
    parley.sandbox.engine.emit("GUILD_CREATE", server)
    await parley.wait_for(lambda: lost in [found.question_id for found in parley.answers("general")])
    assert questions(parley) == ["hi", "missed?", "heard?", "lost?"]


async def test_zombie_connection_is_left(scene: Scene) -> None:
    """When heartbeats stay unanswered and nothing else comes, the connection is given up and the session resumed."""
    scene.sandbox.faults.gateway.heartbeat_interval_ms = 100
    await scene.start(discord_silence_timeout_seconds=6)
    scene.sandbox.faults.gateway.acknowledges_heartbeats = False
    await scene.wait_for(lambda: scene.sandbox.gateway.resumed_count > 0)
    scene.sandbox.faults.gateway.acknowledges_heartbeats = True
    assert (await scene.ask("linus", "general", "@bot awake?")).text == HELLO
    assert questions(scene) == ["awake?"]


async def test_session_without_a_welcome_is_left(scene: Scene) -> None:
    """Without READY no server is known: nothing is taken for a direct message, and all is answered afterwards."""
    await scene.start()
    await scene.ask("linus", "general", "@bot hi")
    await scene.stop()
    scene.sandbox.faults.gateway.heartbeat_interval_ms = 300  # it is not silent, it only never begins
    scene.sandbox.faults.gateway.swallow_ready = 1
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(scene.start(discord_silence_timeout_seconds=6))
        await scene.sandbox.wait_for(lambda: scene.sandbox.gateway.connected == 1)
        await scene.say("edsger", "general", "psst")
        assert (await scene.ask("linus", "general", "@bot hello?")).text == HELLO
    assert questions(scene) == ["hi", "hello?"]
    assert [row["guild_id"] for row in scene.rows("conversations")] == [scene.sandbox.guild_id]


async def test_messages_out_of_order_and_twice_are_answered_once(parley: Scene) -> None:
    """Two questions that overtake each other are both answered, and each only once."""
    faults = parley.sandbox.faults.gateway
    faults.hold_back["MESSAGE_CREATE"] = 1
    first = await parley.say("linus", "general", "@bot one")
    faults.duplicate["MESSAGE_CREATE"] = 1
    assert (await parley.ask("grace", "playground", "@bot two")).text == HELLO
    await parley.wait_for(lambda: first in [found.question_id for found in parley.answers("general")])
    assert sorted(questions(parley)) == ["one", "two"]
    assert len(parley.rows("runs")) == 2


async def test_event_that_discord_py_cannot_read_does_not_end_the_bot(
    parley: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """discord.py 2.7.1 ends with the error of its parser; the bot connects anew and makes up for what it missed."""
    parley.sandbox.engine.emit("MESSAGE_CREATE", {"id": "1", "channel_id": str(parley.place("general"))})
    assert (await parley.ask("linus", "general", "@bot still there?")).text == HELLO
    assert questions(parley) == ["still there?"]
    assert "discord.py failed at an event: KeyError" in caplog.text


@pytest.mark.parametrize(
    ("code", "error_type", "words"),
    [
        (4004, ConfigurationError, "DISCORD_TOKEN"),
        (4013, StartupError, "4013"),
        (4014, StartupError, "Message Content Intent"),
    ],
)
async def test_code_that_ends_for_good_is_a_sentence(
    sandbox: Sandbox, provider: ScriptedProvider, tmp_path: Path, code: int, error_type: type[Exception], words: str
) -> None:
    """Where trying again cannot help, the bot stops and says what the host has to do."""
    scene = Scene(sandbox, provider, tmp_path)
    await scene.start()
    sandbox.gateway.drop(code)
    with pytest.raises(ExceptionGroup) as caught:
        await scene.wait_for(lambda: None)
    (error,) = expected_errors(caught.value)
    assert isinstance(error, error_type)
    assert words in str(error)
