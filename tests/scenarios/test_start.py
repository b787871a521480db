"""How the bot starts when Discord is away or refuses it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.__main__ import expected_errors
from bot.app import run
from bot.errors import ConfigurationError, ParleyError, StartupError
from sandbox.bot_view import ALL_INTENTS
from sandbox.provider import ScriptedProvider
from sandbox.world import Sandbox
from tests.scenarios.doorway import Doorway
from tests.scenarios.scene import Scene

MESSAGE_CONTENT = 1 << 15


async def refused(scene: Scene, **changed: object) -> list[ParleyError]:
    """What the bot ends with when it cannot start."""
    with pytest.raises((ExceptionGroup, ParleyError)) as caught:
        await run(scene.settings(**changed))
    return expected_errors(caught.value)


@pytest.mark.parametrize(("others", "words"), [((), "1 server."), (("elsewhere",), "2 servers.")])
async def test_log_counts_the_servers(
    scene: Scene, caplog: pytest.LogCaptureFixture, others: tuple[str, ...], words: str
) -> None:
    """The host reads how many there are, in words that fit the number."""
    for name in others:
        scene.sandbox.add_guild(name)
    caplog.set_level(logging.INFO, "bot.client")
    await scene.start()
    await scene.until(lambda: f", in {words}" in caplog.text)


async def test_wrong_token_is_the_hosts_to_correct(scene: Scene) -> None:
    """A token that Discord refuses ends the bot with a sentence that names the setting."""
    (error,) = await refused(scene, discord_token="bm90.YQ.token")
    assert isinstance(error, ConfigurationError)
    assert "DISCORD_TOKEN" in str(error)


async def test_missing_intent_is_named(provider: ScriptedProvider, tmp_path: Path) -> None:
    """Without the message content intent the bot says what to tick, and does not try again."""
    async with Sandbox.open(granted_intents=ALL_INTENTS & ~MESSAGE_CONTENT) as sandbox:
        (error,) = await refused(Scene(sandbox, provider, tmp_path))
        assert isinstance(error, StartupError)
        assert "Message Content Intent" in str(error)


@pytest.mark.parametrize("status", [403, 404])
async def test_address_that_is_not_discords_is_a_sentence(scene: Scene, status: int) -> None:
    """A refusal of the first request that will not pass ends the bot in words."""
    scene.sandbox.faults.fail("GET", "/users/@me", status)
    (error,) = await refused(scene)
    assert isinstance(error, StartupError)
    assert str(status) in str(error)


@pytest.mark.parametrize("setting", ["discord_api_base_url", "discord_gateway_url"])
async def test_discord_that_is_away_at_first_is_tried_again(scene: Scene, setting: str) -> None:
    """A start in an outage, of the API or of the gateway, waits for its end; aiohttp repeats a first GET by itself."""
    async with Doorway.open(getattr(scene.settings(), setting), slams=2) as doorway:
        await scene.start(**{setting: doorway.address})
        assert doorway.slams == 0
        assert (await scene.ask("linus", "general", "@bot hi")).text == "Hello from the scripted model."
        await scene.stop()


async def test_overloaded_discord_is_tried_again(scene: Scene) -> None:
    """A 503 to the first request is no reason to end."""
    scene.sandbox.faults.fail("GET", "/users/@me", 503)
    await scene.start()
    assert (await scene.ask("linus", "general", "@bot hi")).text == "Hello from the scripted model."
