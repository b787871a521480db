"""Tool calls: written down before they are carried out, and each with one output."""

from __future__ import annotations

import asyncio

from bot.messages import ToolCall
from bot.runs.model import Run
from bot.store import messages, tool_calls
from bot.store.database import Database, Transaction
from bot.store.tool_calls import StoredCall
from bot.tools.model import Outcome
from tests.store.stories import ask, claim_one, converse, later, say

ROLL = ToolCall(id="call_1", name="roll", arguments='{"sides": 6}')
TIME = ToolCall(id="call_2", name="time", arguments="{broken \u200b")


async def step(connection: Transaction, *calls: ToolCall) -> tuple[Run, int, tuple[StoredCall, ...]]:
    """A run whose model asks for these calls: the run, the message that asks, and the calls as they are stored."""
    conversation = await converse(connection)
    await say(connection, conversation, "question")
    await ask(connection, conversation)
    run = await claim_one(connection)
    message_id = await messages.add_answer(connection, run, "", 0, later(2))
    return run, message_id, await tool_calls.add(connection, run, message_id, calls)


async def test_calls_are_stored_as_the_model_wrote_them(database: Database) -> None:
    """In the order asked, whatever the arguments are; nothing has begun."""
    async with database.write() as connection:
        run, message_id, stored = await step(connection, ROLL, TIME)
        assert [ToolCall(id=call.call_id, name=call.name, arguments=call.arguments) for call in stored] == [ROLL, TIME]
        assert [(call.run_id, call.message_id, call.position) for call in stored] == [
            (run.id, message_id, 0),
            (run.id, message_id, 1),
        ]
        assert {(call.started_at, call.ended_at, call.output) for call in stored} == {(None, None, None)}
        assert await tool_calls.pending_of_run(connection, run.id) == stored


async def test_calls_are_found_by_their_messages(database: Database) -> None:
    """One look gives the calls of a whole history; a message without calls is not in it."""
    async with database.write() as connection:
        run, first_id, first = await step(connection, ROLL, TIME)
        second_id = await messages.add_answer(connection, run, "Once more.", 2, later(3))
        second = await tool_calls.add(connection, run, second_id, [ROLL])
        plain_id = await messages.add_answer(connection, run, "A five.", 2, later(4))
        assert await tool_calls.add(connection, run, plain_id, []) == ()
        found = await tool_calls.of_messages(connection, [plain_id, second_id, first_id])
        assert found == {first_id: first, second_id: second}
        assert await tool_calls.of_messages(connection, []) == {}


async def test_call_that_is_under_way_shows_it(database: Database) -> None:
    """What has started and has no output is what a crash leaves; what has one is no longer pending."""
    async with database.write() as connection:
        run, message_id, (roll, time) = await step(connection, ROLL, TIME)
        await tool_calls.start(connection, [roll.id, time.id], later(3))
        assert await tool_calls.finish(connection, roll.id, "5", Outcome.DONE, later(4))
        await tool_calls.start(connection, [roll.id, time.id], later(5))
        rolled, asked = (await tool_calls.of_messages(connection, [message_id]))[message_id]
        assert (rolled.started_at, rolled.ended_at, rolled.output) == (later(3), later(4), "5")
        assert (asked.started_at, asked.ended_at, asked.output) == (later(5), None, None)
        assert await tool_calls.pending_of_run(connection, run.id) == (asked,)


async def test_first_output_stays_when_two_processes_bring_one(database: Database, other_database: Database) -> None:
    """Of all that bring an output, one is told that it counts, and it is the one that is kept."""
    async with database.write() as connection:
        _, message_id, (roll,) = await step(connection, ROLL)

    async def bring(opened: Database, output: str) -> str | None:
        async with opened.write() as connection:
            return output if await tool_calls.finish(connection, roll.id, output, Outcome.DONE, later(3)) else None

    racing = [bring(opened, str(number)) for number, opened in enumerate((database, other_database) * 5)]
    counted = [output for output in await asyncio.gather(*racing) if output is not None]
    async with database.read() as connection:
        (kept,) = (await tool_calls.of_messages(connection, [message_id]))[message_id]
    assert counted == [kept.output]


async def test_calls_of_a_replaced_answer_are_pending_no_more(database: Database) -> None:
    """A question that is asked anew leaves no calls behind that somebody would carry out."""
    async with database.write() as connection:
        run, _, _ = await step(connection, ROLL)
        await messages.hide_answer(connection, run.id, later(3))
        assert await tool_calls.pending_of_run(connection, run.id) == ()
        message_id = await messages.add_answer(connection, run, "", 0, later(4))
        anew = await tool_calls.add(connection, run, message_id, [TIME])
        assert await tool_calls.pending_of_run(connection, run.id) == anew
