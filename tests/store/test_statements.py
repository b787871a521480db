"""What a question costs in statements that have to be built."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ClauseElement, Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.providers.events import Usage
from bot.runs.model import Run
from bot.store import bookmarks, carried, conversations, messages, opt_outs, replies, runs, tool_calls, usage
from bot.store.conversations import Conversation
from bot.store.database import Database
from tests.store.stories import ASKER_ID, NOW, PLACE_ID, ask, claim_one, converse, finish, history, later, say


async def prepare(connection: AsyncConnection) -> Conversation:
    """Somebody speaks, and may be answered."""
    await opt_outs.since(connection, ASKER_ID)
    await opt_outs.among(connection, [ASKER_ID])
    conversation = await converse(connection)
    await runs.live(connection, conversation.id)
    await say(connection, conversation, "Hello?")
    await ask(connection, conversation)
    return conversation


async def show(connection: AsyncConnection, run: Run, nonce: str) -> None:
    """The answer is posted, and nothing of it is to be kept."""
    await replies.plan(connection, run.id, 0, PLACE_ID, nonce, NOW)
    await replies.posted(connection, run.id, 0, int(nonce), NOW)
    await replies.pages(connection, run.id)
    await usage.record(connection, run.id, "demo/small", Usage(input_tokens=1, output_tokens=1), NOW)
    await carried.forget(connection, run.id)
    await runs.mark_delivered(connection, run.id, later(3))


async def question(connection: AsyncConnection, nonce: str) -> None:
    """A question from its first word to the last edit of its answer."""
    conversation = await prepare(connection)
    run = await claim_one(connection)
    await runs.get(connection, run.id)
    await conversations.get(connection, conversation.id)
    await bookmarks.of_run(connection, run)
    await history(connection, run)
    await messages.removed(connection, conversation.id, conversation.epoch)
    await tool_calls.of_messages(connection, [1, 2])
    await show(connection, await finish(connection, run, "Hello."), nonce)


async def test_statements_of_a_question_are_built_once(database: Database) -> None:
    """A second question is carried out with the very statements that the first one was: none is built for it."""
    carried_out: list[ClauseElement] = []

    def note(_: Connection, statement: ClauseElement, *__: Any) -> None:
        carried_out.append(statement)

    async with database.write() as connection:
        await converse(connection)
        event.listen(connection.sync_connection, "before_execute", note)
        await question(connection, "1")
        first, carried_out = carried_out, []
        await question(connection, "2")
    assert first
    assert [id(statement) for statement in carried_out] == [id(statement) for statement in first]
