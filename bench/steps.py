"""What a step of many calls costs: from the last byte that asks for them to the request that submits their outputs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.play import LIMITS, READY_SECONDS, ROUND_TRIP_SECONDS, SETTLE_SECONDS
from bench.processes import BotFailed, environment, migrate, running_bot
from bench.slow_tool import COMMITS, PAUSE_SECONDS
from sandbox.provider import Performance, ScriptedProvider
from sandbox.stories import ScriptedCall, Story
from sandbox.world import Sandbox

CALLS = 20
STEPS = 10
TARGET_MS = 250
TARGET_COMMITS = 6
ASKING = Story(
    text="I wait.",
    tool_calls=tuple(
        ScriptedCall(name="pause", arguments=(json.dumps({"number": number}),), id=f"call_{number}", index=number)
        for number in range(CALLS)
    ),
    finish_reason="tool_calls",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """When the last byte of the asking stream was sent, and when the outputs came, by `time.monotonic`."""

    asked_at: float
    submitted_at: float

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.submitted_at - self.asked_at) * 1000


async def measure_steps() -> str:
    """A table of times and commits, in Markdown.  Raises: BotFailed."""
    with TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        async with (
            Sandbox.open(limits=LIMITS, latency_seconds=ROUND_TRIP_SECONDS) as sandbox,
            ScriptedProvider() as provider,
        ):
            env = environment(sandbox, folder, PROVIDER_BASE_URL=provider.base_url, TOOL_MODULES="bench.slow_tool")
            await migrate(folder, env)
            channels = [sandbox.add_channel(f"bench-{number}") for number in range(STEPS + 1)]
            sent_at: dict[Performance, float] = {}
            provider.listen(lambda performance: sent_at.update({performance: time.monotonic()}))
            async with running_bot(folder, env):
                await sandbox.bot_ready(READY_SECONDS)
                # Of the first one, imports that are made late and the connections are part.
                _, *steps = [await step(sandbox, provider, channel, sent_at) for channel in channels]
        commits = json.loads((folder / COMMITS).read_text(encoding="utf-8"))
    if not commits:  # a way of counting that sees nothing would find nothing wrong
        raise BotFailed("no commit was seen")
    times = [each.milliseconds for each in steps]
    counts = [sum(each.asked_at <= at <= each.submitted_at for at in commits) for each in steps]
    rows = (
        f"| From the last byte that asks to the request that submits, median / worst of {STEPS}, ms (median) | "
        f"{median(times):.0f} / {max(times):.0f} ({TARGET_MS}) |",
        f"| Commits in between, median / most (median) | {median(counts):.0f} / {max(counts)} ({TARGET_COMMITS}) |",
    )
    title = f"| A step of {CALLS} calls of {PAUSE_SECONDS * 1000:.0f} ms each | |"
    return "\n".join((title, "| --- | --- |", *rows))


async def step(
    sandbox: Sandbox, provider: ScriptedProvider, channel_id: int, sent_at: Mapping[Performance, float]
) -> Step:
    """One question whose answer takes one step; `sent_at` tells when something was last sent in each stream."""
    number = len(provider.requests)
    provider.play(ASKING, Story(text="That is all."))
    await sandbox.people.say(sandbox.users["ada"], channel_id, f"<@{sandbox.bot_id}> Please wait.")
    submitting = await provider.wait_for_request(number + 2)
    asked_at = sent_at[provider.requests[number]]
    await submitting.ended.wait()
    require_outputs(submitting)
    await asyncio.sleep(SETTLE_SECONDS)
    return Step(asked_at=asked_at, submitted_at=submitting.at)


def require_outputs(submitting: Performance) -> None:
    """Raises: AssertionError unless every call was carried out: a benchmark of refusals would look fast."""
    messages = submitting.body["messages"]
    told = (
        [message["content"] for message in messages if message["role"] == "tool"] if isinstance(messages, list) else []
    )
    if told != [f"That was pause {number}." for number in range(CALLS)]:
        raise AssertionError(f"the calls were not carried out: {told}")
