"""A real database file, and the little that most stories need to be in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.migrate import migrate


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """The address of a database with our tables and nothing in them."""
    address = f"sqlite:///{tmp_path}/parley.db"
    await migrate(address)
    return address


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open database, as one process has it."""
    async with Database.open(url) as opened:
        yield opened


@pytest.fixture
async def other_database(url: str) -> AsyncIterator[Database]:
    """The same database, as a second process has it: connections and turns of its own."""
    async with Database.open(url) as opened:
        yield opened
