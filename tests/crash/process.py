"""The bot as a process that starts in a third of a second, may be killed, and is followed from here."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection as Line
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Self

from bot.client import COGS
from tests.crash import driver

FORKS = multiprocessing.get_context("forkserver")
# What takes most of the time of a start is imported once, by the process from which all bots are forked.
FORKS.set_forkserver_preload(["bot.app", *(f"cogs.{file.stem}" for file in COGS.glob("[!_]*.py")), driver.__name__])


class BotProcess:
    """One life of the bot.

    `points` counts the moments before and after its commits; `changed` is called with each, and with its end.
    """

    def __init__(self, process: ForkServerProcess, line: Line, changed: Callable[[], None]) -> None:
        self.points = 0
        self.ended = asyncio.Event()
        self._process = process
        self._line = line
        self._changed = changed
        asyncio.get_running_loop().add_reader(line.fileno(), self._hear)

    @classmethod
    def start(cls, environment: Mapping[str, str], log_file: Path, changed: Callable[[], None]) -> Self:
        """A bot that begins to run with this environment."""
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=driver.run_bot, args=(dict(environment), log_file, theirs), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours, changed)

    def kill_at(self, number: int) -> None:
        """Let it die at this one of the points to come, counted from 1."""
        self._line.send(number)

    def kill(self) -> None:
        """End it at once, as the kernel does."""
        self._signal(signal.SIGKILL)

    def tell_to_stop(self) -> None:
        """Ask it to end in order."""
        self._signal(signal.SIGTERM)

    async def exit_code(self) -> int | None:
        """How it ended; a signal's number with a minus if it was killed."""
        await self.ended.wait()
        return self._process.exitcode

    def _signal(self, number: signal.Signals) -> None:
        if self._process.pid is not None and not self.ended.is_set():
            os.kill(self._process.pid, number)

    def _hear(self) -> None:
        try:
            while self._line.poll():
                self._line.recv()
                self.points += 1
        except (EOFError, ConnectionResetError):
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self._line.close()
            self._process.join()
            self.ended.set()
        self._changed()
