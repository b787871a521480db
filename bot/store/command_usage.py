"""What commands took that had a model do something by themselves, with no run behind it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.providers.events import Usage
from bot.runs.model import NOBODY
from bot.store.erasing import AT_ONCE, NOWHERE
from bot.store.schema import command_usage
from bot.usage.subject import Asked

# What a row says once nobody is to know whose it was.
OF_NOBODY = {
    "user_id": NOBODY,
    "place_id": case((command_usage.c.guild_id.is_(None), NOWHERE), else_=command_usage.c.place_id),
}


async def record(
    connection: AsyncConnection, asked: Asked, model: str, usage: Usage, now: datetime, *, provider: str | None
) -> None:
    """Note the tokens of one request."""
    of_whom = asdict(asked) | {"model": model, "provider": provider, "created_at": now}
    await connection.execute(insert(command_usage).values(of_whom | asdict(usage)))


async def named(connection: AsyncConnection, guild_id: int | None, before: datetime) -> tuple[int, ...]:
    """Some of what was taken in a guild by a moment, or in direct messages, and still says who asked."""
    of_it = (
        command_usage.c.guild_id == guild_id,
        command_usage.c.created_at <= before,
        command_usage.c.user_id != NOBODY,
    )
    return tuple(await connection.scalars(select(command_usage.c.id).where(*of_it).limit(AT_ONCE)))


async def forget_names(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Have these rows say of nobody who asked."""
    await connection.execute(update(command_usage).where(command_usage.c.id.in_(ids)).values(OF_NOBODY))


async def delete_old(connection: AsyncConnection, before: datetime) -> int:
    """Delete a part of what was taken by a moment: how many rows."""
    oldest = select(command_usage.c.id).where(command_usage.c.created_at <= before).limit(AT_ONCE)
    return (await connection.execute(delete(command_usage).where(command_usage.c.id.in_(oldest)))).rowcount
