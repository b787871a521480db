"""What every walk starts with."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.store.migrate import migrate
from tests.crash.walk import Walk


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with our tables and nothing in them."""
    file = tmp_path_factory.mktemp("empty") / "parley.db"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture
def walk(empty_database: Path, tmp_path: Path) -> Walk:
    """Trials that start with an empty database."""
    return Walk(empty_database, tmp_path)
