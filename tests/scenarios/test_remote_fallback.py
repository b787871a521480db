"""Somebody else answers for a provider that keeps runs: whoever called the tools is given their outputs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from sandbox.provider import ScriptedProvider
from sandbox.stories import STORIES, Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene
from tests.scenarios.test_place_settings import choose
from tests.scenarios.test_waiting import DONE, MODULES, ORDER, final, waits

BEGUN = Story(pieces=("One ", "two ", "three."), hang_at=2)
SMALL_PRINT = "-# Answered by relay/x: main/scripted was overloaded."


@dataclass(slots=True, kw_only=True)
class Pair:
    """The scene, whose own provider keeps runs, and the one that stands in for it."""

    scene: Scene
    relay: ScriptedProvider

    async def start(self, **changed: object) -> None:
        """Run the bot with both."""
        file = self.scene.database_file.parent / "providers.toml"
        file.write_text(
            f'[providers.main]\nbase_url = "{self.scene.provider.base_url}"\napi = "assistants"\n'
            'fallbacks = {"*" = ["relay/x"]}\n'
            f'[providers.relay]\nbase_url = "{self.relay.base_url}"\n',
            encoding="utf-8",
        )
        given = {"provider_base_url": None, "providers_file": str(file), "provider_model": "main/scripted"}
        await self.scene.start(**given, **MODULES, **changed)


@pytest.fixture
async def pair(scene: Scene) -> AsyncIterator[Pair]:
    """Both providers on loopback; the first is overloaded."""
    async with ScriptedProvider(default=DONE) as relay:
        scene.provider.default = STORIES["busy"]
        yield Pair(scene=scene, relay=relay)


async def asked_late(scene: Scene) -> Answer:
    """The answer that waits, after a question that the first provider was tried with for a while."""
    await scene.say("linus", "general", "@bot please")
    await scene.wait_for(lambda: any("Approve" in answer.buttons for answer in scene.answers("general")))
    return await waits(scene)


async def test_outputs_go_to_whoever_called(pair: Pair) -> None:
    """The provider that was given up is not asked for what another one began, though it had a thread for it."""
    await pair.start()
    pair.relay.play(ORDER, DONE)
    answer = await asked_late(pair.scene)
    pair.scene.provider.default = Story(text="I am back.")
    await pair.scene.press("linus", answer, "Approve")
    assert (await final(pair.scene)).words == "Let me see.\n\nIt is done."
    assert [row["output"] for row in pair.scene.rows("tool_calls")] == ["2 soup on the way"]


async def test_answer_of_a_stand_in_goes_on_after_a_restart(pair: Pair) -> None:
    """What one began is no run of the other's, whoever goes on with it."""
    await pair.start(shutdown_grace_seconds=0)
    pair.relay.play(BEGUN)
    await pair.scene.say("linus", "general", "@bot hi")
    await pair.scene.wait_for(lambda: any("One" in text for text in pair.scene.writes("general")))
    await pair.scene.stop()
    pair.scene.provider.default = Story(text="four.")
    await pair.start()
    assert (await final(pair.scene)).text == f"One two four.\n{SMALL_PRINT}"


async def test_run_that_was_begun_is_gone_on_with_though_the_model_was_changed(pair: Pair) -> None:
    """What a moderator chose meanwhile holds from the next answer on: the begun one would be paid for twice."""
    server, pair.scene.provider.default = pair.scene.provider.runs, Story(pieces=("Begun.",), hang_at=0)
    pair.relay.models = ("x",)
    await pair.start(shutdown_grace_seconds=0)
    await pair.scene.say("linus", "general", "@bot hi")
    await server.wait_for(lambda: bool(server.runs))
    await choose(pair.scene, "general", "model", "relay/x")
    await pair.scene.stop()
    await pair.start()
    pair.scene.provider.requests[0].released.set()
    assert (await final(pair.scene)).text == "Begun."
    assert pair.relay.requests == []
    assert (await pair.scene.ask("linus", "general", "@bot and?")).text == DONE.answer()


async def test_outputs_are_told_to_who_is_back(pair: Pair) -> None:
    """A provider that did not call the tools hears in its thread what was called for, and what came of it."""
    await pair.start()
    pair.relay.play(ORDER)
    answer = await asked_late(pair.scene)
    await pair.scene.stop()
    pair.scene.provider.default = Story(text="I am back.")
    await pair.start()
    await pair.scene.press("linus", answer, "Approve")
    assert (await final(pair.scene)).words == "Let me see.\n\nI am back."
    server = pair.scene.provider.runs
    (thread,) = server.threads.values()
    assert "2 soup on the way" in thread.messages[-2].content
    assert server.submissions == []
