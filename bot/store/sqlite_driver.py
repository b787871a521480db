"""Connections to SQLite that hand each statement to their thread once, and nothing besides.

aiosqlite makes a cursor, executes, fetches and closes in four steps, each handed to the connection's thread and back,
and SQLAlchemy takes all four for every statement, and more for the beginning and the end of a transaction.  Each step
wakes a thread and waits for the other to let go of the interpreter, which takes longer than most statements while a
hundred answers stream.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Self

import aiosqlite


class Connection(aiosqlite.Connection):
    """A connection whose cursors belong to the caller's thread; only statements go to the connection's own.

    A transaction begins with its first statement, and where `only_reads` nobody waits for its end.
    """

    only_reads = False
    _beginning: str | None = None

    def begin(self, beginning: str) -> None:
        """Have the next statement carried out in a transaction that begins like this, as `BEGIN IMMEDIATE`."""
        self._beginning = beginning

    async def commit(self) -> None:
        """Keep what the transaction has changed."""
        if self._awaited_beginning() is None:
            await self._end(self._conn.commit)

    async def rollback(self) -> None:
        """Undo what the transaction has changed."""
        if self._awaited_beginning() is None:
            await self._end(self._conn.rollback)

    def cursor(self) -> Cursor:  # type: ignore[override]  # what SQLAlchemy uses of it is there
        """A cursor for one statement after the other."""
        return Cursor(self._carry_out)

    def stop(self) -> None:
        """Close the connection after what it was given to do, and wait for that and for the end of its thread.

        This is how every close ends, and all that is left of one whose task is cancelled; waiting as others do would
        be cancelled too.  A thread that outlives its loop prints a traceback when it has done.
        """
        super().stop()
        if threading.current_thread() is not self._thread:  # which may be the one that forgets the connection
            self._thread.join()

    def _awaited_beginning(self) -> str | None:
        """How a transaction of which nothing was carried out yet was to begin, which is forgotten by that."""
        beginning, self._beginning = self._beginning, None
        return beginning

    async def _end(self, step: Callable[[], None]) -> None:
        if self.only_reads:  # its thread does one thing after the other, and nothing was changed that could fail
            self._tx.put_nowait((None, step))
        else:
            await self._execute(step)  # type: ignore[no-untyped-call]

    async def _carry_out(self, statement: Callable[[sqlite3.Connection], Result]) -> Result:
        beginning = self._awaited_beginning()
        result: Result = await self._execute(_begun, self._conn, beginning, statement)  # type: ignore[no-untyped-call]
        return result


def _begun(
    connection: sqlite3.Connection, beginning: str | None, statement: Callable[[sqlite3.Connection], Result]
) -> Result:
    if beginning is not None:
        connection.execute(beginning).close()
    return statement(connection)


class Result:
    """What a statement gave, fetched to its end."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        with closing(cursor):
            # Rows first: a statement with RETURNING is not done before the last one, and its count not known.
            self.rows: list[Any] = cursor.fetchall()
            self.description = cursor.description
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid


class Cursor:
    """As much of a cursor as SQLAlchemy's adapter of aiosqlite uses."""

    arraysize = 1

    def __init__(self, carry_out: Callable[[Callable[[sqlite3.Connection], Result]], Any]) -> None:
        self._carry_out = carry_out
        self._result: Result | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Carry out a statement and keep all its rows."""
        self._result = await self._carry_out(lambda connection: Result(connection.execute(sql, tuple(parameters))))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Carry out a statement once for each of the parameters."""
        rows = [tuple(row) for row in parameters]
        self._result = await self._carry_out(lambda connection: Result(connection.executemany(sql, rows)))
        return self

    async def fetchall(self) -> Sequence[Any]:
        """The rows of the last statement."""
        return [] if self._result is None else self._result.rows

    async def close(self) -> None:
        """Forget the rows."""
        self._result = None

    @property
    def description(self) -> Any:
        """The columns of the last statement, as PEP 249 has it."""
        return None if self._result is None else self._result.description

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed; -1 where it changes none."""
        return -1 if self._result is None else self._result.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id of the row that was inserted last."""
        return None if self._result is None else self._result.lastrowid


async def connect(*arguments: Any, **options: Any) -> Connection:
    """A connection to what `sqlite3.connect` opens with these; its thread has ended if it could not be made."""
    driver = Connection(partial(sqlite3.connect, *arguments, **options), iter_chunk_size=64)
    driver._thread.daemon = True  # as SQLAlchemy does where it makes the connection
    await driver
    return driver
