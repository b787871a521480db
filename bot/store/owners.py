"""Who owns leases: a name for each process, and a lock by which others on its disk see at once that it has died.

The system lets go of a lock when its process ends, however it ends, so that a bot that was killed and started again
need not wait for its own old leases.  Where there are no such locks, a lease ends by its time alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self
from uuid import uuid4

from bot.store.faults import raises_startup_error
from bot.store.location import parse_url, prepare_folder, sqlite_file

if sys.platform != "win32":
    import fcntl


class Owner:
    """This process, for as long as it lives."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.name = uuid4().hex

    @classmethod
    @contextmanager
    def alive(cls, url: str) -> Iterator[Self]:
        """An owner whose lock is held until the end of the block.  Raises: ConfigurationError, StartupError."""
        location = parse_url(url)
        prepare_folder(location)
        file = sqlite_file(location)
        if file is None or sys.platform == "win32":
            yield cls(None)
            return
        owner = cls(file.with_name(f"{file.name}-owners"))
        path = owner._lock_of(owner.name)
        with raises_startup_error(location):
            path.parent.mkdir(exist_ok=True)
            lock = path.open("w")
        with lock:
            with raises_startup_error(location):
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield owner
            finally:
                path.unlink(missing_ok=True)

    def is_dead(self, name: str) -> bool:
        """Whether another owner is known to have died; False where that cannot be seen."""
        if self._folder is None:
            return False
        path = self._lock_of(name)
        try:
            with path.open() as lock:
                if _is_held(lock):
                    return False
            path.unlink(missing_ok=True)
        except FileNotFoundError:
            # It ended in order, or the database was copied here without its owners.  Where our own lock is gone too,
            # all were cleared away, and those of the living with them.
            return self._lock_of(self.name).exists()
        except OSError:
            return False  # no file can be opened just now, or there are no locks here: its lease will tell
        return True

    def _lock_of(self, name: str) -> Path:
        if self._folder is None:
            raise ValueError("An owner without locks has no files.")
        return self._folder / name


def _is_held(lock: IO[str]) -> bool:
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
