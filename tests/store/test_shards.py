"""How far each shard has dealt with what was said."""

from __future__ import annotations

import asyncio

from bot.store import shards
from bot.store.database import Database

MESSAGE_ID = 1_400_000_000_000_000_003  # as wide as the ids of Discord are


async def test_shard_without_a_note_is_at_its_first_start(database: Database) -> None:
    """Before anything was noted there is nothing to read on from, which is not the same as the beginning of time."""
    async with database.write() as connection:
        assert await shards.last_message_id(connection, 0) is None
        await shards.note(connection, 0, 0)
        assert await shards.last_message_id(connection, 0) == 0


async def test_note_of_a_shard_only_ever_rises(database: Database) -> None:
    """Each shard has its own note, and one of something older changes nothing."""
    async with database.write() as connection:
        await shards.note(connection, 0, MESSAGE_ID)
        await shards.note(connection, 0, MESSAGE_ID - 1)
        await shards.note(connection, 1, 5)
    async with database.read() as connection:
        assert await shards.last_message_id(connection, 0) == MESSAGE_ID
        assert await shards.last_message_id(connection, 1) == 5


async def test_note_is_the_newest_of_two_processes(database: Database, other_database: Database) -> None:
    """While one process takes over from another both may write; the newer one stays, whoever is last."""

    async def note(opened: Database, message_id: int) -> None:
        async with opened.write() as connection:
            await shards.note(connection, 0, message_id)

    await asyncio.gather(*(note(opened, number) for number in range(10) for opened in (database, other_database)))
    async with database.read() as connection:
        assert await shards.last_message_id(connection, 0) == 9
