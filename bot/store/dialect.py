"""What SQLite and PostgreSQL can both say, but SQLAlchemy has no common word for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.location import SQLITE

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

T = TypeVar("T")
Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"

# SQLite takes conditions of 1000 parts that lie in each other (SQLITE_MAX_EXPR_DEPTH), and a row is three of them.
AT_ONCE = 200


def parts(items: Collection[T]) -> Iterator[tuple[T, ...]]:
    """These items, so many at once as a statement may name."""
    left = tuple(items)
    for first in range(0, len(left), AT_ONCE):
        yield left[first : first + AT_ONCE]


def insert_into(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`, the same one each time."""
    return _insert(connection.dialect.name, table)


@cache
def _insert(dialect: str, table: Table) -> Insert:
    if dialect == SQLITE:
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # megabytes that only a bot on PostgreSQL needs

    return postgresql.insert(table)
