"""What the sandbox's page is told of the bot's tool calls, out of the bot's own database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.call_log import read_calls
from sandbox.provider import ScriptedProvider
from sandbox.stories import ScriptedCall, Story
from sandbox.world import Sandbox
from tests.scenarios.scene import Scene

ROLL = ScriptedCall(name="roll", arguments=('{"sides": 6}',))
ASKS = Story(tool_calls=(ROLL,), finish_reason="tool_calls")


async def next_calls(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """The calls of the next frame that has any."""
    while True:
        frame = json.loads((await socket.receive(timeout=10)).data)
        if frame["type"] == "calls" and frame["data"]:
            return list(frame["data"])


async def test_page_is_told_of_calls_as_they_are_made(tmp_path: Path, provider: ScriptedProvider) -> None:
    """A call is shown with its place and arguments, then with what came of it; only to those who see its channel."""
    async with (
        Sandbox.open(bot_database=tmp_path / "parley.db") as sandbox,
        Scene(sandbox, provider, tmp_path) as scene,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{sandbox.address}/sandbox/live?user={sandbox.users['grace']}") as grace,
    ):
        await scene.start()
        provider.play(ASKS, Story(text="Done."))
        await scene.ask("grace", "moderators", "@bot roll")
        while (shown := await next_calls(grace))[0]["output"] is None:
            continue
        [call] = shown
        assert (call["name"], call["arguments"], call["outcome"]) == ("roll", '{"sides": 6}', "done")
        assert call["channel_id"] == str(sandbox.channels["moderators"])
        assert call["output"].startswith("1d6: ")
        assert call["ended_at"] >= call["started_at"]
        async with session.ws_connect(f"{sandbox.address}/sandbox/live?user={sandbox.users['linus']}") as linus:
            frames = [json.loads((await linus.receive(timeout=10)).data) for _ in range(3)]
            assert [frame["data"] for frame in frames if frame["type"] == "calls"] == [[]]


def test_database_without_calls_is_no_error(tmp_path: Path) -> None:
    """Before the bot has made its database, or its tables, there are no calls; and none of both is made here."""
    assert read_calls(tmp_path / "none.db") == []
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    assert read_calls(tmp_path / "empty.db") == []
