"""The database: turns, transactions, and faults in words."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import ConfigurationError, StartupError, StoreError
from bot.store.database import MAX_READERS, Database
from bot.store.migrate import migrate
from tests.store.stories import converse


async def conversations_in(database: Database) -> int:
    """How many conversations a new reader sees."""
    async with database.read() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM conversations")) or 0)


async def pragma(database: Database, name: str) -> tuple[object, object]:
    """What a reader and a writer are set to."""
    async with database.read() as reader, database.write() as writer:
        return await reader.scalar(text(f"PRAGMA {name}")), await writer.scalar(text(f"PRAGMA {name}"))


async def test_database_is_opened_as_it_must_be(database: Database) -> None:
    """Write-ahead log, references that are checked, patience with other processes; readers cannot write."""
    assert await pragma(database, "journal_mode") == ("wal", "wal")
    assert await pragma(database, "foreign_keys") == (1, 1)
    assert await pragma(database, "busy_timeout") == (15_000, 15_000)
    assert await pragma(database, "synchronous") == (1, 1)
    assert await pragma(database, "query_only") == (1, 0)


async def test_reader_cannot_write(database: Database) -> None:
    """A statement that changes something is refused where only reading was asked for."""

    async def write_as_reader() -> None:
        async with database.read() as connection:
            await converse(connection)

    with pytest.raises(StoreError, match="cannot be written"):
        await write_as_reader()
    assert await conversations_in(database) == 0


async def test_reader_sees_one_state(database: Database, other_database: Database) -> None:
    """What is committed while a transaction reads is seen by the next, not half by this one."""
    count = text("SELECT count(*) FROM conversations")
    async with database.read() as reader:
        assert await reader.scalar(count) == 0
        async with other_database.write() as writer:
            await converse(writer)
        assert await reader.scalar(count) == 0
    assert await conversations_in(database) == 1


async def test_writers_of_a_process_take_turns(database: Database) -> None:
    """Who comes first writes first, and one that writes again and again cannot keep another waiting."""
    turns: list[str] = []

    async def write(name: str) -> None:
        for _ in range(5):
            async with database.write() as connection:
                turns.append(name)
                await converse(connection, len(turns))

    await asyncio.gather(write("a"), write("b"), write("c"))
    assert turns == ["a", "b", "c"] * 5
    assert await conversations_in(database) == 15


@pytest.mark.parametrize("cancels", [1, 2])
async def test_cancelled_writer_gives_its_lock_back(database: Database, cancels: int) -> None:
    """A task cancelled in the middle of a statement takes its changes with it, and the next one writes at once.

    Nobody else has to wait for that statement, not even if the task is cancelled again.
    """
    loop, at_work, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    told: list[bool] = []

    def announce() -> int:
        loop.call_soon_threadsafe(at_work.set)
        told.append(go_on.wait(5))
        return 1

    async def write() -> None:
        async with database.write() as connection:
            await converse(connection, 1)
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.create_function("announce", 0, announce)
            await connection.execute(text("SELECT announce() UNION ALL SELECT 2"))

    task = asyncio.create_task(write())
    await at_work.wait()
    for _ in range(cancels):
        task.cancel()
        await asyncio.sleep(0)  # the cancel is delivered
    go_on.set()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    async with asyncio.timeout(5):  # less than the busy timeout, in which a forgotten lock would show
        async with database.write() as connection:
            await converse(connection, 2)
    assert await conversations_in(database) == 1
    assert told == [True]
    assert cancelled.tb is not None  # a traceback holds the cursors of the cancelled task until here


async def test_reference_to_nothing_is_refused(database: Database) -> None:
    """A row that refers to a row that is not there is never stored."""

    async def refer_to_nothing() -> None:
        async with database.write() as connection:
            await connection.execute(
                text("INSERT INTO run_events (run_id, at, cause, to_status) VALUES (9, 0, '', '')")
            )

    with pytest.raises(StoreError, match="refused"):
        await refer_to_nothing()


async def test_full_disk_is_said_in_a_sentence_and_overcome(database: Database) -> None:
    """With no room nothing is stored and the error says so; with room again, the same database goes on."""

    async def fill() -> None:
        async with database.write() as connection:
            await connection.execute(text("PRAGMA max_page_count = 1"))
            for place_id in range(10_000):
                await converse(connection, place_id)

    with pytest.raises(StoreError, match="disk of the database is full"):
        await fill()
    async with database.write() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1000000"))
        await converse(connection)
    assert await conversations_in(database) == 1


async def test_folder_of_the_database_is_made(tmp_path: Path) -> None:
    """A fresh clone has no data folder, and needs no command to make one."""
    url = f"sqlite+aiosqlite:///{tmp_path}/data/deep/parley.db"
    await migrate(url)
    async with Database.open(url) as database:
        assert await conversations_in(database) == 0
    assert (tmp_path / "data" / "deep" / "parley.db").exists()


async def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The wrong file is left as it is, and the sentence says which and what to do."""
    (tmp_path / "notes.txt").write_text("not a database, but many words about one " * 20)
    before = (tmp_path / "notes.txt").read_bytes()
    for begin in (migrate, opened):
        with pytest.raises(StartupError, match=r"notes\.txt: The database file is not a database"):
            await begin(f"sqlite:///{tmp_path}/notes.txt")
    assert (tmp_path / "notes.txt").read_bytes() == before


async def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Where a file stands in the way of the folder, the sentence says which folder, and to make it writable."""
    (tmp_path / "data").write_text("in the way")
    for begin in (migrate, opened):
        with pytest.raises(StartupError, match=r"data/deep for the database cannot be made .* Make it writable"):
            await begin(f"sqlite:///{tmp_path}/data/deep/parley.db")


async def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A folder in the place of the file is told from a file."""
    for begin in (migrate, opened):
        with pytest.raises(StartupError, match="The database file cannot be opened"):
            await begin(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "is not the address of a database"),
        ("mysql://host/parley", "must begin with sqlite:/// or postgresql://"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
    ],
)
async def test_wrong_address_is_a_matter_of_configuration(url: str, sentence: str) -> None:
    """An address that can never work is told from a database that does not work today."""
    for begin in (migrate, opened):
        with pytest.raises(ConfigurationError, match=sentence):
            await begin(url)


async def opened(url: str) -> None:
    """Open a database and close it."""
    async with Database.open(url):
        pass


async def test_database_that_another_program_holds_is_said(url: str, tmp_path: Path) -> None:
    """Once patience has run out, the error says that another program is in the way."""
    holder = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)

    async def write(database: Database) -> None:
        async with database.write() as connection:
            await converse(connection)

    async with Database.open(url) as database:
        async with database.write() as connection:
            await connection.execute(text("PRAGMA busy_timeout = 1"))
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="in use by another program"):
            await write(database)
        holder.execute("COMMIT")
        await write(database)
        assert await conversations_in(database) == 1
    holder.close()


async def test_removed_file_takes_nothing_more(url: str, tmp_path: Path) -> None:
    """What would go into a file that nobody finds any more is refused, and the watch ends in a sentence."""

    async def write(database: Database) -> None:
        async with database.write() as connection:
            await converse(connection)

    async with Database.open(url) as database:
        await write(database)
        (tmp_path / "parley.db").rename(tmp_path / "elsewhere.db")
        await migrate(url)  # another file of that name is not ours either
        with pytest.raises(StoreError, match="removed or replaced"):
            await write(database)
        with pytest.raises(StartupError, match=r"parley\.db: .* start the bot again"):
            await database.watch()


async def test_those_who_wait_in_line_are_told_as_soon_as_the_first(url: str, tmp_path: Path) -> None:
    """Many writers behind one that waits for another program do not wait one after the other."""
    holder = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)

    async def write(database: Database) -> None:
        async with database.write() as connection:
            await converse(connection)

    async with Database.open(url, wait_seconds=0.5) as database:
        holder.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(5):  # in line it would take 15
            results = await asyncio.gather(*(write(database) for _ in range(30)), return_exceptions=True)
        assert {str(result) for result in results} == {
            "The database is in use by another program. Please try again in a moment."
        }
        holder.execute("COMMIT")
        await write(database)
    holder.close()


async def test_reader_waits_for_a_connection_no_longer_than_for_the_database(url: str) -> None:
    """Where every connection is taken, one more reader gets a sentence after the same patience."""
    async with Database.open(url, wait_seconds=0.1) as database, AsyncExitStack() as readers:
        for _ in range(MAX_READERS):
            await readers.enter_async_context(database.read())
        with pytest.raises(StoreError, match="does not answer"):
            async with asyncio.timeout(5):  # the pool's own patience is 30
                await conversations_in(database)
