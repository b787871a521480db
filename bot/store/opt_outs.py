"""People whom the bot neither answers nor reads, since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.dialect import insert_into
from bot.store.schema import opt_outs


async def put(connection: AsyncConnection, user_id: int, now: datetime) -> None:
    """Note that a person wants to be left alone; the first time counts."""
    statement = insert_into(connection, opt_outs).values(user_id=user_id, since=now)
    await connection.execute(statement.on_conflict_do_nothing())


async def remove(connection: AsyncConnection, user_id: int) -> None:
    """Note that a person wants to be answered again."""
    await connection.execute(delete(opt_outs).where(opt_outs.c.user_id == user_id))


SINCE = select(opt_outs.c.since).where(opt_outs.c.user_id == bindparam("user_id"))


async def since(connection: AsyncConnection, user_id: int) -> datetime | None:
    """Since when a person wants to be left alone; None if they do not."""
    moment: datetime | None = await connection.scalar(SINCE, {"user_id": user_id})
    return moment


EVERYONE = select(opt_outs.c.user_id)
AMONG = EVERYONE.where(opt_outs.c.user_id.in_(bindparam("wanted", expanding=True)))


async def among(connection: AsyncConnection, user_ids: Iterable[int | None]) -> frozenset[int]:
    """Those of these people who want to be left alone."""
    wanted = tuple({user_id for user_id in user_ids if user_id is not None})
    return frozenset(await connection.scalars(AMONG, {"wanted": wanted}))


async def everyone(connection: AsyncConnection) -> frozenset[int]:
    """All who want to be left alone."""
    return frozenset(await connection.scalars(EVERYONE))
