"""Databases that hold something, of every revision there ever was: nothing is lost on the way to this program.

`rows/` has a file for each revision, in plain SQL of its time; the next migration is covered by adding its own.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from bot.store import leases
from bot.store.database import Database
from bot.store.migrate import MIGRATIONS, migrate, require_current, revisions
from tests.store.stories import NOW, history, later

ROWS = Path(__file__).parent / "rows"

Table = list[dict[str, Any]]


@pytest.fixture(params=revisions())
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database as a program of a revision left it, with rows in it."""
    file = tmp_path / "parley.db"
    make(file, request.param)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript((ROWS / f"{request.param}.sql").read_text(encoding="utf-8"))
    return file


def make(file: Path, revision: str) -> None:
    """Make the tables of a revision."""
    engine, config = create_engine(f"sqlite:///{file}"), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def tables(file: Path) -> dict[str, Table]:
    """Every row of every table of ours, in order."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        master = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = {row["name"] for row in master} - {"alembic_version"}
        return {name: list(map(dict, connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2"))) for name in names}  # noqa: S608


def test_rows_are_of_every_kind(old: Path) -> None:
    """Each table of a revision has rows, and each of its columns a value, so that what follows proves something."""
    for name, rows in tables(old).items():
        empty = [column for column in (rows[0] if rows else {}) if all(row[column] is None for row in rows)]
        assert (name, bool(rows), empty) == (name, True, [])


async def test_rows_outlive_every_migration(old: Path) -> None:
    """After the upgrade each row is there with the values that it had, and refers to what it referred to.

    Switches of tools are settings of places by now.
    """
    before = tables(old)
    await migrate(f"sqlite:///{old}")
    after = tables(old)
    switches = {f"tool:{row['tool']}": bool(row["is_enabled"]) for row in before.pop("tool_switches", [])}
    moved = [row for row in after["place_settings"] if row["name"] in switches]
    if switches:
        assert {row["name"]: json.loads(row["value"]) for row in moved} == switches
        after["place_settings"] = [row for row in after["place_settings"] if row not in moved]
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert kept == rows
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_program_goes_on_with_old_rows(old: Path) -> None:
    """What waited in line is claimed and knows its history, a lost lease is taken, an ended answer is delivered."""
    await migrate(f"sqlite:///{old}")
    async with Database.open(f"sqlite:///{old}") as database, database.write() as connection:
        (queued,) = await leases.claim(connection, "me", now=NOW, lease_expires_at=later(30), limit=9)
        assert await history(connection, queued) == [
            "And tomorrow?",
            "a fine day: 語 🙂",
            "Hello, Ada. It's",
            "Hi! It's me.",
        ]
        assert await leases.reclaim(connection, later(3600)) == 2
        ended = await leases.take_up(connection, "me", now=later(3600), lease_expires_at=later(3630), busy=())
        assert [run.id for run in ended] == [2]
    async with Database.open(f"sqlite:///{old}") as database:
        await require_current(database)


async def test_numbers_are_not_given_out_twice_after_a_migration(old: Path) -> None:
    """Buttons in Discord carry the ids of runs: the next one is a new number, though the last rows are gone."""
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(
            "UPDATE messages SET run_id = NULL; DELETE FROM run_events WHERE run_id = 7;DELETE FROM runs WHERE id = 7"
        )
    await migrate(f"sqlite:///{old}")
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").fetchall() == [(7,)]
