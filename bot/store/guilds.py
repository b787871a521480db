"""What guilds have beside their conversations, and when they were lost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.dialect import insert_into
from bot.store.schema import (
    budget_windows,
    command_usage,
    http_tool_calls,
    http_tools,
    lost_guilds,
    notices,
    place_settings,
    reminders,
    setting_changes,
)

OF_A_GUILD = (http_tools, place_settings, setting_changes, budget_windows, command_usage, reminders, notices)


async def known(connection: AsyncConnection) -> frozenset[int]:
    """The guilds that have something."""
    ids = union(*(select(table.c.guild_id).where(table.c.guild_id.is_not(None)) for table in OF_A_GUILD))
    return frozenset(await connection.scalars(ids))


async def lose(connection: AsyncConnection, guild_id: int, now: datetime) -> None:
    """Note that the bot was removed from a guild; the first time counts."""
    await connection.execute(
        insert_into(connection, lost_guilds).values(guild_id=guild_id, lost_at=now).on_conflict_do_nothing()
    )


async def lost(connection: AsyncConnection) -> frozenset[int]:
    """The guilds that the bot was removed from."""
    return frozenset(await connection.scalars(select(lost_guilds.c.guild_id)))


async def regain(connection: AsyncConnection, guild_ids: Collection[int]) -> None:
    """Note that the bot is in these guilds after all."""
    await connection.execute(delete(lost_guilds).where(lost_guilds.c.guild_id.in_(guild_ids)))


async def expired(connection: AsyncConnection, lost_before: datetime) -> tuple[int, ...]:
    """The guilds that were lost by this moment."""
    return tuple(await connection.scalars(select(lost_guilds.c.guild_id).where(lost_guilds.c.lost_at <= lost_before)))


async def forget(connection: AsyncConnection, guild_id: int, lost_before: datetime) -> None:
    """Delete what a guild had; one that the bot was invited to again meanwhile keeps it."""
    if guild_id not in await expired(connection, lost_before):
        return
    of_guild = select(http_tools.c.id).where(http_tools.c.guild_id == guild_id)
    await connection.execute(delete(http_tool_calls).where(http_tool_calls.c.tool_id.in_(of_guild)))
    for table in (*OF_A_GUILD, lost_guilds):
        await connection.execute(delete(table).where(table.c.guild_id == guild_id))
