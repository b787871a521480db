"""Walks through every point at which the bot can be killed, several at a time."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.verdict import Harm, Violation
from sandbox.limits import Limits
from sandbox.provider import ScriptedProvider
from sandbox.world import Sandbox
from tests.crash import story
from tests.crash.trial import Life, Point, Trial

# The limits are not what is tried here: a bot that starts again must not wait for a window to reset.
LIMITS = Limits(edit_limit=100, create_limit=100)
LAST = Life(serial=story.FAST)
AT_ONCE = 8  # while one waits for a rate limit or a token, others work; more would only crowd two cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a trial went: how many kills there were, the points of each life, and what was wrong in the end."""

    kills: int
    lives: tuple[Counter[str], ...]
    wrong: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """How the trials of all points went."""

    outcomes: Mapping[Point, Outcome]

    @property
    def wrong(self) -> str:
        """Everything that went wrong, each with its point, one below the other."""
        return "\n".join(f"{point}: {what}" for point, outcome in self.outcomes.items() for what in outcome.wrong)

    @property
    def kinds(self) -> frozenset[str]:
        """What the bot was killed at."""
        return frozenset(point.kind for point in self.outcomes)

    @property
    def killed(self) -> int:
        """At how many points it was killed; a life may be too short for one of the last points of another."""
        most = max(outcome.kills for outcome in self.outcomes.values())
        return sum(outcome.kills == most for outcome in self.outcomes.values())


class Walk:
    """Trials in folders of their own below one."""

    def __init__(self, empty_database: Path, folder: Path, **settings: str) -> None:
        """`settings` are the host's, by the names of their variables."""
        self._empty_database = empty_database
        self._folder = folder
        self._settings = settings
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def through(self, *lives: Life) -> Walked:
        """Count the points of the last of these lives, and kill at each of them, in trials of their own.

        Raises: AssertionError if something is wrong even though nothing was killed.
        """
        counted = await self._try(lives, "counted")
        assert not counted.wrong, counted.wrong
        tally = counted.lives[len(lives) - 1]
        points = [Point(kind, number + 1) for kind, count in tally.items() for number in range(count)]
        *before, last = lives
        async with asyncio.TaskGroup() as tasks:
            trials = [tasks.create_task(self._try((*before, replace(last, kill_at=at)), str(at))) for at in points]
        return Walked(outcomes={point: trial.result() for point, trial in zip(points, trials, strict=True)})

    async def _try(self, lives: Sequence[Life], name: str) -> Outcome:
        """Ask in the first of these lives, and let one more finish what they leave."""
        async with self._turns:
            folder = self._folder / name.replace("/", "_")
            folder.mkdir()
            shutil.copy(self._empty_database, folder)
            async with Sandbox.open(limits=LIMITS) as sandbox, ScriptedProvider() as provider:
                trial, tallies = Trial(sandbox, provider, folder, **self._settings), list[Counter[str]]()
                try:
                    for life in (*lives, LAST):
                        tallies.append(await trial.live(life))
                    wrong = trial.wrong()
                except TimeoutError:
                    wrong = (Violation(Harm.STUCK, "", "it does not come to an end"), *trial.wrong())
            if not wrong:
                shutil.rmtree(folder)
            return Outcome(kills=trial.kills, lives=tuple(tallies), wrong=wrong)
