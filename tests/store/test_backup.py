"""Backups: one state, whole and checked, and nothing else left in the folder."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import ConfigurationError, StoreError
from bot.store.backup import back_up
from bot.store.conversations import Conversation
from bot.store.database import Database
from bot.store.migrate import migrate, require_current
from tests.store.stories import answer, ask, converse, history, say

MANY = 20_000

LOSE_A_ROW_OF_AN_INDEX = """
PRAGMA writable_schema = ON;
CREATE TEMP TABLE hidden AS SELECT * FROM sqlite_master WHERE name = 'ix_messages_run';
DELETE FROM sqlite_master WHERE name = 'ix_messages_run';
PRAGMA writable_schema = RESET;
INSERT INTO messages (conversation_id, epoch, role, text, tokens, created_at) VALUES (1, 0, 'user', 'lost', 1, 0);
PRAGMA writable_schema = ON;
INSERT INTO sqlite_master SELECT * FROM hidden;
"""


def names(folder: Path) -> list[str]:
    """What is in a folder, but for what SQLite keeps beside an open database."""
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm")))


async def fill(database: Database) -> Conversation:
    """A conversation whose copy takes longer than several writes."""
    async with database.write() as connection:
        conversation = await converse(connection)
        row = f"({conversation.id}, 0, 'user', '{'x' * 500}', 1, 0)"
        columns = "conversation_id, epoch, role, text, tokens, created_at"
        await connection.execute(text(f"INSERT INTO messages ({columns}) VALUES {','.join([row] * MANY)}"))  # noqa: S608
    return conversation


async def talk(database: Database) -> None:
    """A question and its answer."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "Hi!", discord_id=1)
        await answer(connection, conversation, "Hello, Ada.")


async def test_backup_is_a_database_to_go_on_with(database: Database, url: str, tmp_path: Path) -> None:
    """A copy of an open database holds what was committed, says how much that is, and can be opened in its place."""
    await talk(database)
    made = await back_up(url, tmp_path / "copy.db")
    size = (tmp_path / "copy.db").stat().st_size
    assert str(made) == f"{tmp_path}/copy.db holds 1 conversation and 2 messages ({size / 1e6:.1f} MB)."
    assert names(tmp_path) == ["copy.db", "parley.db"]
    await migrate(f"sqlite:///{tmp_path}/copy.db")
    async with Database.open(f"sqlite:///{tmp_path}/copy.db") as copy:
        await require_current(copy)
        async with copy.write() as connection:
            run = await ask(connection, await converse(connection))
            assert await history(connection, run) == ["Hello, Ada.", "Hi!"]


async def test_backup_leaves_out_ids_that_are_given_after_it(database: Database, url: str, tmp_path: Path) -> None:
    """A button of an answer that came after the backup names no other answer once the backup is restored."""
    await talk(database)
    await back_up(url, tmp_path / "copy.db")
    async with database.write() as connection:
        forgotten = await ask(connection, await converse(connection))
    async with Database.open(f"sqlite:///{tmp_path}/copy.db") as copy, copy.write() as connection:
        assert (await ask(connection, await converse(connection))).id > forgotten.id + 1000


async def test_backup_holds_up_no_writer(url: str, tmp_path: Path) -> None:
    """While the copy is made, a bot without any patience goes on writing, and none of that is half in the copy."""
    async with Database.open(url, wait_seconds=0.2) as database:
        conversation = await fill(database)
        copying, written = asyncio.create_task(back_up(url, tmp_path / "copy.db")), 0
        while not copying.done():
            async with database.write() as connection:
                await say(connection, conversation, "meanwhile")
                await say(connection, conversation, "meanwhile, too")
            written += 1
        assert written > 1
        assert (await copying).messages in range(MANY, MANY + 2 * written, 2)


async def test_cancelled_backup_leaves_nothing(database: Database, url: str, tmp_path: Path) -> None:
    """Ctrl+C in the middle ends the copy, and its folder is as it was."""
    await fill(database)
    copying = asyncio.create_task(back_up(url, tmp_path / "copy.db"))
    await asyncio.sleep(0)  # it begins
    copying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await copying
    await asyncio.get_running_loop().shutdown_default_executor()
    assert names(tmp_path) == ["parley.db"]


async def test_file_that_is_there_is_kept(database: Database, url: str, tmp_path: Path) -> None:
    """The backup of yesterday is never overwritten."""
    await talk(database)
    (tmp_path / "copy.db").write_text("yesterday")
    with pytest.raises(StoreError, match=r"copy\.db is there already .* name another file"):
        await back_up(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "yesterday"


async def test_missing_folder_is_named(database: Database, url: str, tmp_path: Path) -> None:
    """A mistyped path makes no folders."""
    await talk(database)
    with pytest.raises(StoreError, match=r"There is no folder .*/backups: make it first"):
        await back_up(url, tmp_path / "backups" / "copy.db")


async def test_missing_database_is_named(tmp_path: Path) -> None:
    """A mistyped DATABASE_URL makes no empty database, and no backup of one."""
    with pytest.raises(StoreError, match=r"There is no database .*/absent\.db: check DATABASE_URL"):
        await back_up(f"sqlite:///{tmp_path}/absent.db", tmp_path / "copy.db")
    assert names(tmp_path) == []


async def test_database_of_another_program_is_not_copied(tmp_path: Path) -> None:
    """Who names the wrong file learns it now, and not when they need the backup."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE cats (name)")
    with pytest.raises(StoreError, match=r"other\.db is no database of Parley"):
        await back_up(f"sqlite:///{tmp_path}/other.db", tmp_path / "copy.db")
    assert names(tmp_path) == ["other.db"]


async def test_damaged_database_is_not_copied(database: Database, url: str, tmp_path: Path) -> None:
    """An index that lacks a row is copied without complaint, found in the copy, and not kept as if it were good."""
    await talk(database)
    with closing(sqlite3.connect(tmp_path / "parley.db", isolation_level=None)) as vandal:
        vandal.executescript(LOSE_A_ROW_OF_AN_INDEX)
    with pytest.raises(StoreError, match=r"file is damaged\. .* docs/backup\.md"):
        await back_up(url, tmp_path / "copy.db")
    assert names(tmp_path) == ["parley.db"]


async def test_postgresql_has_its_own_way() -> None:
    """For a server's database the sentence names the tool."""
    with pytest.raises(ConfigurationError, match="pg_dump"):
        await back_up("postgresql://localhost/parley", Path("copy.db"))
