"""What becomes of answers when the machine's clock is set while the bot runs, or while it does not."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.app import utc_now
from sandbox.stories import Story
from tests.scenarios.process import bot_process
from tests.scenarios.scene import Scene

PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)
HELLO = "Hello from the scripted model."
JUMPS = pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)], ids=["forth", "back"])
LEASE_SECONDS = 5  # the shortest that a host may set


class Clock:
    """The machine's clock, which can be set."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._read = asyncio.Event()

    def __call__(self) -> datetime:
        self._read.set()
        return utc_now() + self._ahead

    def turn(self, by: timedelta) -> None:
        """Set the clock to another time."""
        self._ahead += by

    async def house_is_kept(self) -> None:
        """Wait until a bot at rest has looked at the clock in several rounds of house-keeping."""
        for _ in range(6):
            self._read.clear()
            await self._read.wait()


@pytest.fixture
def clock(scene: Scene) -> Clock:
    """The clock by which the scene's bot goes."""
    scene.clock = turned = Clock()
    return turned


@JUMPS
async def test_answer_goes_on_when_the_clock_is_set(scene: Scene, clock: Clock, jump: timedelta) -> None:
    """An answer under way neither expires nor loses its lease, and the next question is answered too."""
    await scene.start(lease_seconds=LEASE_SECONDS)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    clock.turn(jump)
    await clock.house_is_kept()
    scene.provider.requests[0].released.set()
    assert (await scene.answer_of("general", 1)).text == PAUSED.answer()
    assert scene.causes(1) == ["enqueued", "claimed", "finished"]
    assert (await scene.ask("linus", "general", "@bot and?")).text == HELLO


@pytest.mark.parametrize("is_claimed_at_once", [True, False], ids=["claimed_at_once", "claimed_later"])
@JUMPS
async def test_question_in_line_is_answered_when_the_clock_is_set(
    scene: Scene, clock: Clock, jump: timedelta, is_claimed_at_once: bool
) -> None:
    """What has waited for seconds has not waited for an hour, whatever the clock says."""
    await scene.start(lease_seconds=LEASE_SECONDS, max_concurrent_runs=1)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    await scene.say("grace", "playground", "@bot and me?")
    await scene.until(lambda: len(scene.rows("runs")) == 2)
    assert scene.run(2)["status"] == "queued"
    clock.turn(jump)
    if not is_claimed_at_once:
        await clock.house_is_kept()
    scene.provider.requests[0].released.set()
    assert (await scene.answer_of("playground", 2)).text == HELLO
    assert scene.causes(2) == ["enqueued", "claimed", "finished"]


@JUMPS
async def test_answer_of_a_killed_bot_goes_on_whatever_the_clock_says(
    scene: Scene, clock: Clock, jump: timedelta
) -> None:
    """A process that is dead is seen to be, though its lease seems to have an hour left, or to be an hour old."""
    process = await bot_process(scene.settings(run_timeout_seconds=7200), "run")
    await scene.sandbox.bot_ready()
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    begin = await scene.answer_of("general", 1, final=False)
    process.kill()
    await process.wait()
    clock.turn(jump)
    await scene.start(run_timeout_seconds=7200)
    assert (await scene.answer_of("general", 1)).ids == begin.ids
    assert scene.run(1)["status"] == "completed"
