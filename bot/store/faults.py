"""The one place where what a database driver raises becomes an error of ours."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.errors import ConfigurationError, StartupError, StoreError
from bot.store.location import name_of

# By SQLite's primary result code, https://www.sqlite.org/rescode.html: what it means, and what to do about it.
BUSY = "The database is in use by another program. Please try again in a moment."
SQLITE_SENTENCES = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_FULL: "The disk of the database is full. The host has to make room.",
    sqlite3.SQLITE_NOTADB: "The database file is not a database. The host has to move it away, or choose another file.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged. The host has to restore a backup, as docs/backup.md says.",
    sqlite3.SQLITE_READONLY: "The database cannot be written. The host has to make the file and its folder writable.",
    sqlite3.SQLITE_PERM: "The database cannot be written. The host has to make the file and its folder writable.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened. The host has to make it and its folder writable.",
    sqlite3.SQLITE_IOERR: "The disk of the database does not work. The host has to look after it.",
}
# What the system says of the file or its folder before SQLite is asked.
SAME_AS: dict[int | None, int] = {
    errno.EACCES: sqlite3.SQLITE_PERM,
    errno.EPERM: sqlite3.SQLITE_PERM,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.ENOSPC: sqlite3.SQLITE_FULL,
}
PRIMARY_CODE_BITS = 0xFF  # an extended result code holds its primary code in the lowest byte

GONE = "The database file was removed or replaced. The host has to start the bot again."
UNREACHABLE = "The database does not answer. The host has to look after it."
REFUSED = "The database refused what was asked of it."


def sentence_for(error: Exception) -> str:
    """What went wrong in the database, without its own words: those may quote a user's."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code = SAME_AS.get(error.errno) if isinstance(error, OSError) else getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        return SQLITE_SENTENCES.get(code & PRIMARY_CODE_BITS, REFUSED)
    server_is_gone = isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError, OSError))
    return UNREACHABLE if server_is_gone else REFUSED


@contextmanager
def raises_store_error() -> Iterator[None]:
    """Every error of the driver as a StoreError."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as exc:
        raise StoreError(sentence_for(exc)) from exc


@contextmanager
def raises_startup_error(location: URL) -> Iterator[None]:
    """Every error of the driver as a StartupError that names the database."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError) as exc:
        raise StartupError(f"{name_of(location)}: {sentence_for(exc)}") from exc
    except ModuleNotFoundError as exc:
        raise ConfigurationError(f"A database of this kind needs the package {exc.name}: install it first.") from exc
