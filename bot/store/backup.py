"""A copy of the database while the bot runs: whole and checked before it gets its name.

`VACUUM INTO` rather than SQLite's backup API.  Both read one state and, with the write-ahead log, keep no writer
waiting; but the API in steps begins again whenever the bot writes, and in one step copies the free pages too, in which
stands what was deleted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigurationError, StoreError
from bot.store.database import BUSY_TIMEOUT_SECONDS
from bot.store.faults import PRIMARY_CODE_BITS, SQLITE_SENTENCES, sentence_for
from bot.store.location import parse_url, sqlite_file
from bot.store.migrate import require_known

BYTES_PER_MB = 1_000_000
STEPS_PER_LOOK = 10_000  # of SQLite's machine, a millisecond's worth, between two looks for Ctrl+C

# A run that began after the copy has given its id to buttons in Discord.  After a restore those must mean nothing, and
# not somebody else's answer, so the copy goes on counting where no bot will have come meanwhile.
LEAVE_OUT_IDS = "UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = 'runs'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a copy holds."""

    file: Path
    size_bytes: int
    conversations: int
    messages: int

    def __str__(self) -> str:
        held = f"{counted(self.conversations, 'conversation')} and {counted(self.messages, 'message')}"
        return f"{self.file} holds {held} ({self.size_bytes / BYTES_PER_MB:.1f} MB)."


def counted(number: int, noun: str) -> str:
    """A number of things, in words for a person."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


async def back_up(url: str, file: Path) -> Backup:
    """A copy of the database as it was at one moment, in a file that was not there before.

    Raises: ConfigurationError, DatabaseTooNew, StoreError; nothing is left behind then, nor when it is cancelled.
    """
    source = sqlite_file(parse_url(url))
    if source is None:
        raise ConfigurationError("Only a SQLite database is copied like this; pg_dump copies one of PostgreSQL.")
    stop = threading.Event()
    try:
        return await asyncio.to_thread(_back_up, source, file, stop)
    finally:
        stop.set()


def _back_up(source: Path, file: Path, stop: threading.Event) -> Backup:
    _require_free(file)
    if not source.exists():
        raise StoreError(f"There is no database {source}: check DATABASE_URL.")
    if not file.parent.is_dir():
        raise StoreError(f"There is no folder {file.parent}: make it first, or name a file elsewhere.")
    with _raises_store_error(source, file), tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        copy = Path(folder, file.name)
        _copy(source, copy, stop)
        backup = _finish(copy, file, stop)
        shutil.copymode(source, copy)  # who may not read the database may not read its copy
        _require_free(file)
        copy.rename(file)
    return backup


def _require_free(file: Path) -> None:
    if file.exists():
        raise StoreError(f"{file} is there already and is kept as it is: name another file.")


def _copy(source: Path, copy: Path, stop: threading.Event) -> None:
    with _opened(source, stop) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            raise StoreError(f"{source} is no database of Parley: check DATABASE_URL.")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        require_known(revision, str(source))
        connection.execute("VACUUM INTO ?", (str(copy),))


def _finish(copy: Path, file: Path, stop: threading.Event) -> Backup:
    """What is in a copy that is sound, and on the disk for good."""
    with _opened(copy, stop) as connection:
        if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise StoreError(SQLITE_SENTENCES[sqlite3.SQLITE_CORRUPT])
        connection.execute(LEAVE_OUT_IDS)
        (conversations,) = connection.execute("SELECT count(*) FROM conversations").fetchone()
        (messages,) = connection.execute("SELECT count(*) FROM messages").fetchone()
    with copy.open("rb+") as written:
        os.fsync(written.fileno())
    return Backup(file=file, size_bytes=copy.stat().st_size, conversations=conversations, messages=messages)


@contextmanager
def _opened(file: Path, stop: threading.Event) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is there; what it does ends soon after `stop` is set."""
    address = f"{file.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)) as connection:
        connection.set_progress_handler(stop.is_set, STEPS_PER_LOOK)
        yield connection


@contextmanager
def _raises_store_error(source: Path, file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        if exc.sqlite_errorcode & PRIMARY_CODE_BITS == sqlite3.SQLITE_FULL:
            raise StoreError(f"There is no room for {file}: make some, or name a file on another disk.") from exc
        raise StoreError(f"{source}: {sentence_for(exc)}") from exc
    except OSError as exc:
        raise StoreError(f"{file} cannot be written ({exc.strerror}): name a file elsewhere.") from exc
