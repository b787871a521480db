"""Files that tools handed over, kept until the reply that shows them, and as long as its run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import messages, tool_calls, tool_files
from bot.tools.model import File


async def add(connection: AsyncConnection, run_id: int, call_id: int, files: Sequence[File]) -> None:
    """Keep what a call handed over."""
    rows = [
        {
            "run_id": run_id,
            "call_id": call_id,
            "name": file.name,
            "description": file.description,
            "content": file.content,
        }
        for file in files
    ]
    if rows:
        await connection.execute(insert(tool_files), rows)


async def of_run(connection: AsyncConnection, run_id: int) -> tuple[File, ...]:
    """What the calls of a run handed over, in the order they did, without those of a message that was replaced."""
    statement = (
        select(tool_files.c.name, tool_files.c.description, tool_files.c.content)
        .join(tool_calls, tool_calls.c.id == tool_files.c.call_id)
        .join(messages, messages.c.id == tool_calls.c.message_id)
        .where(tool_files.c.run_id == run_id, messages.c.hidden_at.is_(None))
        .order_by(tool_files.c.id)
    )
    return tuple(File(**row._mapping) for row in await connection.execute(statement))
