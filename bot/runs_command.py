"""`python -m bot runs`: what the host sees of the runs of all places, beside the running bot."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.errors import Refusal
from bot.runs import summary_text
from bot.runs.model import Cause
from bot.settings import Settings
from bot.store import overview, runs
from bot.store.migrate import open_current

HOST_ID = 0  # who wishes a run to end, where no member of Discord does


async def show_runs(settings: Settings, *, limit: int, live_only: bool) -> str:
    """The live runs and, unless only those count, the newest, as a table.  Raises: StartupError, StoreError."""
    async with open_current(settings.database_url) as database, database.read() as transaction:
        found = await overview.of_all_places(transaction, limit=limit, live_only=live_only)
    return summary_text.terminal_list(found, datetime.now(UTC))


async def show_run(settings: Settings, run_id: int) -> str:
    """One run and its timeline.  Raises: Refusal, StartupError, StoreError."""
    async with open_current(settings.database_url) as database, database.read() as transaction:
        history = await overview.history(transaction, run_id)
    if history is None:
        raise Refusal(f"There is no run {run_id}: `python -m bot runs` lists the newest.")
    return summary_text.terminal_history(history, datetime.now(UTC))


async def cancel_run(settings: Settings, run_id: int) -> str:
    """Leave word that a run is to end: a sentence about it.  Raises: Refusal, StartupError, StoreError."""
    async with open_current(settings.database_url) as database, database.write() as transaction:
        now = datetime.now(UTC)
        wished = await runs.request_cancel(transaction, run_id, HOST_ID, now)
        if wished is not None and wished.waiting_since is not None:  # the bot ends only what it works on
            await runs.move(transaction, run_id, Cause.PERSON_ANSWERED, now)
    if wished is None:
        raise Refusal(f"There is no live run {run_id}: `python -m bot runs --live` lists those there are.")
    return f"Run {run_id} is asked to stop. The bot ends it in a moment, or after its next start."
