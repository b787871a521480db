"""Conversations: found by their place, made when first spoken in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.store.dialect import insert_into
from bot.store.schema import conversations, messages, runs

UNKNOWN = "This conversation is not known any more."
IS_OPEN = conversations.c.closed_at.is_(None)


class Scope(StrEnum):
    """Whose conversation it is within its place."""

    CHANNEL = "channel"  # of everyone there
    MEMBER = "member"  # of one member, where moderators choose that
    PRIVATE = "private"  # of one person, seen by nobody else


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a conversation is found by; `place_id` is a channel, thread or DM, `member_id` is 0 where nobody's."""

    place_id: int
    guild_id: int | None
    scope: Scope
    member_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One row of `conversations`; what was said in an earlier `epoch` is out of sight.

    `closed_at` is when the place was lost: deleted, or in a server that the bot was removed from.
    """

    id: int
    place: Place
    epoch: int
    closed_at: datetime | None = None


async def find(connection: AsyncConnection, place: Place, now: datetime) -> Conversation:
    """The conversation of a place where somebody speaks; made if there is none yet, also when two ask at once.

    One that was closed is open again: nobody can speak where the bot is not.
    """
    found = await known(connection, place)
    if found is None:
        fresh = insert_into(connection, conversations).values(
            place_id=place.place_id,
            guild_id=place.guild_id,
            scope=place.scope,
            member_id=place.member_id,
            created_at=now,
        )
        unique = [conversations.c.place_id, conversations.c.scope, conversations.c.member_id]
        await connection.execute(fresh.on_conflict_do_nothing(index_elements=unique))
        found = await known(connection, place)
    if found is None:
        raise StoreError(UNKNOWN)
    if found.closed_at is None:
        return found
    await reopen(connection, [place.place_id])
    return replace(found, closed_at=None)


AT_PLACE = select(conversations).where(
    conversations.c.place_id == bindparam("place_id"),
    conversations.c.scope == bindparam("scope"),
    conversations.c.member_id == bindparam("member_id"),
)


async def known(connection: AsyncConnection, place: Place) -> Conversation | None:
    """The conversation of a place, if anybody has spoken there."""
    return await _one(connection, AT_PLACE, place_id=place.place_id, scope=place.scope, member_id=place.member_id)


async def seen_by(connection: AsyncConnection, place_id: int, user_id: int) -> tuple[Conversation, ...]:
    """The conversations of a place that a person takes part in: everybody's, and those of theirs alone."""
    is_theirs = conversations.c.place_id == place_id, conversations.c.member_id.in_((0, user_id))
    found = await connection.execute(select(conversations).where(*is_theirs).order_by(conversations.c.id))
    return tuple(map(_conversation, found))


WITH_ID = select(conversations).where(conversations.c.id == bindparam("id"))


async def get(connection: AsyncConnection, conversation_id: int) -> Conversation:
    """The conversation with this id.  Raises: StoreError if there is none."""
    found = await _one(connection, WITH_ID, id=conversation_id)
    if found is None:
        raise StoreError(UNKNOWN)
    return found


async def is_known(connection: AsyncConnection, place_id: int) -> bool:
    """Whether anybody has spoken to the bot in a place, for all to see."""
    said = exists().where(
        messages.c.conversation_id == conversations.c.id,
        conversations.c.place_id == place_id,
        conversations.c.scope != Scope.PRIVATE,
    )
    return bool(await connection.scalar(select(said)))


async def active_places(connection: AsyncConnection, limit: int) -> tuple[Place, ...]:
    """Where the last `limit` answers that all may see were asked for, the latest first, without closed places."""
    recent = select(runs.c.id, runs.c.conversation_id).order_by(runs.c.id.desc()).limit(limit).subquery()
    statement = (
        select(conversations)
        .join(recent, recent.c.conversation_id == conversations.c.id)
        .where(conversations.c.scope != Scope.PRIVATE, conversations.c.closed_at.is_(None))
        .order_by(recent.c.id.desc())
    )
    return tuple(dict.fromkeys(_conversation(row).place for row in await connection.execute(statement)))


async def start_epoch(connection: AsyncConnection, conversation_id: int) -> int:
    """Begin anew: the new epoch, in which nothing has been said.  Raises: StoreError if there is no conversation."""
    statement = (
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(epoch=conversations.c.epoch + 1)
        .returning(conversations.c.epoch)
    )
    epoch: int | None = await connection.scalar(statement)
    if epoch is None:
        raise StoreError(UNKNOWN)
    return epoch


async def close_place(connection: AsyncConnection, place_id: int, now: datetime) -> tuple[int, ...]:
    """Note that a place is lost: its conversations that were open, by id."""
    return await _close(connection, conversations.c.place_id == place_id, now)


async def close_guild(connection: AsyncConnection, guild_id: int, now: datetime) -> tuple[int, ...]:
    """Note that a server is lost with all its places: their conversations that were open, by id."""
    return await _close(connection, conversations.c.guild_id == guild_id, now)


async def open_guilds(connection: AsyncConnection) -> frozenset[int]:
    """The servers with conversations that are open."""
    statement = select(conversations.c.guild_id).distinct()
    found = await connection.scalars(statement.where(IS_OPEN, conversations.c.guild_id.is_not(None)))
    return frozenset(found)


async def closed_places(connection: AsyncConnection) -> frozenset[int]:
    """The places with conversations that are closed."""
    return frozenset(await connection.scalars(select(conversations.c.place_id).where(~IS_OPEN)))


async def reopen(connection: AsyncConnection, place_ids: Collection[int]) -> None:
    """Note that the bot is in these places after all, and in what was lost together with them, as a server is."""
    found = conversations.alias()
    lost = select(found.c.guild_id, found.c.closed_at).where(found.c.place_id.in_(place_ids))
    here = conversations.c.place_id.in_(place_ids)
    together = tuple_(conversations.c.guild_id, conversations.c.closed_at).in_(lost)
    await connection.execute(update(conversations).where(~IS_OPEN, or_(here, together)).values(closed_at=None))


async def _close(connection: AsyncConnection, lost: ColumnElement[bool], now: datetime) -> tuple[int, ...]:
    statement = update(conversations).where(lost, IS_OPEN).values(closed_at=now).returning(conversations.c.id)
    return tuple(await connection.scalars(statement))


async def _one(connection: AsyncConnection, found: Select[Any], **parameters: object) -> Conversation | None:
    row = (await connection.execute(found, parameters)).one_or_none()
    return None if row is None else _conversation(row)


def _conversation(row: Row[Any]) -> Conversation:
    place = Place(place_id=row.place_id, guild_id=row.guild_id, scope=Scope(row.scope), member_id=row.member_id)
    return Conversation(id=row.id, place=place, epoch=row.epoch, closed_at=row.closed_at)
