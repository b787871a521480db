"""Where the database is: its address, read once and strictly."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import ConfigurationError, StartupError

SQLITE = "sqlite"
DRIVERS = {SQLITE: "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def parse_url(url: str) -> URL:
    """The address with the driver that we use.  Raises: ConfigurationError."""
    try:
        location = make_url(url)
    except ArgumentError as exc:
        raise ConfigurationError(
            "DATABASE_URL is not the address of a database; sqlite:///data/parley.db is one."
        ) from exc
    driver = DRIVERS.get(location.get_backend_name())
    if driver is None:
        raise ConfigurationError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if driver == DRIVERS[SQLITE] and location.database in (None, "", ":memory:"):
        raise ConfigurationError("DATABASE_URL must name a file, such as sqlite:///data/parley.db.")
    return location.set(drivername=driver)


def sqlite_file(location: URL) -> Path | None:
    """The file of a SQLite database, None for any other."""
    if location.get_backend_name() != SQLITE or location.database is None:
        return None
    return Path(location.database)


def prepare_folder(location: URL) -> None:
    """Make the folder of a SQLite file.  Raises: StartupError."""
    file = sqlite_file(location)
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StartupError(
            f"The folder {file.parent} for the database cannot be made ({exc.strerror}). "
            "Make it writable, or set DATABASE_URL to a file elsewhere."
        ) from exc


def require_writable(location: URL) -> None:
    """Check a SQLite file, of which SQLite says so only at the first change.  Raises: PermissionError."""
    file = sqlite_file(location)
    if file is not None and not os.access(file, os.W_OK):
        raise PermissionError(errno.EACCES, "not writable", str(file))


def identity(file: Path | None) -> tuple[int, int] | None:
    """Which file has this name now, as device and inode; None if there is none."""
    try:
        found = None if file is None else file.stat()
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def name_of(location: URL) -> str:
    """How a person knows the database: its file, or its address without the password."""
    file = sqlite_file(location)
    return location.render_as_string(hide_password=True) if file is None else str(file)
