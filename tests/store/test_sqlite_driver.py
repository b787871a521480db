"""What SQLAlchemy is given by the driver for SQLite."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.sqlite_driver import Connection, connect


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    """An open connection to a new file with one table."""
    opened = await connect(tmp_path / "test.db", timeout=1.0, isolation_level=None)
    await opened.cursor().execute("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT UNIQUE)")
    yield opened
    await opened.close()


async def test_cursor_keeps_rows_and_columns_of_its_statement(connection: Connection) -> None:
    """A statement is fetched to its end in the one step that carries it out."""
    cursor = await connection.cursor().execute("SELECT ? AS one, 2 AS two UNION SELECT 3, 4", ("1",))
    assert sorted(map(str, await cursor.fetchall())) == ["('1', 2)", "(3, 4)"]
    assert [column[0] for column in cursor.description] == ["one", "two"]


async def test_cursor_counts_what_was_changed(connection: Connection) -> None:
    """Insertions with and without RETURNING, and many at once, tell how many rows and the last id."""
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO words (word) VALUES (?)", [("a",), ("b",)])
    assert (cursor.rowcount, cursor.description) == (2, None)
    await cursor.execute("INSERT INTO words (word) VALUES (?), (?) RETURNING id", ("c", "d"))
    assert (cursor.rowcount, await cursor.fetchall(), cursor.lastrowid) == (2, [(3,), (4,)], 4)
    await cursor.execute("UPDATE words SET word = upper(word)")
    assert cursor.rowcount == 4
    await cursor.close()
    assert await cursor.fetchall() == []


async def test_failing_statement_raises_the_drivers_error_and_leaves_the_connection_usable(
    connection: Connection,
) -> None:
    """SQLAlchemy translates the errors of `sqlite3`, so these have to come through."""
    cursor = await connection.cursor().execute("INSERT INTO words (word) VALUES ('a')")
    with pytest.raises(sqlite3.IntegrityError):
        await cursor.execute("INSERT INTO words (word) VALUES ('a')")
    await cursor.execute("SELECT count(*) FROM words")
    assert await cursor.fetchall() == [(1,)]


@pytest.mark.parametrize("only_reads", [False, True])
async def test_transaction_begins_with_its_first_statement_and_ends(connection: Connection, only_reads: bool) -> None:
    """Whether or not somebody waits for the end, what comes next is carried out after it."""
    connection.only_reads = only_reads
    cursor = connection.cursor()
    connection.begin("BEGIN IMMEDIATE")
    assert not connection.in_transaction
    await cursor.execute("INSERT INTO words (word) VALUES ('kept')")
    assert connection.in_transaction
    await connection.commit()
    connection.begin("BEGIN IMMEDIATE")
    await cursor.execute("INSERT INTO words (word) VALUES ('undone')")
    await connection.rollback()
    await cursor.execute("SELECT word FROM words")
    assert await cursor.fetchall() == [("kept",)]
    assert not connection.in_transaction


async def test_transaction_without_a_statement_never_begins(connection: Connection) -> None:
    """So that it leaves no beginning behind for the next one, which would be kept open by it."""
    for end in (connection.commit, connection.rollback):
        connection.begin("BEGIN IMMEDIATE")
        await end()
        await connection.cursor().execute("INSERT INTO words (word) VALUES (hex(randomblob(4)))")
        assert not connection.in_transaction


async def test_file_that_cannot_be_opened_is_an_error_at_once(tmp_path: Path) -> None:
    """And no thread stays behind."""
    before = threading.active_count()
    with pytest.raises(sqlite3.OperationalError):
        await connect(tmp_path / "missing" / "test.db", timeout=1.0, isolation_level=None)
    assert threading.active_count() <= before + 1  # one of the loop's own may have been started to wait for it
