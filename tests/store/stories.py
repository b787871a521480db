"""The words in which the store's tests tell their stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import Cause, Run, RunKind
from bot.store import conversations, leases, messages, runs
from bot.store.conversations import Conversation, Place, Scope
from bot.store.messages import NewMessage
from bot.store.runs import NewRun

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ASKER_ID = 1_300_000_000_000_000_007  # as wide as the ids of Discord are
PLACE_ID = 1_200_000_000_000_000_001


def later(seconds: float) -> datetime:
    """So many seconds after the story began."""
    return NOW + timedelta(seconds=seconds)


def place(place_id: int = PLACE_ID, *, scope: Scope = Scope.CHANNEL, member_id: int = 0) -> Place:
    """A place in a server."""
    return Place(place_id=place_id, guild_id=1, scope=scope, member_id=member_id)


async def converse(connection: AsyncConnection, place_id: int = PLACE_ID) -> Conversation:
    """The conversation of a place."""
    return await conversations.find(connection, place(place_id), NOW)


async def say(
    connection: AsyncConnection, conversation: Conversation, text: str, *, discord_id: int | None = None
) -> int | None:
    """A member says something."""
    new = NewMessage(
        discord_id=discord_id, author_id=ASKER_ID, author_name="Ada", text=text, tokens=len(text), created_at=NOW
    )
    return await messages.append(connection, conversation, new)


async def ask(
    connection: AsyncConnection,
    conversation: Conversation,
    *,
    expires_at: datetime | None = None,
    interaction_token: str | None = None,
) -> Run:
    """A run is enqueued for all that waits."""
    new = NewRun(
        conversation_id=conversation.id,
        epoch=conversation.epoch,
        kind=RunKind.ANSWER,
        model="demo/small",
        provider="demo",
        place_id=conversation.place.place_id,
        guild_id=conversation.place.guild_id,
        asker_id=ASKER_ID,
        question_id=None,
        previous_run_id=None,
        interaction_token=interaction_token,
        expires_at=expires_at or later(600),
    )
    run = await runs.enqueue(connection, new, NOW)
    waiting = await messages.waiting(connection, conversation)
    await messages.attach(connection, [message.id for message in waiting], run.id)
    return run


async def claim_one(connection: AsyncConnection, owner: str = "me", *, lease_expires_at: datetime | None = None) -> Run:
    """The owner takes up the oldest queued run."""
    (run,) = await leases.claim(
        connection, owner, now=later(1), lease_expires_at=lease_expires_at or later(30), limit=1
    )
    return run


async def finish(connection: AsyncConnection, run: Run, text: str) -> Run:
    """A claimed run is completed with this text."""
    await messages.add_answer(connection, run, text, len(text), later(2))
    return await runs.move(connection, run.id, Cause.FINISHED, later(2), text=text)


async def answer(connection: AsyncConnection, conversation: Conversation, text: str) -> Run:
    """All that waits is answered with this text."""
    await ask(connection, conversation)
    return await finish(connection, await claim_one(connection), text)


async def history(connection: AsyncConnection, run: Run, *, limit: int = 100) -> list[str]:
    """The texts that a run builds on, newest first."""
    found = await messages.history(connection, run.conversation_id, run.epoch, before_or_of_run=run.id, limit=limit)
    return [message.text for message in found]


async def waiting(connection: AsyncConnection, conversation: Conversation) -> list[str]:
    """The texts that no run has taken up, oldest first."""
    return [message.text for message in await messages.waiting(connection, conversation)]
