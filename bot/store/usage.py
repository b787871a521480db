"""Usage: what each run cost in tokens."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.providers.events import Usage
from bot.store.dialect import insert_into
from bot.store.schema import usage as usage_table


async def record(connection: AsyncConnection, run_id: int, model: str, usage: Usage, now: datetime) -> None:
    """Add the tokens of one request to those of its run: a run with tool calls makes several."""
    counts = asdict(usage)
    first = insert_into(connection, usage_table).values(run_id=run_id, model=model, created_at=now, **counts)
    further = {name: usage_table.c[name] + first.excluded[name] for name in counts}
    await connection.execute(first.on_conflict_do_update(index_elements=[usage_table.c.run_id], set_=further))
