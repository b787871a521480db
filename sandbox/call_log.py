"""What the bot's own database says of its tool calls, for the page's inspector."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sandbox.wire import Payload

_log = logging.getLogger(__name__)

SHOWN_CALLS = 50  # the latest; more than a person scrolls through
PAUSE_SECONDS = 0.25  # the database tells nobody that it changed; this is soon enough to look live
QUERY = """
    SELECT c.id, c.run_id, r.place_id AS channel_id, r.status AS run_status, c.name, c.arguments,
           c.started_at, c.ended_at, c.output, c.outcome, c.need, c.decided_at, c.decided_by
    FROM tool_calls AS c JOIN runs AS r ON r.id = c.run_id
    ORDER BY c.id DESC LIMIT ?
"""
SNOWFLAKES = ("channel_id", "decided_by")


def read_calls(file: Path) -> list[Payload]:
    """The latest calls, newest first; none while there is no such database, or one without these tables.

    It is opened for reading alone: nothing here can change what the bot has stored, or keep it waiting.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute(QUERY, (SHOWN_CALLS,))]
    except sqlite3.OperationalError as exc:
        _log.debug("the bot's tool calls cannot be read yet: %s", exc)
        return []
    for row in rows:
        row |= {name: None if row[name] is None else str(row[name]) for name in SNOWFLAKES}
    return rows


@asynccontextmanager
async def watching_calls(file: Path, tell: Callable[[list[Payload]], None]) -> AsyncIterator[None]:
    """Tell of the latest calls, at once and whenever they changed."""
    watching = asyncio.create_task(_watch(file, tell))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(file: Path, tell: Callable[[list[Payload]], None]) -> None:
    told: list[Payload] | None = None
    while True:
        calls = await asyncio.to_thread(read_calls, file)
        if calls != told:
            tell(calls)
            told = calls
        await asyncio.sleep(PAUSE_SECONDS)
