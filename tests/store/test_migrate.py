"""Migrations: run once, by one process, whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.errors import DatabaseTooNew, StartupError
from bot.store.database import Database
from bot.store.migrate import MIGRATIONS, migrate, require_current, revisions
from bot.store.schema import metadata

MIGRATE = "import asyncio; from bot.store.migrate import migrate; asyncio.run(migrate({url!r}))"


async def python(program: str) -> asyncio.subprocess.Process:
    """Another process that runs a program from our folder."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=MIGRATIONS.parent, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


def execute(file: Path, statement: str) -> None:
    """Change a SQLite file behind the program's back."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()


def tables_of(file: Path) -> dict[str, set[str]]:
    """Every table and index of a SQLite file as SQL: by its parts, since a later column stands behind the others."""
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
    tables = {name: set(parts_of(sql)) for name, sql in rows}
    connection.close()
    return tables


def parts_of(sql: str) -> list[str]:
    """What stands before the outer parentheses, between their commas, and behind them."""
    parts, depth = [""], 0
    for character in sql:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if (character, depth) in {("(", 1), (",", 1), (")", 0)}:
            parts.append("")
        else:
            parts[-1] += character
    return [" ".join(part.split()) for part in parts]


async def test_migrated_database_is_that_of_the_schema(tmp_path: Path) -> None:
    """Migrations and schema agree to the letter, partial indexes included, and Alembic finds nothing to add."""
    await migrate(f"sqlite:///{tmp_path}/migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path}/created.db")
    metadata.create_all(engine)
    engine.dispose()
    assert tables_of(tmp_path / "migrated.db") == tables_of(tmp_path / "created.db")
    engine = create_engine(f"sqlite:///{tmp_path}/migrated.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_revisions_are_those_that_alembic_knows() -> None:
    """The numbers of the files are the revisions, in one line from the first to the head."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [script.revision for script in reversed(scripts)] == list(revisions())
    assert [script.down_revision for script in reversed(scripts)] == [None, *revisions()[:-1]]


async def test_migrating_again_does_nothing(tmp_path: Path) -> None:
    """An up-to-date database is left alone, byte by byte."""
    url = f"sqlite:///{tmp_path}/parley.db"
    await migrate(url)
    before = (tmp_path / "parley.db").read_bytes()
    await migrate(url)
    assert (tmp_path / "parley.db").read_bytes() == before
    async with Database.open(url) as database:
        await require_current(database)


async def test_current_database_is_opened_without_alembic(tmp_path: Path) -> None:
    """A start that has nothing to migrate does not pay for Alembic's memory."""
    url = f"sqlite:///{tmp_path}/parley.db"
    await migrate(url)
    process = await python(f"{MIGRATE.format(url=url)}; import sys; print('alembic' in sys.modules)")
    assert await process.communicate() == (b"False\n", b"")


async def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    """One migrates, the others wait for it and find the work done."""
    url = f"sqlite:///{tmp_path}/parley.db"
    processes = [await python(MIGRATE.format(url=url)) for _ in range(3)]
    await asyncio.gather(*(migrate(url) for _ in range(5)))
    assert [await process.communicate() for process in processes] == [(b"", b"")] * 3
    async with Database.open(url) as database:
        await require_current(database)


async def test_migration_of_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    """A process is killed in the middle of migrating; the one that waits for it begins from the start."""
    file = tmp_path / "parley.db"
    holder = await python(
        f"import sqlite3, sys; c = sqlite3.connect({str(file)!r}, isolation_level=None); c.execute('BEGIN IMMEDIATE');"
        "c.execute('CREATE TABLE conversations (half INTEGER)'); print('held', flush=True); sys.stdin.read()"
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    waiting = asyncio.create_task(migrate(f"sqlite:///{file}"))
    done, _ = await asyncio.wait({waiting}, timeout=0.5)  # to fail it takes no time
    assert not done
    holder.kill()
    await holder.wait()
    await waiting
    assert "half" not in str(tables_of(file)["conversations"])
    assert "runs" in tables_of(file)


async def test_database_of_a_newer_parley_is_refused(tmp_path: Path) -> None:
    """A downgraded program touches nothing and says so in one sentence."""
    url = f"sqlite:///{tmp_path}/parley.db"
    await migrate(url)
    execute(tmp_path / "parley.db", "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match=r"parley\.db was written by a newer Parley \(revision 9999\)"):
        await migrate(url)
    async with Database.open(url) as database:
        with pytest.raises(DatabaseTooNew, match="newer Parley"):
            await require_current(database)


async def test_database_that_is_not_migrated_is_told(tmp_path: Path) -> None:
    """Who only looks is told what to do, and nothing is migrated behind their back."""
    async with Database.open(f"sqlite:///{tmp_path}/parley.db") as database:
        with pytest.raises(StartupError, match="make migrate"):
            await require_current(database)


async def test_failed_migration_changes_nothing(tmp_path: Path) -> None:
    """What stands in the way stays, and no half of a schema is left beside it."""
    execute(tmp_path / "parley.db", "CREATE TABLE replies (foreign_to_us INTEGER)")
    with pytest.raises(StartupError, match="refused"):
        await migrate(f"sqlite:///{tmp_path}/parley.db")
    assert list(tables_of(tmp_path / "parley.db")) == ["replies"]


async def test_dangling_reference_stops_the_migration(tmp_path: Path) -> None:
    """Rows that refer to nothing are found before a migration is committed, not when they are read."""
    execute(tmp_path / "parley.db", "CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    execute(tmp_path / "parley.db", "CREATE TABLE child (id INTEGER REFERENCES parent (id))")
    execute(tmp_path / "parley.db", "INSERT INTO child VALUES (1)")
    with pytest.raises(StartupError, match="refer to nothing"):
        await migrate(f"sqlite:///{tmp_path}/parley.db")
    assert set(tables_of(tmp_path / "parley.db")) == {"parent", "child"}
