"""The bot as a process that can be started again on the same database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from bot.app import assembled
from bot.client import ParleyClient
from bot.settings import Settings


class Process:
    """One bot at a time; each start opens everything anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def start(self) -> ParleyClient:
        """A fresh bot in place of the one before; its worker begins when simcord has logged it in."""
        await self._open.aclose()
        return await self._open.enter_async_context(working(self._settings))


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[ParleyClient]:
    """The bot and what it does in the background for people, to the end of the block."""
    async with assembled(settings) as parley:
        background = parley.work(), parley.keep_commands(), parley.forgetting.run()
        tasks = [asyncio.create_task(each) for each in background]
        try:
            yield parley.client
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
