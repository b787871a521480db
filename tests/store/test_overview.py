"""Overview: which runs the lists hold, in which order, and what is told of one."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Refusal
from bot.messages import ToolCall
from bot.providers.events import Usage
from bot.runs.model import RunKind, Status
from bot.runs.overview import Overview
from bot.runs.summary import PageRecord, ToolRecord
from bot.store import conversations, messages, overview, replies, runs, usage
from bot.store import tool_calls as stored_calls
from bot.store.conversations import Conversation, Scope
from bot.store.database import Database
from bot.tools.model import Need, Outcome
from tests.store.stories import ASKER_ID, NOW, PLACE_ID, answer, ask, claim_one, converse, later, place, say

OTHER_PLACE_ID = PLACE_ID + 1


async def talk(connection: AsyncConnection, scope: Scope, member_id: int) -> Conversation:
    """A conversation of one member in the place."""
    return await conversations.find(connection, place(scope=scope, member_id=member_id), NOW)


async def test_place_lists_the_runs_of_all_its_conversations(database: Database) -> None:
    """Everyone's, each member's and private ones, the latter marked; none of another place."""
    async with database.write() as connection:
        for conversation in (
            await converse(connection),
            await talk(connection, Scope.MEMBER, 7),
            await talk(connection, Scope.PRIVATE, 7),
            await converse(connection, OTHER_PLACE_ID),
        ):
            await answer(connection, conversation, "words")
        found = await overview.of_place(connection, PLACE_ID, limit=10)
    assert [(run.id, run.is_private) for run in found] == [(3, True), (2, False), (1, False)]


async def test_place_lists_live_runs_first(database: Database) -> None:
    """An answer that still waits stands above those that came and ended after it."""
    async with database.write() as connection:
        await ask(connection, await talk(connection, Scope.MEMBER, 7))
        claimed = await claim_one(connection)
        for _ in range(3):
            await answer(connection, await converse(connection), "words")
        await ask(connection, await converse(connection))
        found = await overview.of_place(connection, PLACE_ID, limit=4)
    assert [run.id for run in found] == [5, claimed.id, 4, 3]
    assert [run.is_live for run in found] == [True, True, False, False]


async def test_pages_of_a_place_hold_each_run_once(database: Database) -> None:
    """Over conversations and their epochs, page after page shows everything and nothing twice."""
    async with database.write() as connection:
        for number in range(12):
            conversation = await talk(connection, Scope.MEMBER, number % 2)
            await answer(connection, conversation, "words")
            if number % 4 == 0:
                await conversations.start_epoch(connection, conversation.id)
        pages = [await overview.of_place(connection, PLACE_ID, limit=5, offset=offset) for offset in (0, 5, 10, 15)]
    assert [[run.id for run in page] for page in pages] == [[12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1], []]


async def test_summary_tells_what_a_run_took(database: Database) -> None:
    """Tokens, cost and who answered are unknown until they are recorded; the rest is the run's."""
    async with database.write() as connection:
        conversation = await converse(connection)
        done = await answer(connection, conversation, "words")
        used = Usage(input_tokens=100, output_tokens=20, cached_tokens=64, reasoning_tokens=5, cost_nanos=900)
        await usage.record(connection, done.id, "smaller", used, later(2), provider="spare")
        await ask(connection, conversation)
        queued, completed = await overview.of_place(connection, PLACE_ID, limit=10)
    assert (queued.status, queued.tokens, queued.started_at, queued.ended_at) == (Status.QUEUED, None, None, None)
    assert (completed.status, completed.model, completed.answered_by) == (
        Status.COMPLETED,
        "demo/small",
        "spare/smaller",
    )
    assert (completed.tokens, completed.cached_tokens, completed.reasoning_tokens) == (120, 64, 5)
    assert (completed.cost_nanos, completed.is_estimated, queued.cost_nanos) == (900, False, None)
    assert (completed.created_at, completed.started_at, completed.ended_at) == (NOW, later(1), later(2))
    assert (completed.asker_id, completed.kind) == (ASKER_ID, RunKind.ANSWER)


async def test_all_places_are_listed_for_the_host(database: Database) -> None:
    """Live runs of any age and the newest ones, as many as asked for; or the live ones alone."""
    async with database.write() as connection:
        await ask(connection, await converse(connection, OTHER_PLACE_ID))
        await claim_one(connection)
        for _ in range(4):
            await answer(connection, await converse(connection), "words")
        found = await overview.of_all_places(connection, limit=3, live_only=False)
        live = await overview.of_all_places(connection, limit=3, live_only=True)
    assert [(run.id, run.place_id) for run in found] == [(1, OTHER_PLACE_ID), (5, PLACE_ID), (4, PLACE_ID)]
    assert [run.id for run in live] == [1]


async def test_history_tells_a_runs_way_in_order(database: Database) -> None:
    """Its events, its pages posted or not, and its tool calls; nothing of another run's."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await answer(connection, await converse(connection, OTHER_PLACE_ID), "words")
        await say(connection, conversation, "hi")
        await ask(connection, conversation)
        run = await claim_one(connection)
        await replies.plan(connection, run.id, 0, PLACE_ID, "nonce-0", later(1))
        await replies.posted(connection, run.id, 0, 99, later(2))
        await replies.plan(connection, run.id, 1, PLACE_ID, "nonce-1", later(3))
        message_id = await messages.add_answer(connection, run, "I look it up.", 4, later(2))
        calls = [ToolCall(id=name, name=name, arguments="{}") for name in ("look_up", "poll", "ask_user", "ban")]
        needs = [None, Need.APPROVAL, Need.ANSWER, Need.APPROVAL]
        added = await stored_calls.add(connection, run, message_id, calls, needs)
        await stored_calls.start(connection, [added[0].id], later(2))
        await stored_calls.finish(connection, added[3].id, "Not approved.", Outcome.DENIED, later(3), by=7)
        await runs.request_cancel(connection, run.id, 7, later(4))
        found = await overview.history(connection, run.id)
    assert found is not None
    assert [(event.cause, event.to_status, event.at) for event in found.events] == [
        ("enqueued", Status.QUEUED, NOW),
        ("claimed", Status.IN_PROGRESS, later(1)),
    ]
    assert found.pages == (
        PageRecord(number=0, created_at=later(1), posted_at=later(2)),
        PageRecord(number=1, created_at=later(3), posted_at=None),
    )
    assert found.tools == (
        ToolRecord(name="look_up", started_at=later(2), ended_at=None),
        ToolRecord(name="poll", started_at=None, ended_at=None, waits_for=Need.APPROVAL),
        ToolRecord(name="ask_user", started_at=None, ended_at=None, waits_for=Need.ANSWER),
        ToolRecord(name="ban", started_at=None, ended_at=later(3), outcome=Outcome.DENIED),
    )
    assert (found.run.cancel_requested_by, found.run.cancel_requested_at) == (7, later(4))


async def test_history_of_no_run_is_none(database: Database) -> None:
    """An id that was never given out has no history."""
    async with database.read() as connection:
        assert await overview.history(connection, 1) is None


def shown(database: Database) -> Overview:
    """The runs as moderators see them, some seconds after the story."""
    return Overview(database, clock=lambda: later(9))


async def test_run_is_shown_in_its_place_only(database: Database) -> None:
    """Who moderates one channel does not read of the runs of another by knowing their numbers."""
    async with database.write() as connection:
        run = await answer(connection, await converse(connection), "words")
    assert (await shown(database).run(PLACE_ID, run.id)).run.id == run.id
    for place_id, run_id in ((OTHER_PLACE_ID, run.id), (PLACE_ID, run.id + 1)):
        with pytest.raises(Refusal, match="is not known here"):
            await shown(database).run(place_id, run_id)


@pytest.mark.parametrize(("count", "has_older"), [(10, False), (11, True)])
async def test_page_knows_whether_another_follows(database: Database, count: int, has_older: bool) -> None:
    """Ten runs are a page; the eleventh makes a second one."""
    async with database.write() as connection:
        for _ in range(count):
            await answer(connection, await converse(connection), "words")
    page = await shown(database).page(PLACE_ID, 0)
    assert (len(page.runs), page.has_older) == (10, has_older)
