"""What was learnt lately: asked for once, and not believed for long."""

from __future__ import annotations

import asyncio

import pytest

from bot.recent import KEPT_SECONDS, Recent


class Source:
    """Answers with the number of times that it was asked, when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 100.0
        self.let = asyncio.Event()

    async def ask(self) -> int:
        """How often it was asked by now."""
        self.asked += 1
        await self.let.wait()
        return self.asked


async def test_recent_asks_once_for_all_who_come_at_once() -> None:
    """Twenty who need the same thing make one request, and later ones none."""
    source, recent = Source(), Recent[int]()
    waiting = [asyncio.create_task(recent.get("ada", source.ask)) for _ in range(20)]
    source.let.set()
    assert await asyncio.gather(*waiting) == [1] * 20
    assert await recent.get("ada", source.ask) == 1
    assert await recent.get("grace", source.ask) == 2


async def test_recent_forgets_what_is_old() -> None:
    """What was seen is believed for a minute, and what is seen again for another one."""
    source = Source()
    source.let.set()
    recent = Recent[int](lambda: source.now)
    recent.keep("ada", 7)
    source.now += KEPT_SECONDS - 1
    assert await recent.get("ada", source.ask) == 7
    source.now += 1
    assert await recent.get("ada", source.ask) == 1


async def test_recent_keeps_the_newest() -> None:
    """Its number is bounded; that nothing is there is worth remembering too."""
    source = Source()
    source.let.set()
    recent = Recent[int](max_kept=2)
    for name in ("ada", "grace", "ada", "linus"):
        recent.keep(name, None)
    assert [await recent.get(name, source.ask) for name in ("ada", "linus")] == [None, None]
    assert await recent.get("grace", source.ask) == 1


async def test_recent_keeps_nothing_of_what_failed() -> None:
    """The next one asks again, also where the one who asked gave up."""
    source, recent = Source(), Recent[int]()
    first, second = (asyncio.create_task(recent.get("ada", source.ask)) for _ in range(2))
    await asyncio.wait([first], timeout=0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.let.set()
    assert await second == 2
