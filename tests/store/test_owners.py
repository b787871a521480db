"""Owners of leases: the living are seen to live, and the dead to be dead, at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from bot.store.migrate import MIGRATIONS
from bot.store.owners import Owner

HOLD = """
from bot.store.owners import Owner
with Owner.alive({url!r}) as owner:
    print(owner.name, flush=True)
    input()
"""


async def holder(url: str) -> tuple[asyncio.subprocess.Process, str]:
    """Another process that is an owner, and its name."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD.format(url=url), cwd=MIGRATIONS.parent, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().strip()


async def test_killed_owner_is_dead_at_once(tmp_path: Path) -> None:
    """Another process's owner lives until the process is killed, and leaves nothing behind."""
    url = f"sqlite:///{tmp_path}/parley.db"
    with Owner.alive(url) as owner:
        process, name = await holder(url)
        assert not owner.is_dead(name)
        process.kill()
        await process.wait()
        assert owner.is_dead(name)
        assert owner.is_dead(name)
    assert os.listdir(tmp_path / "parley.db-owners") == []


async def test_owner_that_ended_in_order_is_dead(tmp_path: Path) -> None:
    """Whoever still looks for an owner that is gone sees that nobody holds its leases."""
    url = f"sqlite:///{tmp_path}/parley.db"
    with Owner.alive(url) as owner:
        process, name = await holder(url)
        await process.communicate(b"\n")
        assert owner.is_dead(name)


def test_two_owners_in_one_process_are_two(tmp_path: Path) -> None:
    """A process may hold several leases' names; each lives as long as its block."""
    url = f"sqlite:///{tmp_path}/parley.db"
    with Owner.alive(url) as owner:
        with Owner.alive(url) as other:
            assert not owner.is_dead(other.name)
            assert not other.is_dead(owner.name)
        assert owner.is_dead(other.name)


def test_owner_whose_lock_cannot_be_read_is_not_taken_for_dead(tmp_path: Path) -> None:
    """What the system does not tell leaves the lease to its time, and ends nobody."""
    with Owner.alive(f"sqlite:///{tmp_path}/parley.db") as owner:
        (tmp_path / "parley.db-owners" / "unreadable").mkdir()
        assert not owner.is_dead("unreadable")


def test_owners_whose_locks_were_cleared_away_are_not_taken_for_dead(tmp_path: Path) -> None:
    """Somebody tidied the folder up under two living owners: neither takes the other's answers."""
    url = f"sqlite:///{tmp_path}/parley.db"
    with Owner.alive(url) as owner, Owner.alive(url) as other:
        shutil.rmtree(tmp_path / "parley.db-owners")
        assert not owner.is_dead(other.name)
        assert not other.is_dead(owner.name)
