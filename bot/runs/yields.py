"""What else a request has yielded beside its text and its calls, written down with them."""

from __future__ import annotations

from datetime import datetime

from bot.runs.draft import Draft
from bot.runs.model import Run
from bot.store import carried, remote_steps, usage
from bot.store.database import Transaction


async def keep(
    transaction: Transaction, run: Run, draft: Draft, now: datetime, *, step_message_id: int | None = None
) -> None:
    """Store what a request cost and the steps it had elsewhere, and what is wanted back with the calls of a message."""
    if draft.usage is not None:
        model, provider = (run.model, None) if draft.routed is None else (draft.routed.model, draft.routed.provider)
        await usage.record(transaction, run.id, model, draft.usage, now, provider=provider)
    if draft.reservation is not None and (draft.usage is not None or not draft.is_run_elsewhere):
        await draft.reservation.settle(transaction, draft.usage)
    for step in draft.remote_steps:
        await remote_steps.put(transaction, run.id, step, now)
    if step_message_id is not None and draft.carried is not None:
        await carried.add(transaction, run.id, step_message_id, draft.carried)
