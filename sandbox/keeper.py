"""Keeps the world's file up to date while the sandbox runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.house import House
from sandbox.semantics import Engine
from sandbox.state_file import dump, save

_log = logging.getLogger(__name__)

PAUSE_SECONDS = 3.0  # a streamed answer changes the world several times a second; one write for all of them


@asynccontextmanager
async def keeping(path: Path, engine: Engine, house: House) -> AsyncIterator[None]:
    """Write the world some seconds after it changed, and once more at the end."""
    changed = asyncio.Event()
    engine.subscribers.append(lambda _event, _payload: changed.set())
    engine.change_listeners.append(changed.set)
    writing = asyncio.create_task(_write_changes(path, engine, house, changed))
    try:
        yield
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        save(path, dump(engine, house))


async def _write_changes(path: Path, engine: Engine, house: House, changed: asyncio.Event) -> None:
    while True:
        await changed.wait()
        await asyncio.sleep(PAUSE_SECONDS)
        changed.clear()
        state = dump(engine, house)
        try:
            await asyncio.to_thread(save, path, state)
        except OSError as exc:
            _log.error("the sandbox's world could not be written to %s: %s", path, exc)
