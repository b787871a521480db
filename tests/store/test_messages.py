"""Messages: each once, and in the order in which they were answered."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import func, select

from bot.messages import Role
from bot.store import conversations, messages
from bot.store.database import Database
from bot.store.messages import NewMessage, StoredMessage
from bot.store.schema import messages as messages_table
from tests.store.stories import (
    ASKER_ID,
    NOW,
    answer,
    ask,
    claim_one,
    converse,
    finish,
    history,
    later,
    say,
    waiting,
)


async def test_discord_message_is_stored_once_when_two_processes_see_it(
    database: Database, other_database: Database
) -> None:
    """A replayed or doubled event changes nothing: one of all that append it gets an id, the others None."""

    async def append(opened: Database) -> int | None:
        async with opened.write() as connection:
            return await say(connection, await converse(connection), "hello", discord_id=42)

    ids = await asyncio.gather(*(append(opened) for opened in (database, other_database) * 10))
    assert len([message_id for message_id in ids if message_id is not None]) == 1
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(messages_table)) == 1


async def test_messages_without_a_discord_id_are_all_stored(database: Database) -> None:
    """What came by a command has no Discord message, and two such are two."""
    async with database.write() as connection:
        conversation = await converse(connection)
        assert await say(connection, conversation, "one") != await say(connection, conversation, "two")
        assert await waiting(connection, conversation) == ["one", "two"]


async def test_history_is_in_the_order_of_the_runs(database: Database) -> None:
    """While run 1 answers m1, m2 and m3 arrive; run 2 answers both: m1 a1 m2 m3 a2."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "m1")
        await ask(connection, conversation)
        first = await claim_one(connection)
        await say(connection, conversation, "m2")
        await say(connection, conversation, "m3")
        await finish(connection, first, "a1")
        await ask(connection, conversation)
        second = await claim_one(connection)
        await say(connection, conversation, "m4")
        await finish(connection, second, "a2")
        assert await history(connection, second) == ["a2", "m3", "m2", "a1", "m1"]
        assert await history(connection, second, limit=2) == ["a2", "m3"]
        assert await history(connection, first) == ["a1", "m1"]
        assert await waiting(connection, conversation) == ["m4"]


async def test_history_begins_with_the_epoch(database: Database) -> None:
    """After a reset nothing that was said before is seen, neither answered nor waiting."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "old")
        await answer(connection, conversation, "old answer")
        await say(connection, conversation, "old and waiting")
        await conversations.start_epoch(connection, conversation.id)
        conversation = await converse(connection)
        assert await waiting(connection, conversation) == []
        await say(connection, conversation, "new")
        assert await history(connection, await ask(connection, conversation)) == ["new"]


async def test_history_is_that_of_one_place(database: Database) -> None:
    """What is said elsewhere is neither seen nor answered here."""
    async with database.write() as connection:
        here, elsewhere = await converse(connection, 1), await converse(connection, 2)
        await say(connection, elsewhere, "elsewhere")
        await answer(connection, elsewhere, "answer elsewhere")
        await say(connection, here, "here")
        assert await waiting(connection, elsewhere) == []
        assert await history(connection, await ask(connection, here)) == ["here"]


async def test_deleted_message_leaves_the_history(database: Database) -> None:
    """What was deleted in Discord is seen by no run, whether it was answered or waits; the table keeps it."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "kept", discord_id=1)
        await say(connection, conversation, "deleted", discord_id=2)
        run = await answer(connection, conversation, "answer")
        await say(connection, conversation, "deleted too", discord_id=3)
        (hidden,) = await messages.hide(connection, [2, 99], later(3))
        assert (hidden.text, hidden.run_id) == ("deleted", run.id)
        assert [message.text for message in await messages.hide(connection, {2, 3, 99}, later(4))] == ["deleted too"]
        assert await messages.hide(connection, [], later(4)) == ()
        assert await history(connection, run) == ["answer", "kept"]
        assert await waiting(connection, conversation) == []
        assert await say(connection, conversation, "deleted", discord_id=2) is None
        assert await messages.by_discord_id(connection, 2) == hidden


async def test_question_is_there_until_all_of_it_is_deleted(database: Database) -> None:
    """A run has a question as long as one of the messages that it took up is not deleted; its answer is none."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "one", discord_id=1)
        await say(connection, conversation, "two", discord_id=2)
        run = await answer(connection, conversation, "answer")
        await messages.hide(connection, [1], later(3))
        assert await messages.has_question(connection, run.id)
        await messages.hide(connection, [2], later(3))
        assert not await messages.has_question(connection, run.id)


async def test_reworded_message_has_its_new_words_and_their_cost(database: Database) -> None:
    """Only other words change a message, and only while it is part of the history."""
    async with database.write() as connection:
        conversation = await converse(connection)
        message_id = await say(connection, conversation, "old", discord_id=1)
        assert message_id is not None
        assert not await messages.reword(connection, message_id, "old", 99)
        assert await messages.reword(connection, message_id, "new", 7)
        stored = await messages.by_discord_id(connection, 1)
        assert stored is not None
        assert (stored.text, stored.tokens) == ("new", 7)
        await messages.hide(connection, [1], later(3))
        assert not await messages.reword(connection, message_id, "newer", 8)


async def test_regenerated_answer_takes_the_place_of_the_old(database: Database) -> None:
    """The question stays where it was, the old answer is hidden, the new one follows."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "question")
        old = await answer(connection, conversation, "old answer")
        await messages.hide_answer(connection, old.id, later(3))
        new = await answer(connection, conversation, "new answer")
        assert await history(connection, new) == ["new answer", "question"]


async def test_message_stays_with_the_run_that_took_it_up(database: Database) -> None:
    """A message is answered by one run, whoever else would."""
    async with database.write() as connection:
        conversation = await converse(connection)
        message_id = await say(connection, conversation, "question", discord_id=1)
        assert message_id is not None
        first = await answer(connection, conversation, "answer")
        second = await ask(connection, conversation)
        await messages.attach(connection, [message_id], second.id)
        stored = await messages.by_discord_id(connection, 1)
    assert stored is not None
    assert stored.run_id == first.id


async def test_stored_message_says_all_that_was_appended(database: Database) -> None:
    """Ids of 64 bits, any text and times to the millisecond come back as they went in."""
    new = NewMessage(
        discord_id=2**63 - 1,
        author_id=ASKER_ID,
        author_name="Zoë \N{WAVING HAND SIGN}",
        text="\u202eright to left\u200b",
        quote_author="Grace",
        quote_text="quoted",
        quote_author_id=2**63 - 1,
        tokens=7,
        created_at=NOW + timedelta(milliseconds=1),
    )
    async with database.write() as connection:
        message_id = await messages.append(connection, await converse(connection), new)
        stored = await messages.by_discord_id(connection, 2**63 - 1)
    assert message_id is not None
    assert stored == StoredMessage(id=message_id, role=Role.USER, run_id=None, **asdict(new))
