"""Usage: what each run cost in tokens, and in money where that is known."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.providers.events import Usage
from bot.store.dialect import insert_into
from bot.store.schema import usage as usage_table


async def record(
    connection: AsyncConnection, run_id: int, model: str, usage: Usage, now: datetime, *, provider: str | None = None
) -> None:
    """Add the tokens of one request to those of its run: a run with tool calls makes several.

    A run of which one request has an unknown cost has an unknown cost.
    """
    table, counts = usage_table.c, asdict(usage)
    first = insert_into(connection, usage_table).values(
        run_id=run_id, model=model, provider=provider, created_at=now, **counts
    )
    del counts["is_estimated"]
    further = {
        "model": first.excluded.model,
        "provider": first.excluded.provider,
        "is_estimated": or_(table.is_estimated, first.excluded.is_estimated),
        **{name: table[name] + first.excluded[name] for name in counts},
    }
    await connection.execute(first.on_conflict_do_update(index_elements=[table.run_id], set_=further))
