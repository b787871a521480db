"""Walks through every point at which the bot can be killed, several at a time."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.verdict import Harm, Violation
from sandbox.limits import Limits
from sandbox.provider import ScriptedProvider
from sandbox.serials import Serial
from sandbox.world import Sandbox
from tests.crash import story
from tests.crash.trial import Point, Trial

# The limits are not what is tried here: a bot that starts again must not wait for a window to reset.
LIMITS = Limits(edit_limit=100, create_limit=100)
AT_ONCE = 8  # while one waits for a rate limit or a token, others work; more would only crowd two cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one trial went: how many kills there were, the points of each life, and what was wrong in the end."""

    kills: int
    lives: tuple[Counter[str], ...]
    wrong: tuple[Violation, ...]


class Walk:
    """Trials in folders of their own below one."""

    def __init__(self, empty_database: Path, folder: Path) -> None:
        self._empty_database = empty_database
        self._folder = folder
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def try_killing(self, *points: Point, last: Serial = story.FAST) -> Outcome:
        """Ask, kill the bot at the first point, its next life at the second, and so on, and let the last one finish.

        `last` is what the provider says in that one.
        """
        async with self._turns:
            folder = self._folder / ("; ".join(map(str, points)).replace("/", "_") or "undisturbed")
            folder.mkdir()
            shutil.copy(self._empty_database, folder)
            async with Sandbox.open(limits=LIMITS) as sandbox, ScriptedProvider() as provider:
                trial = Trial(sandbox, provider, folder)
                lives = []
                try:
                    for point in points:
                        lives.append(await trial.live(point, story.SLOW))
                    lives.append(await trial.live(None, last))
                    wrong = trial.wrong()
                except TimeoutError:
                    wrong = (Violation(Harm.STUCK, "", "it does not come to an end"), *trial.wrong())
            if not wrong:
                shutil.rmtree(folder)
            return Outcome(kills=trial.kills, lives=tuple(lives), wrong=tuple(wrong))

    async def points_after(self, *killed: Point) -> list[Point]:
        """All points of the life that follows these kills."""
        counted = await self.try_killing(*killed, last=story.SLOW)
        assert not counted.wrong, counted.wrong
        return [Point(kind, number + 1) for kind, count in counted.lives[-1].items() for number in range(count)]

    async def through(self, points: Sequence[Point], *, after: Sequence[Point] = ()) -> list[Outcome]:
        """Kill at each of these points, in a life that follows those kills."""
        async with asyncio.TaskGroup() as tasks:
            trials = [tasks.create_task(self.try_killing(*after, point)) for point in points]
        return [trial.result() for trial in trials]
