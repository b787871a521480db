"""Tools that moderators registered, by guild, and what came of their latest calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.dialect import insert_into
from bot.store.schema import http_tool_calls, http_tools
from bot.tools.model import Outcome

# A moderator looks for what went wrong of late; these are some screens.
MAX_CALLS_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a moderator says of a tool; `parameters` is a JSON schema, `secret` is encrypted, None for none."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    method: str
    url: str
    needs_approval: bool
    is_idempotent: bool
    timeout_seconds: float
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTool(Definition):
    """One row of `http_tools`; no roles or no channels mean all of them."""

    id: int
    guild_id: int
    role_ids: tuple[int, ...]
    channel_ids: tuple[int, ...]
    is_enabled: bool
    created_by: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One row of `http_tool_calls`; `status` is None where no answer came, `run_id` where a person called."""

    tool_id: int
    at: datetime
    user_id: int
    channel_id: int
    run_id: int | None
    status: int | None
    milliseconds: int
    outcome: Outcome


async def add(
    connection: AsyncConnection, guild_id: int, definition: Definition, created_by: int, now: datetime
) -> HttpTool | None:
    """Store a tool that everybody may use everywhere: as it is stored, None where the guild has one of this name."""
    fresh = insert_into(connection, http_tools).values(
        **values_of(definition),
        guild_id=guild_id,
        role_ids=[],
        channel_ids=[],
        is_enabled=True,
        created_by=created_by,
        created_at=now,
        changed_at=now,
    )
    once = fresh.on_conflict_do_nothing(index_elements=[http_tools.c.guild_id, http_tools.c.name])
    return _tool((await connection.execute(once.returning(http_tools))).one_or_none())


async def change(
    connection: AsyncConnection, guild_id: int, tool_id: int, now: datetime, **changed: Any
) -> HttpTool | None:
    """Change columns of a tool: as it is stored then, None if there is none of this id in the guild."""
    same = http_tools.c.id == tool_id, http_tools.c.guild_id == guild_id
    statement = update(http_tools).where(*same).values(**changed, changed_at=now).returning(http_tools)
    return _tool((await connection.execute(statement)).one_or_none())


async def remove(connection: AsyncConnection, guild_id: int, tool_id: int) -> bool:
    """Delete a tool and the log of its calls: whether there was one."""
    if await get(connection, guild_id, tool_id) is None:
        return False
    await connection.execute(delete(http_tool_calls).where(http_tool_calls.c.tool_id == tool_id))
    await connection.execute(delete(http_tools).where(http_tools.c.id == tool_id))
    return True


async def get(connection: AsyncConnection, guild_id: int, tool_id: int) -> HttpTool | None:
    """The tool of this id, if it is the guild's."""
    return await _one(connection, http_tools.c.guild_id == guild_id, http_tools.c.id == tool_id)


async def find(connection: AsyncConnection, guild_id: int, name: str) -> HttpTool | None:
    """The tool of this name in a guild."""
    return await _one(connection, http_tools.c.guild_id == guild_id, http_tools.c.name == name)


async def of_guild(connection: AsyncConnection, guild_id: int) -> tuple[HttpTool, ...]:
    """The tools of a guild, by name."""
    statement = select(http_tools).where(http_tools.c.guild_id == guild_id).order_by(http_tools.c.name)
    return tuple(tool for row in await connection.execute(statement) if (tool := _tool(row)) is not None)


async def guilds(connection: AsyncConnection) -> tuple[int, ...]:
    """The guilds that have tools."""
    return tuple(await connection.scalars(select(http_tools.c.guild_id).distinct().order_by(http_tools.c.guild_id)))


async def note_call(connection: AsyncConnection, call: HttpCall) -> None:
    """Note a call, and forget those of long ago; nothing if its tool was removed meanwhile."""
    there = select(http_tools.c.id).where(http_tools.c.id == call.tool_id)
    if await connection.scalar(there) is None:
        return
    noted = {field.name: getattr(call, field.name) for field in fields(call)}
    await connection.execute(insert(http_tool_calls).values(noted))
    of_tool = http_tool_calls.c.tool_id == call.tool_id
    newest = select(http_tool_calls.c.id).where(of_tool).order_by(http_tool_calls.c.id.desc())
    oldest_kept = newest.offset(MAX_CALLS_KEPT - 1).limit(1).scalar_subquery()
    await connection.execute(delete(http_tool_calls).where(of_tool, http_tool_calls.c.id < oldest_kept))


async def calls(connection: AsyncConnection, tool_id: int, limit: int) -> tuple[HttpCall, ...]:
    """The latest calls of a tool, newest first."""
    columns = [http_tool_calls.c[field.name] for field in fields(HttpCall)]
    statement = select(*columns).where(http_tool_calls.c.tool_id == tool_id).order_by(http_tool_calls.c.id.desc())
    found = await connection.execute(statement.limit(limit))
    return tuple(HttpCall(**dict(row._mapping) | {"outcome": Outcome(row.outcome)}) for row in found)


def values_of(definition: Definition) -> dict[str, Any]:
    """The columns that a moderator's words fill."""
    return {field.name: getattr(definition, field.name) for field in fields(Definition)}


async def _one(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> HttpTool | None:
    return _tool((await connection.execute(select(http_tools).where(*conditions))).one_or_none())


def _tool(row: Row[Any] | None) -> HttpTool | None:
    if row is None:
        return None
    found = dict(row._mapping)
    return HttpTool(**found | {"role_ids": tuple(found["role_ids"]), "channel_ids": tuple(found["channel_ids"])})
