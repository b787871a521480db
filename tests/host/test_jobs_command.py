"""`python -m bot jobs` as a host uses it, beside the running bot."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from bot.store import jobs
from bot.store.database import Database
from bot.store.jobs import JobName
from bot.store.migrate import migrate
from tests.host.test_command_line import ENOUGH, environment
from tests.store.stories import ASKER_ID, NOW, later


def listed(folder: Path, *arguments: str) -> str:
    """What the command prints."""
    return subprocess.run(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-m", "bot", "jobs", *arguments],
        cwd=folder,
        env=environment(**ENOUGH),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


async def fill(address: str, *, is_empty: bool = False) -> None:
    """A database in which two jobs ended and one for somebody is under way."""
    await migrate(address)
    async with Database.open(address) as database, database.write() as connection:
        if is_empty:
            return
        first = await jobs.begin(connection, JobName.RETENTION, NOW, guild_id=7)
        await jobs.advance(connection, [first.id], 12)
        await jobs.end(connection, first.id, later(2))
        second = await jobs.begin(connection, JobName.RETENTION, later(3600))
        await jobs.end(connection, second.id, later(3600.5), "The disk of the database is full.")
        await jobs.begin(connection, JobName.DELETION, later(3700), user_id=ASKER_ID)


def test_jobs_are_listed_newest_first(tmp_path: Path) -> None:
    """When, what, how long, how much and why not; nothing tells for whom."""
    asyncio.run(fill(f"sqlite:///{tmp_path}/data/parley.db"))
    newest, failed, oldest = listed(tmp_path).splitlines()
    assert newest.split() == [
        f"{later(3700):%Y-%m-%d}",
        f"{later(3700):%H:%M:%S}",
        *["UTC", "deletion", "not", "ended", "0", "deleted"],
    ]
    assert failed.endswith("  retention      0.5 s       0 deleted  failed: The disk of the database is full.")
    assert oldest.endswith("  retention      2.0 s      12 deleted  server 7")
    assert str(ASKER_ID) not in newest
    assert listed(tmp_path, "--limit", "1").splitlines() == [newest]


def test_nothing_done_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A bot that has just begun has no list."""
    asyncio.run(fill(f"sqlite:///{tmp_path}/data/parley.db", is_empty=True))
    assert listed(tmp_path) == "Nothing was done in the background yet.\n"
