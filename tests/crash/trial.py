"""One question in a sandbox of its own, whose bot is killed at given points and started again each time."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.processes import environment
from bench.verdict import TERMINAL, Harm, Question, Violation, violations
from bench.witness import Witness
from bot.runs.context import CONTINUE
from sandbox.journal import RequestRecord
from sandbox.provider import Performance, ScriptedProvider
from sandbox.pulse import Pulse
from sandbox.serials import Serial
from sandbox.world import Sandbox
from tests.crash import story
from tests.crash.process import BotProcess

PATIENCE_SECONDS = 30.0  # a life takes five; a tenfold load does not make it fail
LEASE_SECONDS = "3600"  # what a dead process held is taken over at once, and not because its lease has ended
COMMIT = "commit"
LOG = "bot.log"
COMPLAINT = re.compile(r" (ERROR|CRITICAL) +(bot|discord|asyncio)")


@dataclass(frozen=True, slots=True)
class Point:
    """The moment at which something happens for the n-th time in a life of the bot, counted from 1."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Trial:
    """A sandbox, a provider, a database, and one life of the bot after the other; `kills` ended one early."""

    def __init__(self, sandbox: Sandbox, provider: ScriptedProvider, folder: Path) -> None:
        self._sandbox = sandbox
        self._provider = provider
        self._folder = folder
        self._pulse = Pulse()
        self._question: Question | None = None
        self._bot: BotProcess | None = None
        self._target: Point | None = None
        self._tally: Counter[str] = Counter()
        self._requests_before = 0
        self.kills = 0
        self._complaints: list[str] = []
        self._witness = Witness(sandbox, provider, folder / "parley.db")
        provider.go_on = CONTINUE
        provider.listen(self._on_event)
        sandbox.gateway.listen(self._pulse.beat)
        sandbox.faults.listen(self._on_arrival)
        sandbox.requests.listen(self._on_record)

    async def live(self, target: Point | None, serial: Serial) -> Counter[str]:
        """One life of the bot, until it is killed at a point or has nothing left to do: how often it came to each.

        `serial` is what the provider says in this life.
        Raises: TimeoutError if it does not come to an end.
        """
        is_first, sessions = self._question is None, self._sandbox.gateway.ready_count
        self._target, self._tally, self._requests_before = target, Counter(), len(self._provider.requests)
        self._provider.serials[story.NAME] = serial
        bot = self._bot = self._start()
        try:
            if is_first:
                await self._until(lambda: self._sandbox.gateway.ready_count > sessions)
            points_before = bot.points
            if target is not None and target.kind == COMMIT:
                bot.kill_at(target.number)
            if is_first:
                await self._ask()
            await self._until(lambda: self._sandbox.gateway.ready_count > sessions and self._is_quiet())
            self._tally[COMMIT] = bot.points - points_before
            await self._stop(bot)
        finally:
            bot.kill()
            await bot.ended.wait()
        self._witness.note_death()
        return self._tally

    async def _until(self, look: Callable[[], bool]) -> None:
        """Wait for something, or for the end of the bot.  Raises: TimeoutError."""
        bot = self._bot
        await self._pulse.wait_for(lambda: bot is None or bot.ended.is_set() or look(), PATIENCE_SECONDS)

    async def _stop(self, bot: BotProcess) -> None:
        """Tell the bot to stop if it was not killed; it may be while it stops."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await bot.stop()
        if code == -signal.SIGKILL:
            self.kills += 1
        elif code != 0:
            self._complaints.append(f"ended with {code}")

    def wrong(self) -> tuple[Violation, ...]:
        """What is wrong now, and what any life has complained of."""
        questions = [] if self._question is None else [self._question]
        log = (self._folder / LOG).read_text(errors="replace").splitlines()
        complaints = (*self._complaints, *filter(COMPLAINT.search, log))
        return (
            *violations(self._witness.evidence(questions)),
            *(Violation(Harm.WRONG, "", complaint) for complaint in complaints),
        )

    def _start(self) -> BotProcess:
        settings = {"PROVIDER_BASE_URL": self._provider.base_url, "LEASE_SECONDS": LEASE_SECONDS}
        env = environment(self._sandbox, self._folder, **settings)
        return BotProcess.start(env, self._folder / LOG, self._pulse.beat)

    async def _ask(self) -> None:
        channel_id = self._sandbox.channels["general"]
        text = f"<@{self._sandbox.bot_id}> story:{story.NAME}"
        message_id = await self._sandbox.people.say(self._sandbox.users["ada"], channel_id, text)
        self._question = Question(
            message_id=message_id, channel_id=channel_id, story=story.NAME, answer=story.ANSWER, tools=story.TOOLS
        )

    def _is_quiet(self) -> bool:
        """Whether the question was taken up, and every run has ended and was delivered."""
        runs = self._witness.tables()["runs"]
        return bool(runs) and all(run["status"] in TERMINAL and run["delivered_at"] is not None for run in runs)

    # ------------------------------------------------------------------ the points

    def _on_arrival(self, method: str, path: str) -> None:
        """A request has come; if its sender is to be killed now, it was never sent."""
        if self._reach(f"{method} {masked(path)} comes"):
            self._sandbox.faults.cut(method, path, applied=False)

    def _on_record(self, record: RequestRecord) -> None:
        """A request was applied, and is not answered yet."""
        if record.status:
            self._reach(f"{record.method} {masked(record.path)} is applied")

    def _on_event(self, performance: Performance) -> None:
        """A request to the provider has come, or was sent a further event."""
        number = self._provider.requests.index(performance) - self._requests_before + 1
        if number > 0:
            self._reach(f"event of request {number} to the provider")

    def _reach(self, kind: str) -> bool:
        """Note that a point is reached; whether the bot was killed at it."""
        if self._question is None or self._bot is None:
            return False
        self._tally[kind] += 1
        is_target = self._target == Point(kind, self._tally[kind])
        if is_target:
            self._bot.kill()
        return is_target


def masked(path: str) -> str:
    """A path of Discord's API without the ids in it."""
    return re.sub(r"\d+", "*", path)
