"""Conversations."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import StoreError
from bot.store import conversations
from bot.store.conversations import Conversation, Scope
from bot.store.database import Database
from tests.store.stories import NOW, converse, place


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
