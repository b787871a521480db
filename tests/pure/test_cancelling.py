"""A cancel that the work forgets is not lost, and one that comes before its end waits."""

from __future__ import annotations

import asyncio

import pytest

from bot.cancelling import finished, surely_cancelled


async def test_cancel_reaches_work_that_forgets_the_first_one() -> None:
    """As a bot that is told to stop in the moment in which discord.py's wait for a connection is over."""
    begun, forgot = asyncio.Event(), asyncio.Event()

    async def forgetful() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            forgot.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(surely_cancelled(forgetful()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert forgot.is_set()


async def test_work_that_ends_by_itself_gives_what_it_gives() -> None:
    """Its result and its errors are those of the work."""

    async def work(number: int) -> int:
        return 12 // number

    assert await surely_cancelled(work(3)) == 4
    with pytest.raises(ZeroDivisionError):
        await surely_cancelled(work(0))


async def test_work_is_finished_before_a_cancel_has_its_way() -> None:
    """Cancelled twice, the caller waits for the work and is cancelled then, even if the work fails."""
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.set()
        raise ValueError

    task = asyncio.create_task(finished(work()))
    await begun.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)  # the cancel is delivered
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
