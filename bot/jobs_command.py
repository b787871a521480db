"""`python -m bot jobs`: what the host sees of what was done in the background."""

from __future__ import annotations

from bot.settings import Settings
from bot.store import jobs
from bot.store.jobs import Job
from bot.store.migrate import open_current

NONE = "Nothing was done in the background yet."


async def show_jobs(settings: Settings, *, limit: int) -> str:
    """The last jobs as lines, newest first; nobody's id is among them.  Raises: StartupError, StoreError."""
    async with open_current(settings.database_url) as database, database.read() as transaction:
        found = await jobs.newest(transaction, limit)
    return "\n".join(map(line, found)) or NONE


def line(job: Job) -> str:
    """One job: when, what, where, how far it came."""
    begun = f"{job.started_at:%Y-%m-%d %H:%M:%S} UTC"
    took = "not ended" if job.ended_at is None else f"{(job.ended_at - job.started_at).total_seconds():.1f} s"
    place = "" if job.guild_id is None else f"  server {job.guild_id}"
    failure = "" if job.failure is None else f"  failed: {job.failure}"
    return f"{begun}  {job.name:9}  {took:>9}  {job.done:>6} deleted{place}{failure}"
