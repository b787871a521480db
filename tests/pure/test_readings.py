"""What was read a moment ago and counts for seconds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.readings import MAX_KEPT, Readings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def test_reading_that_a_change_overtook_is_not_kept() -> None:
    """Who asks after the change was made gets what there is then, also if an older reading ends later."""
    stored, begun, may_end = ["old"], asyncio.Event(), asyncio.Event()

    async def read(_: int) -> str:
        found = stored[0]
        begun.set()
        await may_end.wait()
        return found

    readings = Readings(read, lambda: NOW)
    early = asyncio.create_task(readings.of(1))
    await begun.wait()
    stored[0] = "new"
    readings.changed(1)
    may_end.set()
    assert await early == "old"
    assert await readings.of(1) == "new"


async def test_readings_do_not_grow_for_ever() -> None:
    """The oldest goes when there are too many."""
    asked: list[int] = []

    async def read(key: int) -> int:
        asked.append(key)
        return key

    readings = Readings(read, lambda: NOW)
    for key in range(MAX_KEPT + 1):
        await readings.of(key)
    await readings.of(MAX_KEPT)
    assert len(asked) == MAX_KEPT + 1
    await readings.of(0)
    assert len(asked) == MAX_KEPT + 2
