"""The steps of runs that a provider keeps, as it reported them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.providers.events import RemoteStep
from bot.store.dialect import insert_into
from bot.store.schema import remote_steps


async def put(connection: AsyncConnection, run_id: int, step: RemoteStep, now: datetime) -> None:
    """Keep a step; one that is reported again is as it was reported last."""
    usage = step.usage
    values = {
        "remote_run_id": step.remote_run_id,
        "kind": step.kind,
        "status": step.status,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "changed_at": now,
    }
    fresh = insert_into(connection, remote_steps).values(run_id=run_id, step_id=step.id, **values)
    await connection.execute(fresh.on_conflict_do_update(index_elements=["run_id", "step_id"], set_=values))
