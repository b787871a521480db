"""What is deleted for good of a conversation that goes on: words go, what was spent stays, and what is at work."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import ToolCall
from bot.providers.events import Usage
from bot.runs.model import Run
from bot.store import bookmarks, clearing, conversations, messages, runs, tool_calls, usage
from bot.store.conversations import Conversation
from bot.store.database import Database
from bot.store.schema import bookmarks as bookmark_table
from bot.store.schema import messages as message_table
from bot.store.schema import tool_calls as call_table
from bot.store.schema import usage as usage_table
from tests.store.stories import NOW, answer, ask, converse, later, say


async def count(connection: AsyncConnection, table: object) -> int:
    """How many rows a table has."""
    total: int = (await connection.execute(select(func.count()).select_from(table))).scalar_one()  # type: ignore[arg-type]  # any table
    return total


async def cleared(connection: AsyncConnection, conversation: Conversation) -> None:
    """All that was said is hidden, and a new epoch begins."""
    await clearing.hide_all(connection, conversation, later(9))
    await conversations.start_epoch(connection, conversation.id)


async def answered(connection: AsyncConnection, conversation: Conversation) -> Run:
    """A question, an answer that used a tool, and what they took, delivered."""
    await say(connection, conversation, "why?")
    run = await answer(connection, conversation, "because")
    step = await messages.add_answer(connection, run, "", 1, NOW)
    await tool_calls.add(connection, run, step, [ToolCall(id="c", name="roll", arguments="{}")])
    await usage.record(connection, run.id, "demo/small", Usage(input_tokens=1, output_tokens=1), NOW)
    await bookmarks.put(connection, run, "demo", {}, NOW)
    await runs.mark_delivered(connection, run.id, NOW)
    return run


async def test_words_are_deleted_and_what_was_spent_stays(database: Database) -> None:
    """Messages, tool calls and the run's text are gone, a provider can be told; the run and its usage are not."""
    async with database.write() as connection:
        conversation = await converse(connection)
        run = await answered(connection, conversation)
        assert await clearing.count(connection, conversation) == 3
        await cleared(connection, conversation)
        assert not await clearing.delete_part(connection)
        for table, left in ((message_table, 0), (call_table, 0), (usage_table, 1)):
            assert await count(connection, table) == left
        assert [kept.provider for kept in await clearing.kept_elsewhere(connection)] == ["demo"]
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert stored.text == ""


async def test_answer_that_is_not_delivered_keeps_its_words_until_it_is(database: Database) -> None:
    """Discord may be down: the answer is shown when it is back, and then deleted."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "why?")
        run = await answer(connection, conversation, "because")
        await bookmarks.put(connection, run, "demo", {}, NOW)
        await cleared(connection, conversation)
        await clearing.delete_part(connection)
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert (stored.text, await count(connection, message_table)) == ("because", 2)
        assert await clearing.kept_elsewhere(connection) == ()
        await runs.mark_delivered(connection, run.id, later(10))
        await clearing.delete_part(connection)
        assert await count(connection, message_table) == 0
        (kept,) = await clearing.kept_elsewhere(connection)
        await clearing.forget_elsewhere(connection, kept)
        assert await count(connection, bookmark_table) == 0


async def test_what_still_counts_is_left_alone(database: Database) -> None:
    """Neither what was said before a reset, nor what left the history of the epoch that goes on."""
    async with database.write() as connection:
        conversation = await converse(connection)
        run = await answered(connection, conversation)
        await conversations.start_epoch(connection, conversation.id)
        conversation = await conversations.get(connection, conversation.id)
        await say(connection, conversation, "gone", discord_id=7)
        await ask(connection, conversation)
        await messages.hide(connection, [7], NOW)
        await clearing.delete_part(connection)
        assert (await count(connection, message_table), await clearing.kept_elsewhere(connection)) == (4, ())
        stored = await runs.get(connection, run.id)
        assert stored is not None
        assert stored.text == "because"


async def test_long_conversation_is_deleted_in_parts(database: Database) -> None:
    """No transaction holds others up for long: each deletes a bounded number."""
    async with database.write() as connection:
        conversation = await converse(connection)
        for number in range(clearing.MESSAGES_AT_ONCE + 1):
            await say(connection, conversation, f"q{number}")
        await cleared(connection, conversation)
        assert await clearing.delete_part(connection)
        assert not await clearing.delete_part(connection)
        assert await count(connection, message_table) == 0
