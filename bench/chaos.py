"""Kills the bot at random while people in many channels ask, and judges what became of each question in the end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.crowd import Crowd
from bench.measure import Spread
from bench.play import LIMITS, READY_SECONDS, ROUND_TRIP_SECONDS
from bench.processes import environment, running_bot, start_bot
from bench.verdict import Harm, Violation, violations
from bench.watch import WRITES
from bench.witness import Witness
from bot.runs.context import CONTINUE
from sandbox.journal import RequestRecord
from sandbox.provider import ScriptedProvider
from sandbox.world import Sandbox

# Of a process, which takes the first second or two to connect.
LIFE_SECONDS = (0.5, 8.0)
SHARE_OF_SIGTERM = 0.2
SETTINGS = {"SHUTDOWN_GRACE_SECONDS": "1", "HISTORY_MAX_MESSAGES": "20"}
# Who was told to stop and has not after the grace, the pause after it and some more, hangs.
STOP_SECONDS = 15.0
QUIET_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long, how widely, and with which luck."""

    minutes: float
    channels: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """What was done to the bot, and what became of the questions.

    `resumed_seconds` are those from a death that left answers unfinished to the first write after it.
    """

    plan: Plan
    signals: Counter[signal.Signals]
    questions: int
    exact: int
    resumed_seconds: tuple[float, ...]
    violations: tuple[Violation, ...]


class Lives:
    """The lives of one bot, each but the last ended by a signal at a random moment."""

    def __init__(self, folder: Path, env: Mapping[str, str], chance: random.Random, witness: Witness) -> None:
        self.signals: Counter[signal.Signals] = Counter()
        self.resumed_seconds: list[float] = []
        self.violations: list[Violation] = []
        self._folder = folder
        self._env = env
        self._chance = chance
        self._witness = witness
        self._to_resume_since: float | None = None

    async def live(self) -> None:
        """One life of a random length."""
        process = await start_bot(self._folder, self._env)
        await asyncio.sleep(self._chance.uniform(*LIFE_SECONDS))
        number = signal.SIGTERM if self._chance.random() < SHARE_OF_SIGTERM else signal.SIGKILL
        await self._end(process, number)
        self.signals[number] += 1
        is_unfinished = any(run["delivered_at"] is None for run in self._witness.note_death()["runs"])
        self._to_resume_since = time.monotonic() if is_unfinished else None

    async def live_on(self, enough: asyncio.Event) -> None:
        """The last life, which ends in order."""
        process = await start_bot(self._folder, self._env)
        await enough.wait()
        await self._end(process, signal.SIGTERM)

    def on_request(self, record: RequestRecord) -> None:
        """The first write after a death that left answers unfinished takes one of them up."""
        if self._to_resume_since is not None and record.status == 200 and (record.method, record.route) in WRITES:
            self.resumed_seconds.append(record.at - self._to_resume_since)
            self._to_resume_since = None

    async def _end(self, process: asyncio.subprocess.Process, number: signal.Signals) -> None:
        if process.returncode is None:
            process.send_signal(number)
        try:
            code = await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if code not in (0, -number):
            self.violations.append(Violation(Harm.STUCK, "", f"a bot that got {number.name} ended with {code}"))


async def survive(plan: Plan) -> Survival:
    """Ask and kill as planned, let everything end, and judge."""
    with TemporaryDirectory(prefix="parley-chaos-") as name:
        async with (
            Sandbox.open(limits=LIMITS, latency_seconds=ROUND_TRIP_SECONDS) as sandbox,
            ScriptedProvider() as provider,
        ):
            return await survive_there(plan, sandbox, provider, Path(name))


async def survive_there(plan: Plan, sandbox: Sandbox, provider: ScriptedProvider, folder: Path) -> Survival:
    """The same with everything open."""
    provider.go_on = CONTINUE
    env = environment(sandbox, folder, PROVIDER_BASE_URL=provider.base_url, **SETTINGS)
    async with running_bot(folder, env):  # what was said before its first start is none of its business
        await sandbox.bot_ready(READY_SECONDS)
    channel_ids = [sandbox.add_channel(f"chaos-{number}") for number in range(plan.channels)]
    chance = random.Random(plan.seed)
    crowd, witness = Crowd(sandbox, provider, chance), Witness(sandbox, provider, folder / "parley.db")
    lives = Lives(folder, env, chance, witness)
    sandbox.requests.listen(lives.on_request)
    await play(plan, crowd, lives, witness, channel_ids)
    found = (*lives.violations, *violations(witness.evidence(crowd.questions)))
    harmed = {violation.story for violation in found}
    return Survival(
        plan=plan,
        signals=lives.signals,
        questions=len(crowd.questions),
        exact=sum(question.story not in harmed for question in crowd.questions),
        resumed_seconds=tuple(lives.resumed_seconds),
        violations=found,
    )


async def play(plan: Plan, crowd: Crowd, lives: Lives, witness: Witness, channel_ids: Sequence[int]) -> None:
    """Let people ask and the bot die for the planned time, then let it live until nothing is left to do."""
    until, enough = asyncio.get_running_loop().time() + plan.minutes * 60, asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        talk = tasks.create_task(crowd.talk(channel_ids, until))
        while asyncio.get_running_loop().time() < until:
            await lives.live()
        last = tasks.create_task(lives.live_on(enough))
        await talk
        await quiet(witness)
        enough.set()
        await last


async def quiet(witness: Witness) -> None:
    """Wait until every run is delivered, or until it is clear that some will not be."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(QUIET_SECONDS):
            while any(run["delivered_at"] is None for run in witness.tables()["runs"]):  # noqa: ASYNC110  # only the file tells
                await asyncio.sleep(LOOK_AGAIN_SECONDS)


def report(survival: Survival) -> str:
    """What was survived and what was not, in Markdown."""
    plan, harms = survival.plan, Counter(violation.harm for violation in survival.violations)
    spread = Spread.of(survival.resumed_seconds)
    rows = {
        "Minutes, channels, seed": f"{plan.minutes:g}, {plan.channels}, {plan.seed}",
        "SIGKILL, SIGTERM": f"{survival.signals[signal.SIGKILL]}, {survival.signals[signal.SIGTERM]}",
        "Questions": f"{survival.questions:,}",
        "Exact answers": f"{survival.exact:,}",
        **{harm.capitalize(): str(harms[harm]) for harm in Harm},
        "From a death to the first write after it, median / worst, s": "-"
        if spread is None
        else f"{spread.median:.1f} / {spread.worst:.1f}",
    }
    lines = ["| Chaos | |", "| --- | --- |", *(f"| {title} | {cell} |" for title, cell in rows.items())]
    return "\n".join((*lines, *(f"\n{violation}" for violation in survival.violations)))
