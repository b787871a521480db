"""The bot in a forked process that can be told to kill itself before or after any commit."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection as Line
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from bot.__main__ import main
from bot.store.database import driver_of

WRITES, COMMITTED = "writes", "committed"


def run_bot(environment: Mapping[str, str], log_file: Path, line: Line) -> None:
    """Run the bot as `python -m bot run` does, with this environment and no other, and end with its exit code."""
    os.environ.clear()
    os.environ.update(environment)
    with log_file.open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    threading.Thread(target=die_with_parent, daemon=True).start()
    watch_commits(Fuse(line))
    sys.exit(main(["--env-file", os.devnull, "run"]))


def die_with_parent() -> None:
    """Leave nothing behind where the tests themselves are killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


class Fuse:
    """Tells the other end of a line of each point that is reached, and kills the process at the one it was told."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._left = 0

    def burn(self) -> None:
        """A point is reached."""
        while self._line.poll():
            self._left = self._line.recv()
        if self._left == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        self._line.send(None)


def watch_commits(fuse: Fuse) -> None:
    """Burn a fuse before and after each commit of every transaction that may write."""

    def begin(connection: Connection) -> None:
        if not driver_of(connection).only_reads:
            connection.info[WRITES] = True

    def before(connection: Connection) -> None:
        if connection.info.pop(WRITES, False):
            fuse.burn()
            connection.info[COMMITTED] = True

    def after(_driver: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        if entry.info.pop(COMMITTED, False):
            fuse.burn()

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "commit", before)
    event.listen(Pool, "checkin", after)  # the first that SQLAlchemy tells after a commit
