"""Tasks that are cancelled while they use the database, and a database that is closed while it is used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from bot.store.database import Database
from tests.store.stories import converse
from tests.store.test_database import conversations_in


class CancelledAt:
    """Work whose task is cancelled at the awaits of these numbers, or as soon as what it awaits there is done."""

    def __init__(self, work: Callable[[], Awaitable[None]], awaits: set[int], *, when_done: bool) -> None:
        self.count = 0
        self._work = work
        self._awaits = awaits
        self._when_done = when_done

    def __await__(self) -> Generator[Any, Any, None]:
        work = self._work().__await__()
        step: Callable[[], Any] = work.__next__
        while True:
            try:
                awaited = step()
            except StopIteration:
                return
            self.count += 1
            if self.count in self._awaits:
                self._cancel(awaited)
            step = work.__next__
            try:
                yield awaited
            except asyncio.CancelledError as error:
                step = partial(work.throw, error)

    def _cancel(self, awaited: asyncio.Future[Any] | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._when_done and awaited is not None:
            awaited.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()


async def carried_out(work: CancelledAt) -> bool:
    """Whether the work came to its end; False if it was cancelled."""

    async def carry_out() -> None:
        await work

    task = asyncio.create_task(carry_out())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return not task.cancelled()


@pytest.mark.parametrize("when_done", [False, True], ids=["at once", "when done"])
@pytest.mark.parametrize("between", [None, 1, 2, 3])
async def test_nothing_outlives_a_database_whose_task_is_cancelled(
    url: str, when_done: bool, between: int | None
) -> None:
    """At each await from opening to closing, once and twice, the threads of all connections end with the task."""

    async def use() -> None:
        async with Database.open(url) as database:
            async with database.read() as first, database.read():
                await first.scalar(text("SELECT 1"))
            async with database.write() as connection:
                await connection.execute(text("DELETE FROM conversations"))

    whole = CancelledAt(use, set(), when_done=when_done)
    assert await carried_out(whole)
    before = set(threading.enumerate())
    for number in range(1, whole.count + 1):
        awaits = {number} if between is None else {number, number + between}
        assert not await carried_out(CancelledAt(use, awaits, when_done=when_done)), awaits
        assert set(threading.enumerate()) <= before, awaits


async def test_database_is_closed_when_its_last_transaction_is_over(url: str) -> None:
    """What outlives the app, such as the handler of an event, ends what it began, and may begin nothing more."""
    before = set(threading.enumerate())
    began, go_on = asyncio.Event(), asyncio.Event()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(url))

        async def handle() -> None:
            async with database.write() as connection:
                began.set()
                await go_on.wait()
                await converse(connection)
            await conversations_in(database)

        handler = asyncio.create_task(handle())
        await began.wait()
        closing = asyncio.create_task(stack.pop_all().aclose())
        await asyncio.sleep(0)  # it waits
        go_on.set()
        await closing
    await asyncio.wait([handler])
    assert handler.cancelled()
    assert set(threading.enumerate()) <= before
    async with Database.open(url) as reopened:
        assert await conversations_in(reopened) == 1
