"""Conversations."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import StoreError
from bot.store import conversations
from bot.store.conversations import Conversation, Place, Scope
from bot.store.database import Database
from tests.store.stories import NOW, converse, later, place


async def test_conversation_is_found_again_by_its_place(database: Database) -> None:
    """The same place, scope and member lead to the same conversation; any other to another."""
    places = [
        place(),
        place(2),
        place(scope=Scope.MEMBER, member_id=7),
        place(scope=Scope.MEMBER, member_id=8),
        place(scope=Scope.PRIVATE, member_id=7),
    ]
    async with database.write() as connection:
        made = [await conversations.find(connection, each, NOW) for each in places]
        again = [await conversations.find(connection, each, NOW) for each in places]
    assert made == again
    assert [conversation.place for conversation in made] == places
    assert len({conversation.id for conversation in made}) == len(places)


async def test_conversation_is_made_once_when_two_processes_ask(database: Database, other_database: Database) -> None:
    """Two processes that see the first messages of a place at once speak in one conversation."""

    async def find(opened: Database) -> Conversation:
        async with opened.write() as connection:
            return await converse(connection)

    found = await asyncio.gather(*(find(opened) for opened in (database, other_database) * 10))
    assert len({conversation.id for conversation in found}) == 1


async def test_conversation_starts_a_new_epoch(database: Database) -> None:
    """A reset is seen by everyone who reads the conversation afterwards."""
    async with database.write() as connection:
        conversation = await converse(connection)
        assert conversation.epoch == 0
        assert await conversations.start_epoch(connection, conversation.id) == 1
        assert (await conversations.get(connection, conversation.id)).epoch == 1
        assert (await converse(connection)).epoch == 1


async def test_unknown_conversation_is_said_in_a_sentence(database: Database) -> None:
    """An id from a button that outlived its conversation is an error that can be shown."""
    async with database.write() as connection:
        with pytest.raises(StoreError, match="not known"):
            await conversations.get(connection, 99)
        with pytest.raises(StoreError, match="not known"):
            await conversations.start_epoch(connection, 99)


async def test_lost_server_closes_its_conversations_alone(database: Database) -> None:
    """A server that is lost takes all its places along, once; those of another server and direct messages stay."""
    theirs = [place(1), place(1, scope=Scope.MEMBER, member_id=7), place(2)]
    others = [Place(place_id=3, guild_id=2, scope=Scope.CHANNEL), Place(place_id=4, guild_id=None, scope=Scope.CHANNEL)]
    async with database.write() as connection:
        ids = [(await conversations.find(connection, each, NOW)).id for each in (*theirs, *others)]
        assert await conversations.open_guilds(connection) == {1, 2}
        assert await conversations.close_guild(connection, 1, later(1)) == tuple(ids[:3])
        assert await conversations.close_guild(connection, 1, later(2)) == ()
        closed = [(await conversations.get(connection, each)).closed_at for each in ids]
        assert closed == [later(1)] * 3 + [None] * 2
        assert await conversations.open_guilds(connection) == {2}
        assert await conversations.closed_places(connection) == {1, 2}


async def test_lost_place_closes_all_its_conversations(database: Database) -> None:
    """A channel that is deleted ends the talk of everyone and of each member there, and none elsewhere."""
    places = [place(1), place(1, scope=Scope.PRIVATE, member_id=7), place(2)]
    async with database.write() as connection:
        ids = [(await conversations.find(connection, each, NOW)).id for each in places]
        assert await conversations.close_place(connection, 1, later(1)) == tuple(ids[:2])
        assert (await conversations.get(connection, ids[2])).closed_at is None


async def test_conversation_is_open_again_when_somebody_speaks_there(database: Database) -> None:
    """Who is heard in a place shows that it is not lost; and so does Discord, when it tells of the place."""
    async with database.write() as connection:
        for each in (1, 2):
            await converse(connection, each)
        await conversations.close_guild(connection, 1, later(1))
        assert (await converse(connection, 1)).closed_at is None
        assert await conversations.closed_places(connection) == {2}
        await conversations.reopen(connection, {2})
        assert await conversations.closed_places(connection) == frozenset()
