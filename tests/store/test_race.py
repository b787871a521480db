"""Two processes on one database: each run is carried out once."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections import Counter

from sqlalchemy import func, select

from bot.runs.model import Status
from bot.store.database import Database
from bot.store.migrate import MIGRATIONS
from bot.store.schema import run_events
from bot.store.schema import runs as runs_table
from tests.store.stories import ask, converse

RUNS = 1000
WORK = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from bot.runs.model import Cause
from bot.store import leases, runs
from bot.store.database import Database
from bot.store.owners import Owner

async def work(url):
    with Owner.alive(url) as owner:
        async with Database.open(url) as database:
            print("ready", flush=True)
            sys.stdin.readline()
            while True:
                now = datetime.now(UTC)
                async with database.write() as connection:
                    batch = await leases.claim(
                        connection, owner.name, now=now, lease_expires_at=now + timedelta(seconds=30), limit=7
                    )
                    others = [name for name in await leases.owners(connection) if name != owner.name]
                    await leases.reclaim(connection, now, dead=[name for name in others if owner.is_dead(name)])
                if not batch:
                    return
                for run in batch:
                    async with database.write() as connection:
                        await runs.move(connection, run.id, Cause.FINISHED, now, attempt=run.attempt, text=owner.name)

asyncio.run(work({url!r}))
"""


async def test_two_processes_carry_out_each_of_a_thousand_runs_once(database: Database, url: str) -> None:
    """Both take their share, look after each other's leases meanwhile, and no run is claimed or finished twice."""
    async with database.write() as connection:
        for place_id in range(RUNS):
            await ask(connection, await converse(connection, place_id))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORK.format(url=url), cwd=MIGRATIONS.parent, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert ends == [(b"", b"")] * 2
    async with database.read() as connection:
        causes = Counter((await connection.scalars(select(run_events.c.cause))).all())
        rows = (await connection.execute(select(runs_table.c.status, runs_table.c.text))).all()
        attempts = await connection.scalar(select(func.max(runs_table.c.attempt)))
    assert causes == {"enqueued": RUNS, "claimed": RUNS, "finished": RUNS}
    assert {row.status for row in rows} == {Status.COMPLETED}
    assert len({row.text for row in rows}) == 2
    assert attempts == 1
