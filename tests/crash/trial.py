"""One question in a sandbox of its own, whose bot is killed at given points and started again each time."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.processes import environment
from bench.verdict import TERMINAL, Harm, Question, Violation, violations
from bench.witness import Witness
from bot.runs.context import CONTINUE
from sandbox.journal import RequestRecord
from sandbox.provider import Performance, ScriptedProvider
from sandbox.pulse import Pulse
from sandbox.runs_api import RunsRequest
from sandbox.serials import Serial
from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.crash import story
from tests.crash.process import BotProcess

PATIENCE_SECONDS = 30.0  # a life takes five; a tenfold load does not make it fail
SETTINGS = {
    "LEASE_SECONDS": "3600",  # what a dead process held is taken over at once, and not because its lease has ended
    "TOOL_MODULES": story.MODULES,
    "SHUTDOWN_GRACE_SECONDS": "0",  # an answer that is under way when the bot is told to stop is handed back
}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What happens to the bot after a start: it is told to stop at a point, killed at one, both or neither.

    Where it is told to stop, points are counted from there on.  `serial` is what the provider says.
    """

    stop_at: Point | None = None
    kill_at: Point | None = None
    serial: Serial = story.SLOW


class Trial:
    """A sandbox, a provider, a database, and one life of the bot after the other; `kills` ended one early."""

    def __init__(self, sandbox: Sandbox, provider: ScriptedProvider, folder: Path, **settings: str) -> None:
        """`settings` are the host's, by the names of their variables."""
        self.kills = 0
        self._sandbox = sandbox
        self._provider = provider
        self._folder = folder
        self._settings = SETTINGS | settings
        self._pulse = Pulse()
        self._witness = Witness(sandbox, provider, folder / "parley.db")
        self._question: Question | None = None
        self._complaints: list[str] = []
        self._bot: BotProcess | None = None
        self._life = Life()
        self._tally: Counter[str] = Counter()
        self._requests_before = self._commits_before = 0
        provider.go_on = CONTINUE
        provider.listen(self._on_event)
        sandbox.gateway.listen(self._pulse.beat)
        sandbox.faults.listen(self._on_arrival)
        sandbox.requests.listen(self._on_record)
        provider.runs.loses = self._on_remote_request

    async def live(self, life: Life) -> Counter[str]:
        """One life, which ends at the latest when there is nothing left to do: how often it came to each kind of point.

        Raises: TimeoutError if it does not come to an end.
        """
        is_first, sessions = self._question is None, self._sandbox.gateway.ready_count
        self._life, self._requests_before = life, len(self._provider.requests)
        self._provider.serials[story.NAME] = life.serial
        bot = self._bot = self._start()
        approval = asyncio.create_task(self._approve(sessions))
        try:
            if is_first:
                await self._until(lambda: self._sandbox.gateway.ready_count > sessions)
            self._begin_to_count(bot)
            if is_first:
                await self._ask()
            await self._until(lambda: self._sandbox.gateway.ready_count > sessions and self._is_quiet())
            await self._stop(bot)
        finally:
            approval.cancel()
            bot.kill()
            await bot.ended.wait()
        self._tally[COMMIT] = bot.points - self._commits_before
        self._witness.note_death()
        return self._tally

    async def _approve(self, sessions: int) -> None:
        """Press Approve as soon as it can be pressed; once in a life, and again in the next if it had no effect."""
        hears = self._sandbox.gateway
        await self._until(lambda: hears.ready_count > sessions and self._waits_for_approval())
        with contextlib.suppress(Refused):
            for channel_id, message_id, custom_id in self._buttons():
                await self._sandbox.people.press(self._sandbox.users["ada"], channel_id, message_id, custom_id)

    def _waits_for_approval(self) -> bool:
        """Whether a run waits, and what is to be pressed for it is there."""
        return bool(self._buttons()) and any(run["waiting_since"] for run in self._witness.tables()["runs"])

    def _buttons(self) -> list[tuple[int, int, str]]:
        """Where Approve can be pressed: channel, message, custom id."""
        channel_id = self._sandbox.channels["general"]
        return [
            (channel_id, int(message["id"]), button["custom_id"])
            for message in self._sandbox.messages(channel_id)
            for row in message["components"]
            for button in row["components"]
            if button["custom_id"].startswith("parley:approve:")
        ]

    async def _until(self, look: Callable[[], bool]) -> None:
        """Wait for something, or for the end of the bot.  Raises: TimeoutError."""
        bot = self._bot
        await self._pulse.wait_for(lambda: bot is None or bot.ended.is_set() or look(), PATIENCE_SECONDS)

    async def _stop(self, bot: BotProcess) -> None:
        """Tell the bot to stop if it was not killed; it may be while it stops."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            bot.tell_to_stop()
            code = await bot.exit_code()
        if code == -signal.SIGKILL:
            self.kills += 1
        elif code != 0:
            self._complaints.append(f"ended with {code}")

    def wrong(self) -> tuple[Violation, ...]:
        """What is wrong now, and what any life has complained of."""
        questions = [] if self._question is None else [self._question]
        log = (self._folder / LOG).read_text(errors="replace").splitlines()
        complaints = (*self._complaints, *filter(COMPLAINT.search, log))
        runs = len(self._provider.runs.runs)
        return (
            *([Violation(Harm.WRONG, "", f"{runs} runs at the provider")] if runs > 1 else []),
            *violations(self._witness.evidence(questions)),
            *(Violation(Harm.WRONG, "", complaint) for complaint in complaints),
        )

    def _start(self) -> BotProcess:
        env = environment(self._sandbox, self._folder, PROVIDER_BASE_URL=self._provider.base_url, **self._settings)
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

    def _on_remote_request(self, request: RunsRequest) -> bool:
        """A request about a thread or a run has come; if its sender is to be killed now, it was never sent."""
        return self._reach(f"{request.method} {masked(request.path)} comes to the provider")

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
        point = Point(kind, self._tally[kind])
        if point == self._life.stop_at:
            self._life = replace(self._life, stop_at=None)
            self._begin_to_count(self._bot)
            self._bot.tell_to_stop()
        elif point == self._life.kill_at and self._life.stop_at is None:
            self._bot.kill()
            return True
        return False

    def _begin_to_count(self, bot: BotProcess) -> None:
        """Points count from now on, unless only those after its being told to stop do."""
        self._tally, self._commits_before = Counter(), bot.points
        kill_at = self._life.kill_at
        if kill_at is not None and kill_at.kind == COMMIT and self._life.stop_at is None:
            bot.kill_at(kill_at.number)


def masked(path: str) -> str:
    """A path of Discord's API without the ids in it."""
    return re.sub(r"\d+", "*", path)
