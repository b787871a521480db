"""Telling Discord of the slash commands: only when it has others, and without keeping anybody waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.provider import ScriptedProvider
from sandbox.wire import Payload
from sandbox.world import Sandbox
from tests.scenarios.scene import Scene


def known(scene: Scene) -> dict[str, Payload]:
    """Discord's copy, by name."""
    return {command["name"]: command for command in scene.sandbox.engine.commands[None].values()}


async def started_again(scene: Scene) -> None:
    """Stop and start the bot, and wait until it has seen what Discord has."""
    await scene.stop()
    await scene.start()
    await scene.ask("linus", "general", "@bot hi")  # what comes of the comparison has come by then


async def test_second_start_tells_nothing(scene: Scene) -> None:
    """Discord is asked what it has; that is what we want, in all languages, with all restrictions."""
    await scene.start()
    assert (scene.syncs("GET"), scene.syncs("PUT")) == ([200], [200])
    await started_again(scene)
    assert (scene.syncs("GET"), scene.syncs("PUT"), scene.syncs("POST")) == ([200, 200], [200], [])


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("ask", "description", "Asks"),
        ("ask", "default_member_permissions", "8"),
        ("runs", "default_member_permissions", None),
        ("ask", "contexts", [0]),
        ("ask", "name_localizations", {"zh-CN": "问"}),
        ("ask", "options", []),
    ],
)
async def test_each_change_is_told_at_once(scene: Scene, name: str, field: str, value: object) -> None:
    """Whatever differs in Discord's copy, all commands are replaced in one request and keep their ids."""
    await scene.start()
    before = {each: dict(command) for each, command in known(scene).items()}
    known(scene)[name][field] = value
    await started_again(scene)
    assert (scene.syncs("PUT"), scene.syncs("POST")) == ([200, 200], [])
    assert known(scene) == before


async def test_commands_that_are_gone_at_discord_come_back(scene: Scene) -> None:
    """Nothing is remembered of what Discord was told: somebody may have deleted it there."""
    await scene.start()
    scene.sandbox.engine.commands[None].clear()
    await started_again(scene)
    assert {"ask", "help"} <= known(scene).keys()


async def test_rate_limit_is_waited_out_while_the_bot_answers(scene: Scene) -> None:
    """A 429 keeps nobody from an answer; the commands are there when it is over."""
    scene.sandbox.faults.refuse("PUT", "/applications/*/commands", 1.0)
    await scene.begin()
    await scene.ask("linus", "general", "@bot hi")
    await scene.wait_for(lambda: scene.syncs("PUT") == [429, 200])
    assert "ask" in known(scene)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_outage_is_waited_out_while_the_bot_answers(
    scene: Scene, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    """What may pass is tried again by itself, and the host reads so."""
    scene.sandbox.faults.fail(method, "/applications/*/commands", 503)
    await scene.begin()
    await scene.ask("linus", "general", "@bot hi")
    await scene.wait_for(lambda: scene.syncs("PUT")[-1:] == [200])
    assert "Discord cannot be told of commands (503); next attempt in 1 s." in caplog.text


async def test_refused_commands_are_the_hosts_to_correct(
    sandbox: Sandbox, provider: ScriptedProvider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What Discord will never take is not told again and again; the bot answers all the same."""
    sandbox.faults.fail("PUT", "/applications/*/commands", 400, code=50035)
    async with Scene(sandbox, provider, tmp_path) as scene:
        await scene.begin()
        await scene.wait_for(lambda: scene.syncs("PUT"))
        await scene.ask("linus", "general", "@bot hi")
    assert "Discord does not take the commands of all servers" in caplog.text
    assert scene.syncs("PUT") == [400]
