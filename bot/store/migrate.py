"""The database brought to the schema of this program: one transaction, all or nothing, by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import DatabaseTooNew, StartupError
from bot.store.database import Database, dispose, make_readers, make_sqlite_engine
from bot.store.faults import raises_startup_error
from bot.store.location import SQLITE, name_of, parse_url, prepare_folder, sqlite_file

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

# A migration may copy a table of millions of rows; who starts meanwhile waits for it.
MAX_WAIT_SECONDS = 60.0

# The transaction is the lock, so that a killed process cannot leave it behind.  SQLite checks no reference while a
# table is rebuilt, because its rows refer to the one it replaces; all are checked before the commit.
SQLITE_PRAGMAS = ("PRAGMA foreign_keys = OFF",)
POSTGRESQL_LOCK = text("SELECT pg_advisory_xact_lock(7233739)")  # any number that nothing else in the database locks


def revisions() -> tuple[str, ...]:
    """The revisions that this program knows, oldest first: each file's name begins with its number."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


async def migrate(url: str) -> None:
    """Make the database, or bring it up to date; does nothing if it is.

    Raises: ConfigurationError, StartupError, DatabaseTooNew; the database is then as it was.
    """
    location = parse_url(url)
    with raises_startup_error(location):
        prepare_folder(location)
        if not await _is_current(location):
            await _upgrade(location)


async def require_current(database: Database) -> None:
    """Check an open database.  Raises: DatabaseTooNew, or StartupError if it is older than this program."""
    async with database.read() as connection:
        if not await _knows(connection, "The database"):
            raise StartupError("The database is older than this program. `make migrate` brings it up to date.")


@asynccontextmanager
async def open_current(url: str) -> AsyncIterator[Database]:
    """A database that is there and up to date, to be used beside the running bot.

    Raises: ConfigurationError, StartupError, DatabaseTooNew.
    """
    file = sqlite_file(parse_url(url))
    if file is not None and not file.exists():
        raise StartupError(f"There is no database {file} yet: `python -m bot run` makes it.")
    async with Database.open(url) as database:
        await require_current(database)
        yield database


def require_known(revision: str, name: str) -> None:
    """Check a database's revision.  Raises: DatabaseTooNew."""
    if revision not in revisions():
        raise DatabaseTooNew(
            f"{name} was written by a newer Parley (revision {revision}). "
            "Update this one, or restore a backup from before the update."
        )


async def _is_current(location: URL) -> bool:
    readers = make_readers(location)
    try:
        async with readers.connect() as connection:
            return await _knows(connection, name_of(location))
    finally:
        await dispose(readers)


async def _knows(connection: AsyncConnection, name: str) -> bool:
    """Whether the database has our newest revision.  Raises: DatabaseTooNew if it has one that we do not know."""
    revision = await connection.run_sync(_read_revision)
    if revision is not None:
        require_known(revision, name)
    return revision == revisions()[-1]


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


async def _upgrade(location: URL) -> None:
    engine = _make_migrator(location)
    try:
        async with engine.begin() as connection:
            if location.get_backend_name() != SQLITE:
                await connection.execute(POSTGRESQL_LOCK)
            if not await _knows(connection, name_of(location)):  # another process may have been faster
                await connection.run_sync(_run_alembic)
                await _require_sound_references(connection)
    finally:
        await dispose(engine)


def _make_migrator(location: URL) -> AsyncEngine:
    if location.get_backend_name() != SQLITE:
        return create_async_engine(location, hide_parameters=True, pool_size=1, max_overflow=0)
    return make_sqlite_engine(
        location,
        max_connections=1,
        begin="BEGIN IMMEDIATE",
        pragmas=SQLITE_PRAGMAS,
        wait_seconds=MAX_WAIT_SECONDS,
    )


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # 12 MB that a start without migration does not pay for
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _require_sound_references(connection: AsyncConnection) -> None:
    if connection.dialect.name != SQLITE:
        return
    if (await connection.execute(text("PRAGMA foreign_key_check"))).first() is not None:
        raise StartupError("The database holds rows that refer to nothing, so it was left as it is. Restore a backup.")
