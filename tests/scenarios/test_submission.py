"""Tool outputs from outside, as the Runs API takes them: for exactly the calls that a run waits for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.app import utc_now
from bot.errors import InvalidOutputs
from bot.runs.decisions import Decisions
from bot.runs.queue import RunDefaults
from bot.store.database import Database
from sandbox.stories import Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_waiting import DONE, MODULES, asked, asks, call, final, outputs

MODERATOR = 5
SHORT_LEASE = {"lease_seconds": 5}  # so that the bot soon looks for what another process has changed


class Elsewhere:
    """The worker is in another process, which finds by itself what has changed."""

    def wake(self) -> None:
        """Nothing is here to wake."""

    def interrupt(self, run_id: int) -> None:
        """Nothing is under way here."""

    def decided(self, run_id: int) -> None:
        """Nothing waits here."""

    async def settled(self, run_id: int) -> bool:  # noqa: ARG002 - interface
        """Nothing is under way here."""
        return False


@pytest.fixture
async def decisions(scene: Scene) -> AsyncIterator[Decisions]:
    """What another program does with the bot's database."""
    defaults = RunDefaults(model="scripted", timeout=timedelta(minutes=10))
    async with Database.open(f"sqlite+aiosqlite:///{scene.database_file}", wait_seconds=15) as database:
        yield Decisions(database, Elsewhere(), defaults=defaults, clock=utc_now)


async def test_outputs_are_submitted_for_exactly_what_is_pending(scene: Scene, decisions: Decisions) -> None:
    """What is missing, unknown or given twice changes nothing; the right ones go to the model, in the order asked."""
    await scene.start(**MODULES, **SHORT_LEASE)
    calls = (call("order", "a", 0, dish="soup"), call("time", "b", 1), call("order", "c", 2, dish="tea"))
    scene.provider.play(asks(*calls), DONE)
    await asked(scene)
    action = await decisions.required_action(1)
    assert action is not None
    pending = action["submit_tool_outputs"]["tool_calls"]
    assert [(each["id"], each["function"]["name"]) for each in pending] == [("a", "order"), ("c", "order")]
    before = scene.rows("tool_calls")
    for wrong in ([("a", "x")], [("a", "x"), ("b", "x"), ("c", "x")], [("a", "x"), ("c", "x"), ("a", "y")]):
        with pytest.raises(InvalidOutputs):
            await decisions.submit_tool_outputs(1, wrong, by=MODERATOR)
    assert scene.rows("tool_calls") == before
    await decisions.submit_tool_outputs(1, [("c", "No tea."), ("a", "Soup.")], by=MODERATOR)
    await final(scene)
    assert outputs(scene) == ["Soup.", before[1]["output"], "No tea."]


async def test_outputs_are_taken_in_no_other_state(scene: Scene, decisions: Decisions) -> None:
    """A run that has ended, or that there is not, waits for none."""
    await scene.start(**MODULES)
    scene.provider.play(Story(text="Hello."))
    await scene.ask("linus", "general", "@bot hi")
    assert await decisions.required_action(1) is None
    for run_id in (1, 99):
        with pytest.raises(InvalidOutputs, match="does not wait"):
            await decisions.submit_tool_outputs(run_id, [], by=MODERATOR)
