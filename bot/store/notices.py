"""Notices: what moderators of a guild were told once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.dialect import insert_into
from bot.store.schema import notices


async def is_told(connection: AsyncConnection, guild_id: int, subject: str) -> bool:
    """Whether a guild was told of something."""
    found = select(notices.c.told_at).where(notices.c.guild_id == guild_id, notices.c.subject == subject)
    return await connection.scalar(found) is not None


async def mark(connection: AsyncConnection, guild_id: int, subject: str, now: datetime) -> None:
    """Note that a guild was told of something; the first time stays."""
    first = insert_into(connection, notices).values(guild_id=guild_id, subject=subject, told_at=now)
    await connection.execute(first.on_conflict_do_nothing())
