"""The database: opened once by the app, read by many, written by one at a time."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Self, TypeAlias, cast

import aiosqlite
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.cancelling import finished
from bot.errors import StartupError, StoreError
from bot.store import sqlite_driver
from bot.store.faults import BUSY, GONE, raises_startup_error, raises_store_error
from bot.store.location import SQLITE, identity, name_of, parse_url, prepare_folder, require_writable, sqlite_file

log = logging.getLogger(__name__)

# How long a statement waits for another process, and a task for those before it.  Ten seconds of another program are to
# be got over; the rest is for whoever comes second, and for a machine that has much to do.
BUSY_TIMEOUT_SECONDS = 15.0
BUSY_PAUSE_SECONDS = 0.05  # between two attempts, where SQLite does not wait by itself

# How soon a removed file ends the bot; nothing is written meanwhile, see Database.write.
LOOK_AFTER_FILE_SECONDS = 2.0

# A read lasts less than a millisecond, so a few serve hundreds of conversations; each costs a thread and a cache.
MAX_READERS = 3

# PostgreSQL writes side by side; a default server allows 100 connections in all, shared by all our processes.
MAX_POSTGRESQL_WRITERS = 4

# With the write-ahead log, NORMAL keeps every commit through the death of the process, and the file sound through the
# loss of power; FULL would wait for the disk at each commit to keep the last few through a loss of power as well.
SQLITE_PRAGMAS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -1024",  # KiB for each connection; the operating system caches the file anyway
)
SQLITE_READ_ONLY = "PRAGMA query_only = ON"

# What `read` and `write` yield; callers pass it on and know no more of it.
Transaction: TypeAlias = AsyncConnection


class Uses:
    """The transactions under way, so that a database is not closed under them.

    discord.py awaits none of the handlers of its events, so the last of them may outlive the app for a moment.
    """

    def __init__(self) -> None:
        self._count = 0
        self._has_ended = False
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One transaction; who comes after the end is cancelled, as the end of the loop would do soon."""
        if self._has_ended:
            raise asyncio.CancelledError
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def end(self) -> None:
        """Take no more, and wait for those under way, even in a task that is cancelled meanwhile."""
        self._has_ended = True
        await finished(self._none.wait())


class Database:
    """An open database.

    `read` and `write` each yield a connection inside one transaction, which is committed at the end of the block, or
    rolled back if the block raises.  Raises: StoreError, in place of every error of the driver.
    """

    def __init__(self, location: URL, readers: AsyncEngine, writers: AsyncEngine, wait_seconds: float) -> None:
        is_sqlite = location.get_backend_name() == SQLITE
        self._name = name_of(location)
        self._file = sqlite_file(location)
        self._identity = identity(self._file)
        self._readers = readers
        self._writers = writers
        self._wait_seconds = wait_seconds
        # First come, first served, where writers that wait in SQLite's busy timeout poll, and the unlucky starve.
        self._turns = asyncio.Semaphore(1 if is_sqlite else MAX_POSTGRESQL_WRITERS)
        self._uses = Uses()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, wait_seconds: float = BUSY_TIMEOUT_SECONDS) -> AsyncIterator[Self]:
        """An open database; the folder of a SQLite file is made.  Raises: ConfigurationError, StartupError.

        `wait_seconds` is how long to wait for another process, and as long again for one's turn.
        """
        location = parse_url(url)
        async with AsyncExitStack() as stack:
            with raises_startup_error(location):
                prepare_folder(location)
                writers, readers = make_writers(location, wait_seconds), make_readers(location, wait_seconds)
                stack.push_async_callback(dispose, writers)
                stack.push_async_callback(dispose, readers)
                for engine in (writers, readers):
                    async with engine.connect() as connection:
                        await connection.execute(text("SELECT 1"))
                require_writable(location)
            database = cls(location, readers, writers, wait_seconds)
            stack.push_async_callback(database._uses.end)
            yield database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the database and cannot change it."""
        with self._uses.one(), raises_store_error():
            async with self._readers.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection that may change the database; hold it briefly, and never while waiting for the network."""
        with self._uses.one(), raises_store_error():
            async with self._turn(), self._writers.begin() as connection:
                yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._turns.acquire()
        except TimeoutError as exc:
            raise StoreError(BUSY) from exc
        try:
            if not self._is_in_place():
                raise StoreError(GONE)
            yield
        finally:
            self._turns.release()

    async def watch(self) -> None:
        """Look after the file until cancelled.  Raises: StartupError once it was removed or replaced.

        The connections would go on writing into the file that nobody finds any more.
        """
        while True:
            if not self._is_in_place():
                sentence = f"{self._name}: {GONE}"
                log.error("%s", sentence)
                raise StartupError(sentence)
            await asyncio.sleep(LOOK_AFTER_FILE_SECONDS)

    def _is_in_place(self) -> bool:
        return identity(self._file) == self._identity


async def dispose(engine: AsyncEngine) -> None:
    """Close the connections of an engine, all of them even if the task is cancelled meanwhile."""
    await finished(engine.dispose())


def make_readers(location: URL, wait_seconds: float = BUSY_TIMEOUT_SECONDS) -> AsyncEngine:
    """Connections that cannot write."""
    if location.get_backend_name() == SQLITE:
        return make_sqlite_engine(
            location,
            max_connections=MAX_READERS,
            begin="BEGIN",
            pragmas=(*SQLITE_PRAGMAS, SQLITE_READ_ONLY),
            wait_seconds=wait_seconds,
        )
    engine = create_async_engine(
        location, hide_parameters=True, pool_size=MAX_READERS, max_overflow=0, pool_timeout=wait_seconds
    )
    return engine.execution_options(postgresql_readonly=True)


def make_writers(location: URL, wait_seconds: float = BUSY_TIMEOUT_SECONDS) -> AsyncEngine:
    """Connections whose transactions begin as writers: in SQLite a reader that turns writer may fail at once."""
    if location.get_backend_name() == SQLITE:
        return make_sqlite_engine(
            location, max_connections=1, begin="BEGIN IMMEDIATE", pragmas=SQLITE_PRAGMAS, wait_seconds=wait_seconds
        )
    return create_async_engine(location, hide_parameters=True, pool_size=MAX_POSTGRESQL_WRITERS, max_overflow=0)


def make_sqlite_engine(
    location: URL,
    *,
    max_connections: int,
    begin: str,
    pragmas: tuple[str, ...],
    wait_seconds: float,
) -> AsyncEngine:
    """Connections to a SQLite file whose transactions begin by our word: the driver's own beginnings are off."""
    engine = create_async_engine(
        location,
        hide_parameters=True,  # an error must not bring people's words into the log
        pool_size=max_connections,
        max_overflow=0,
        pool_timeout=wait_seconds,  # else 30 s, and whoever waits for a connection waits behind others who wait
        connect_args={
            "async_creator_fn": sqlite_driver.connect,
            "timeout": wait_seconds,
            "isolation_level": None,
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.run_async(use_write_ahead_log)
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()
        driver: Any = connection.driver_connection
        driver.only_reads = SQLITE_READ_ONLY in pragmas

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        driver_of(connection).begin(begin)

    @event.listens_for(engine.sync_engine, "invalidate")
    def give_up(connection: DBAPIConnection, _: ConnectionPoolEntry, __: BaseException | None) -> None:
        # SQLAlchemy closes the connection of a task that was cancelled, and if it is cancelled again the driver keeps
        # everybody waiting until the statement is done, which may itself be waiting for another process.
        connection.rollback()

    return engine


def driver_of(connection: Connection) -> sqlite_driver.Connection:
    """What SQLAlchemy's connection to a SQLite file stands on, for those who listen to its events."""
    return cast("sqlite_driver.Connection", connection.connection.driver_connection)


async def use_write_ahead_log(driver: aiosqlite.Connection) -> None:
    """Let readers and a writer work side by side, from now on and for everyone who opens the file.

    The change needs the file for itself for a moment, and SQLite fails at once where it would else be patient.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            async with driver.execute("PRAGMA journal_mode = WAL"):
                return
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            await asyncio.sleep(BUSY_PAUSE_SECONDS)
