"""A model calls a tool that a moderator registered: over sockets, to a real endpoint on loopback."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator

import pytest
from cryptography.fernet import Fernet

from sandbox.stories import ScriptedCall, Story
from tests.scenarios.scene import Scene
from tests.tools.endpoint import Asked, Endpoint, endpoint, reply

SECRET = "correct-horse-battery"
CALL = ScriptedCall(name="weather", arguments=('{"city": "Bern"}',), id="call_a", index=0)
ASKS = Story(tool_calls=(CALL,), finish_reason="tool_calls")
SUNNY = reply(body=b'{"text": "Sunny."}', content_type="application/json")


class Weather:
    """What the endpoint does: it answers, unless it is told to keep silent for the first time."""

    def __init__(self) -> None:
        self.is_silent_at_first = False
        self.silence_ends = asyncio.Event()

    async def answer(self, _: Asked, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        if self.is_silent_at_first:
            self.is_silent_at_first = False
            await self.silence_ends.wait()
        writer.write(SUNNY)


@pytest.fixture
def weather() -> Weather:
    """An endpoint's manners."""
    return Weather()


@pytest.fixture
async def running(weather: Weather) -> AsyncIterator[Endpoint]:
    """The endpoint."""
    async with endpoint(weather.answer) as started:
        yield started


async def start(scene: Scene, running: Endpoint, key: str) -> None:
    """The bot, whose host opens the loopback address: only a test does that."""
    await scene.start(tool_unsafe_addresses=running.address, secrets_key=key, shutdown_grace_seconds=0)


async def register(scene: Scene, method: str, running: Endpoint) -> None:
    """Ada adds the tool."""
    form = await scene.command("ada", "general", "tools add", approval=False)
    fields = {
        "name": "weather",
        "description": "Tell the weather",
        "parameters": "city: string",
        "endpoint": f"{method} {running.url}",
        "secret": SECRET,
    }
    await scene.sandbox.people.submit(scene.sandbox.users["ada"], form.interaction_id, fields)
    await scene.wait_for(lambda: any("### `/weather`" in said for said in scene.whispers("ada", "general")))


async def test_model_calls_a_registered_tool(scene: Scene, running: Endpoint) -> None:
    """It is told of the function; the endpoint can prove who calls, for whom and in which run; its words go back."""
    await start(scene, running, Fernet.generate_key().decode())
    await register(scene, "POST", running)
    scene.provider.play(ASKS, Story(text="Go out!"))
    answer = await scene.ask("linus", "general", "@bot how is the weather?")
    assert answer.words == "Go out!"
    first, second = (request.body for request in scene.provider.requests)
    assert "weather" in json.dumps(first["tools"])
    assert second["messages"][-1]["content"] == "Sunny."  # type: ignore[index]  # JSON
    (asked,) = running.asked
    body = json.loads(asked.body)
    assert body["arguments"] == {"city": "Bern"}
    assert body["caller"] == {
        "user_id": str(scene.sandbox.users["linus"]),
        "guild_id": str(scene.sandbox.guild_id),
        "channel_id": str(scene.place("general")),
        "run_id": 1,
    }
    assert body["idempotency_key"] == asked.headers["idempotency-key"]
    signed = asked.headers["x-parley-timestamp"].encode() + b"." + asked.body
    assert asked.headers["x-parley-signature"] == f"v1={hmac.digest(SECRET.encode(), signed, 'sha256').hex()}"
    (noted,) = scene.rows("http_tool_calls")
    assert (noted["run_id"], noted["status"], noted["outcome"]) == (1, 200, "done")


async def test_call_that_is_made_again_carries_the_same_key(scene: Scene, running: Endpoint, weather: Weather) -> None:
    """A bot that stops in the middle of a call makes it again if that does no harm, and the endpoint can tell."""
    weather.is_silent_at_first = True
    key = Fernet.generate_key().decode()
    await start(scene, running, key)
    await register(scene, "GET", running)
    scene.provider.play(ASKS, Story(text="Go out!"))
    await scene.say("linus", "general", "@bot how is the weather?")
    await running.arrived.wait()
    await scene.stop()
    await start(scene, running, key)
    answer = await scene.answer_of("general", 1)
    assert answer.words == "Go out!"
    first, second = running.asked
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert [row["outcome"] for row in scene.rows("http_tool_calls")] == ["unknown", "done"]
    weather.silence_ends.set()


async def test_tool_works_only_in_its_own_server(scene: Scene, running: Endpoint) -> None:
    """Another server's model is not told of it and cannot call it."""
    await start(scene, running, Fernet.generate_key().decode())
    await register(scene, "GET", running)
    scene.provider.play(ASKS, Story(text="I cannot know."))
    dm = await scene.sandbox.people.open_dm(scene.sandbox.users["linus"], scene.sandbox.bot_id)
    await scene.ask("linus", dm, "how is the weather?")
    assert "weather" not in json.dumps(scene.provider.requests[0].body["tools"])
    (call,) = scene.rows("tool_calls")
    assert call["output"].startswith("There is no tool named weather.")
    assert running.asked == []
