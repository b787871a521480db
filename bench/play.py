"""Plays one situation: the sandbox's Discord in this process, the bot and the provider in one each."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measured, Sent, measure
from bench.processes import ProviderProcess, cpu_seconds, environment, migrate, peak_memory_mb, running_bot
from bench.script import Script
from bench.situations import Situation, Talker
from bench.watch import Watch, Watched
from sandbox.limits import Limits
from sandbox.world import Sandbox

ROUND_TRIP_SECONDS = 0.080
LIMITS = Limits(edit_limit=5, edit_window_seconds=5.0, create_limit=5, create_window_seconds=5.0, global_per_second=50)
# An answer that is not whole this long after its last token should have come counts as missing.
PATIENCE_SECONDS = 30.0
# After the last answer, the time in which the last edits are acknowledged.
SETTLE_SECONDS = 1.0
READY_SECONDS = 60.0
# One answer before anything is measured: imports that are made late, compiled SQL, opened connections.
WARM_UP = Script(1_000_000, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that was measured in one situation; CPU and memory are None where the system does not tell."""

    situation: Situation
    answers: tuple[Measured, ...]
    tokens: int
    seconds: float
    calls: int
    refused: int
    strays: int
    bot_cpu_seconds: float | None
    bot_memory_mb: float | None
    others_cpu_seconds: float | None


async def play(situation: Situation) -> Outcome:
    """Measure one situation from its first question to its last answer.  Raises: BotFailed."""
    talkers = situation.talkers()
    scripts = [question.script for talker in talkers for wave in talker.waves for question in wave]
    with TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        async with (
            Sandbox.open(limits=LIMITS, latency_seconds=ROUND_TRIP_SECONDS) as sandbox,
            ProviderProcess.start([WARM_UP, *scripts]) as provider,
        ):
            env = environment(sandbox, folder, PROVIDER_BASE_URL=provider.base_url, **situation.settings)
            await migrate(folder, env)
            stage = Stage(sandbox, [sandbox.add_channel(f"bench-{number}") for number in range(situation.channels)])
            async with running_bot(folder, env) as bot:
                await sandbox.bot_ready(READY_SECONDS)
                await stage.ask("ada", sandbox.channels["general"], WARM_UP)
                await asyncio.sleep(SETTLE_SECONDS)
                gc.collect()
                gc.freeze()  # a collection here would be measured as the bot's delay
                stage.watch.calls = 0
                clocks = Clocks(bot.pid, provider.pid)
                await stage.play(talkers)
                await asyncio.sleep(SETTLE_SECONDS)
                bot_cpu, others_cpu, seconds = clocks.read()
                memory_mb = peak_memory_mb(bot.pid)
            token_times = await provider.token_times()
    return Outcome(
        situation=situation,
        answers=tuple(stage.measured(script, token_times.get(script.number, [])) for script in scripts),
        tokens=sum(len(token_times.get(script.number, [])) for script in scripts),
        seconds=seconds,
        calls=stage.watch.calls,
        refused=stage.watch.refused,
        strays=stage.watch.strays,
        bot_cpu_seconds=bot_cpu,
        bot_memory_mb=memory_mb,
        others_cpu_seconds=others_cpu,
    )


class Clocks:
    """The time and the CPU time that pass; the others are the provider and this process, which holds the Discord."""

    def __init__(self, bot_pid: int, provider_pid: int) -> None:
        self._bot_pid = bot_pid
        self._provider_pid = provider_pid
        self._before = self._now()

    def read(self) -> tuple[float | None, float | None, float]:
        """CPU seconds of the bot and of the others, and seconds, since the beginning."""
        bot, others, now = (
            None if before is None or after is None else after - before
            for before, after in zip(self._before, self._now(), strict=True)
        )
        return bot, others, now or 0.0

    def _now(self) -> tuple[float | None, float | None, float]:
        provider = cpu_seconds(self._provider_pid)
        others = None if provider is None else provider + time.process_time()
        return cpu_seconds(self._bot_pid), others, time.monotonic()


class Stage:
    """A sandbox with channels, in which people ask, and what was seen of the answers."""

    def __init__(self, sandbox: Sandbox, channel_ids: list[int]) -> None:
        self.watch = Watch()
        self._sandbox = sandbox
        self._channel_ids = channel_ids
        sandbox.requests.listen(self.watch.take)

    async def play(self, talkers: tuple[Talker, ...]) -> None:
        """Let everybody ask, wave by wave."""
        for wave in range(len(talkers[0].waves)):
            async with asyncio.TaskGroup() as tasks:
                for talker in talkers:
                    tasks.create_task(self._talk(talker, wave))

    async def _talk(self, talker: Talker, wave: int) -> None:
        await asyncio.sleep(talker.begins_after_seconds)
        for question in talker.waves[wave]:
            await self.ask(talker.user, self._channel_ids[talker.channel], question.script)
            await asyncio.sleep(question.reading_seconds)

    async def ask(self, user: str, channel_id: int, script: Script) -> None:
        """Ask, and wait until the answer is whole, or until it should long have been."""
        sandbox, asked_at = self._sandbox, time.monotonic()
        text = script.question(sandbox.bot_id)
        question_id = await sandbox.people.say(sandbox.users[user], channel_id, text)
        answer = Watched(script, channel_id, question_id, asked_at, "".join(script.tokens()))
        self.watch.expect(answer)
        try:
            await asyncio.wait_for(answer.whole.wait(), script.seconds + PATIENCE_SECONDS)
        except TimeoutError:
            return  # the table counts it as missing

    def measured(self, script: Script, token_times: list[float]) -> Measured:
        """What came of one answer."""
        answer = self.watch.answers[script.number]
        if len(token_times) != script.token_count:
            return Measured.nothing(len(answer.writes))
        return measure(
            Sent(tokens=script.tokens(), token_times=tuple(token_times)),
            answer.writes,
            asked_at=answer.asked_at,
            replies_to_question=self._replies_to_question(answer),
        )

    def _replies_to_question(self, answer: Watched) -> bool:
        first = self._sandbox.engine.messages.get(answer.channel_id, {}).get(answer.first_message_id or 0)
        if first is None:
            return False
        reference = self._sandbox.engine.message_payload(first).get("message_reference") or {}
        return reference.get("message_id") == str(answer.question_id)
