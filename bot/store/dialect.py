"""What SQLite and PostgreSQL can both say, but SQLAlchemy has no common word for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.location import SQLITE

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert_into(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == SQLITE:
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # megabytes that only a bot on PostgreSQL needs

    return postgresql.insert(table)
