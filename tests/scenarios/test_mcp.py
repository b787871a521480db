"""MCP servers with the whole bot: the model calls their tools, and they end with the bot, however it ends."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from typing import Any

import pytest

from sandbox.semantics import AppCommandType
from sandbox.stories import ScriptedCall, Story
from tests.scenarios.process import bot_process
from tests.scenarios.scene import Scene
from tests.tools.mcp_bench import children_of, is_alive, tools_file, until

ADD = ScriptedCall(name="shop_add", arguments=('{"a": 20, ', '"b": 22}'), id="call_a", index=0)
LOST = ScriptedCall(name="shop_die", arguments=("{}",), id="call_a", index=0)


@pytest.fixture
async def shop(scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Scene:
    """The bot with a server of which nothing needs approval."""
    caplog.set_level(logging.INFO, "bot.mcp")
    file = tools_file(tmp_path, "tests.tools.mcp_server", "stdio", more='approval = "never"\nslash = true')
    await scene.start(tools_file=str(file))
    await scene.until(lambda: "The MCP server shop is up" in caplog.text)
    return scene


async def test_model_calls_a_tool_of_a_server(shop: Scene) -> None:
    """The provider is told of the tool, and the server's answer goes back to it."""
    shop.provider.play(Story(tool_calls=(ADD,), finish_reason="tool_calls"), Story(text="It is 42."))
    assert (await shop.ask("linus", "general", "@bot add 20 and 22")).words == "It is 42."
    bodies: list[Any] = [request.body for request in shop.provider.requests]
    first, second = bodies
    (told,) = [tool["function"] for tool in first["tools"] if tool["function"]["name"] == "shop_add"]
    assert told["description"] == "Add two numbers."
    assert set(told["parameters"]["properties"]) == {"a", "b"}
    assert second["messages"][-1]["content"] == "42"
    (call,) = shop.rows("tool_calls")
    assert (call["name"], call["output"]) == ("shop_add", "42")


async def test_answer_goes_on_when_a_server_dies_in_a_call(shop: Scene) -> None:
    """The model is told in a sentence, and the person gets an answer."""
    shop.provider.play(Story(tool_calls=(LOST,), finish_reason="tool_calls"), Story(text="It broke."))
    assert (await shop.ask("linus", "general", "@bot break it")).words == "It broke."
    (call,) = shop.rows("tool_calls")
    assert call["output"] == "The server shop went away in the middle of this. Nobody knows whether it was done."


async def shown(scene: Scene, name: str, **options: object) -> str:
    """What everybody reads after Linus used a command."""
    outcome = await scene.command("linus", "general", name, **options)

    def look() -> str | None:
        seen = scene.sandbox.messages(scene.place("general"))
        (shown,) = [message["content"] for message in seen if int(message["id"]) == outcome.message_id]
        return shown or None

    return await scene.wait_for(look)


def commands(scene: Scene) -> dict[str, str]:
    """The names of the commands that Linus has, each with its id at Discord."""
    linus, general = scene.sandbox.users["linus"], scene.place("general")
    engine = scene.sandbox.engine
    found = engine.visible_commands(user_id=linus, channel_id=general, type=AppCommandType.CHAT_INPUT)
    return {command["name"]: command["id"] for command in found}


async def test_people_use_a_tool_as_a_command(shop: Scene) -> None:
    """With `slash` the tool is a slash command with its parameters as options, from the start of the bot on."""
    assert await shown(shop, "shop_add", a=20, b=22) == "42"


async def test_tool_that_is_new_becomes_a_command(shop: Scene) -> None:
    """Discord is told of what a server adds while the bot runs."""
    assert await shown(shop, "shop_grow") == "grown"
    await shop.wait_for(lambda: "shop_fresh" in commands(shop))
    assert await shown(shop, "shop_fresh") == "I am new."


async def test_command_of_a_server_that_is_away_stays(shop: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Its command does not go and come with it: Discord would forget who may use it."""
    before = commands(shop)
    await shop.command("linus", "general", "shop_die")
    await shop.until(lambda: "The MCP server shop is away" in caplog.text)
    assert commands(shop) == before
    await shop.until(lambda: "The MCP server shop is up" in caplog.text)
    assert await shown(shop, "shop_add", a=20, b=22) == "42"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_servers_end_with_the_bot(scene: Scene, tmp_path: Path, how: signal.Signals) -> None:
    """A bot that is stopped ends them; one that is killed leaves them an input that has ended."""
    file = tools_file(tmp_path, "tests.tools.mcp_plain")
    process = await bot_process(scene.settings(tools_file=str(file)), "run")
    await until(lambda: children_of(process.pid))
    (server,) = children_of(process.pid)
    assert is_alive(server)
    process.send_signal(how)
    await process.wait()
    await until(lambda: not is_alive(server))


async def test_bot_with_a_wrong_file_does_not_start(scene: Scene, tmp_path: Path) -> None:
    """A mistake in the file is a mistake in the settings."""
    file = tools_file(tmp_path, "tests.tools.mcp_plain", more="approval = true")
    process = await bot_process(scene.settings(tools_file=str(file)), "run")
    assert await process.wait() == 2
