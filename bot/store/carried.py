"""What providers gave beside the calls of a step, and want back with them while the run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import carried


async def add(connection: AsyncConnection, run_id: int, message_id: int, data: Mapping[str, Any]) -> None:
    """Keep what came with a message's calls."""
    await connection.execute(insert(carried).values(run_id=run_id, message_id=message_id, data=dict(data)))


async def of_run(connection: AsyncConnection, run_id: int) -> Mapping[int, Mapping[str, Any]]:
    """What is kept for a run, by the message's id."""
    rows = await connection.execute(select(carried.c.message_id, carried.c.data).where(carried.c.run_id == run_id))
    return {row.message_id: row.data for row in rows}


FORGET = delete(carried).where(carried.c.run_id == bindparam("run_id"))


async def forget(connection: AsyncConnection, run_id: int) -> None:
    """The run has ended: nobody wants it back."""
    await connection.execute(FORGET, {"run_id": run_id})
