"""What a long history costs: the context of an answer, and the start of the bot."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.processes import environment, migrate, running_bot
from bot.providers.tokens import TokenCounter
from bot.runs import context
from bot.runs.model import Run
from bot.settings import Settings
from bot.store import messages, runs
from bot.store.database import Database
from sandbox.world import Sandbox

LONG_CONVERSATION_MESSAGES = 100_000
ALL_MESSAGES = 1_000_000
OTHER_CONVERSATION_MESSAGES = 1_000
BUILDS = 51
STARTS = 5
READY_SECONDS = 120.0
TARGET_BUILD_MS = 5
MESSAGE = "What do the owls in the old oak tree make of a fox that leaps over the same dog each morning?"


async def measure_history() -> str:
    """A table of times, in Markdown.  Raises: BotFailed."""
    with TemporaryDirectory(prefix="parley-bench-") as name:
        empty, full = Path(name) / "empty", Path(name) / "full"
        empty.mkdir()
        full.mkdir()
        async with Sandbox.open() as sandbox:
            for folder in (empty, full):
                await migrate(folder, environment(sandbox, folder, PROVIDER_BASE_URL="http://127.0.0.1:9/v1"))
            await asyncio.to_thread(fill, full / "parley.db")
            built_ms = await context_ms(full / "parley.db")
            starts: dict[Path, list[float]] = {empty: [], full: []}
            for _ in range(STARTS):
                for folder, times in starts.items():
                    times.append(await start_seconds(sandbox, folder))
    rows = (
        f"| Context from a conversation of {LONG_CONVERSATION_MESSAGES:,} messages, median, ms | "
        f"{built_ms:.1f} ({TARGET_BUILD_MS}) |",
        f"| Start with an empty database, until Discord says READY, median, s | {median(starts[empty]):.2f} |",
        f"| Start with {ALL_MESSAGES:,} messages, median, s | {median(starts[full]):.2f} |",
    )
    return "\n".join(("| A long history | |", "| --- | --- |", *rows))


def fill(file: Path) -> None:
    """Write a million messages: one conversation of a hundred thousand, and many of a thousand."""
    others = (ALL_MESSAGES - LONG_CONVERSATION_MESSAGES) // OTHER_CONVERSATION_MESSAGES
    sizes = [LONG_CONVERSATION_MESSAGES, *[OTHER_CONVERSATION_MESSAGES] * others]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO conversations (id, place_id, scope, member_id, created_at) VALUES (?, ?, 'channel', 0, 0)",
            ((number, number) for number in range(1, len(sizes) + 1)),
        )
        connection.executemany(
            "INSERT INTO runs (id, conversation_id, epoch, kind, status, model, provider, place_id, asker_id, "
            "created_at, expires_at, delivered_at) VALUES (?, ?, 0, 'answer', 'completed', 'm', 'p', ?, 1, 0, 0, 0)",
            ((run, conversation, conversation) for run, conversation in run_rows(sizes)),
        )
        connection.executemany(
            "INSERT INTO messages (conversation_id, epoch, role, author_id, author_name, text, run_id, tokens, "
            "created_at) VALUES (?, 0, ?, 1, 'Ada', ?, ?, 25, 0)",
            (
                (conversation, role, MESSAGE, run)
                for run, conversation in run_rows(sizes)
                for role in ("user", "assistant")
            ),
        )


def run_rows(sizes: list[int]) -> Iterator[tuple[int, int]]:
    """A run for each two messages: its id and its conversation's."""
    run = 0
    for number, size in enumerate(sizes, start=1):
        for _ in range(size // 2):
            run += 1
            yield run, number


async def context_ms(file: Path) -> float:
    """The median time from a claimed run to the messages of its request, read and built as for every answer."""
    limits = Settings.model_fields
    count = TokenCounter().count_tokens
    async with Database.open(f"sqlite+aiosqlite:///{file}") as database:
        run = await newest_run(database)
        times = []
        for _ in range(BUILDS):
            start = time.perf_counter()
            async with database.read() as transaction:
                history = await messages.history(
                    transaction,
                    run.conversation_id,
                    run.epoch,
                    before_or_of_run=run.id,
                    limit=limits["history_max_messages"].default,
                )
            built = context.build(
                history,
                run,
                system_prompt=limits["system_prompt"].default,
                count=count,
                window_tokens=limits["provider_context_tokens"].default,
                answer_tokens=limits["max_output_tokens"].default,
            )
            times.append(time.perf_counter() - start)
            if len(built) < 100:  # a benchmark of nothing would look fast
                raise AssertionError(f"the context holds only {len(built)} messages")
    return median(times) * 1000


async def newest_run(database: Database) -> Run:
    """The last run of the long conversation."""
    async with database.read() as transaction:
        run = await runs.latest(transaction, 1, 0)
    if run is None:
        raise AssertionError("the database was not filled")
    return run


async def start_seconds(sandbox: Sandbox, folder: Path) -> float:
    """The time from the start of the process until Discord has said READY to it."""
    env = environment(sandbox, folder, PROVIDER_BASE_URL="http://127.0.0.1:9/v1")
    sessions = sandbox.gateway.ready_count
    start = time.perf_counter()
    async with running_bot(folder, env):
        await sandbox.wait_for(lambda: sandbox.gateway.ready_count > sessions, READY_SECONDS)
        return time.perf_counter() - start
