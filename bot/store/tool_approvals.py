"""Tools that a person approved for a whole conversation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import Run
from bot.store.dialect import insert_into
from bot.store.schema import tool_approvals


async def add(connection: AsyncConnection, run: Run, tool: str, by: int, now: datetime) -> None:
    """Approve a tool for a run's asker until its conversation begins anew; once more changes nothing."""
    statement = insert_into(connection, tool_approvals).values(
        conversation_id=run.conversation_id,
        epoch=run.epoch,
        tool=tool,
        asker_id=run.asker_id,
        approved_by=by,
        approved_at=now,
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def approved(connection: AsyncConnection, run: Run, tools: Collection[str]) -> Mapping[str, int]:
    """Those of these tools that are approved for a run's asker, in its conversation, with who approved each."""
    statement = select(tool_approvals.c.tool, tool_approvals.c.approved_by).where(
        tool_approvals.c.conversation_id == run.conversation_id,
        tool_approvals.c.epoch == run.epoch,
        tool_approvals.c.asker_id == run.asker_id,
        tool_approvals.c.tool.in_(tools),
    )
    return {row.tool: row.approved_by for row in await connection.execute(statement)}
