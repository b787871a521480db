"""What is stored of a conversation, read page by page, from both ends, and with what may be taken back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import Run
from bot.store import conversations, history, messages, replies
from bot.store.conversations import Conversation, Scope
from bot.store.database import Database
from bot.store.history import Entry
from tests.store.stories import ASKER_ID, NOW, answer, ask, converse, later, place, say


def texts(entries: tuple[Entry, ...]) -> list[str]:
    """What the entries say."""
    return [entry.message.text for entry in entries]


async def talked(connection: AsyncConnection, turns: int) -> tuple[Conversation, list[Run]]:
    """A conversation of so many questions with answers, and their runs."""
    conversation, runs = await converse(connection), list[Run]()
    for number in range(turns):
        await say(connection, conversation, f"q{number}", discord_id=100 + number)
        runs.append(await answer(connection, conversation, f"a{number}"))
    return conversation, runs


async def test_page_begins_with_what_waits(database: Database) -> None:
    """Newest first: what no run took up yet, then the runs, and pages go on where the last one ended."""
    async with database.write() as connection:
        conversation, _ = await talked(connection, 2)
        await say(connection, conversation, "waits")
        first = await history.page(connection, conversation, limit=3, offset=0)
        second = await history.page(connection, conversation, limit=3, offset=3)
        assert (texts(first), texts(second)) == (["waits", "a1", "q1"], ["a0", "q0"])
        assert await history.count(connection, conversation) == 5
        assert await history.newest_tokens(connection, conversation, 2) == (5, 2)


async def test_page_holds_neither_hidden_nor_earlier_words(database: Database) -> None:
    """What left the history is not shown, nor what was said before a reset."""
    async with database.write() as connection:
        conversation, _ = await talked(connection, 1)
        await conversations.start_epoch(connection, conversation.id)
        conversation = await conversations.get(connection, conversation.id)
        await say(connection, conversation, "gone", discord_id=7)
        await say(connection, conversation, "stays", discord_id=8)
        await messages.hide(connection, [7], NOW)
        assert texts(await history.page(connection, conversation, limit=9, offset=0)) == ["stays"]
        assert await history.epochs(connection, conversation.id) == (0, 1)


async def test_answer_is_shown_in_its_first_page(database: Database) -> None:
    """A link leads to where an answer begins, and to the message of a question."""
    async with database.write() as connection:
        conversation, (run,) = await talked(connection, 1)
        for number, discord_id in enumerate((500, 501)):
            await replies.plan(connection, run.id, number, 1, f"n{number}", NOW)
            await replies.posted(connection, run.id, number, discord_id, NOW)
        found = await history.page(connection, conversation, limit=9, offset=0)
        assert [entry.shown_in for entry in found] == [500, 100]


async def test_whole_is_read_in_parts_from_both_ends(database: Database) -> None:
    """Part after part everything comes once, in the order in which models read it."""
    async with database.write() as connection:
        conversation, _ = await talked(connection, 3)
        forward, position = list[str](), history.BEGINNING
        while part := await history.after(connection, conversation.id, 0, position, 2):
            forward += texts(part)
            position = part[-1].message.run_id or 0, part[-1].message.id
        backward, start = list[str](), None
        while part := await history.before(connection, conversation.id, 0, start, 4):
            backward += texts(part)
            start = part[-1].message.run_id or 0, part[-1].message.id
        assert forward == ["q0", "a0", "q1", "a1", "q2", "a2"]
        assert backward == forward[::-1]


async def test_message_is_found_by_any_of_its_pages(database: Database) -> None:
    """A question by its own id, an answer by the id of each page; nothing that left the history."""
    async with database.write() as connection:
        conversation, (run,) = await talked(connection, 1)
        await replies.plan(connection, run.id, 0, 1, "n", NOW)
        await replies.posted(connection, run.id, 0, 500, NOW)
        for discord_id, text in ((100, "q0"), (500, "a0")):
            found = await history.find(connection, discord_id)
            assert found is not None
            assert (found[0], found[1].message.text) == (conversation, text)
        await messages.hide(connection, [100], NOW)
        assert await history.find(connection, 100) is None
        assert await history.find(connection, 999) is None


async def test_what_comes_after_a_message_is_hidden(database: Database) -> None:
    """Also what waits, and what was asked while the answer was being written; it counts as removed."""
    async with database.write() as connection:
        conversation, (first, _) = await talked(connection, 2)
        await say(connection, conversation, "waits")
        last = await messages.last_of(connection, first.id)
        assert last is not None
        assert await history.count_after(connection, conversation, last) == 3
        assert await history.hide_after(connection, conversation, last, later(9)) == 3
        assert texts(await history.page(connection, conversation, limit=9, offset=0)) == ["a0", "q0"]
        assert await messages.removed(connection, conversation.id, 0) == 2


async def test_only_what_was_hidden_at_that_moment_comes_back(database: Database) -> None:
    """An answer that was taken out is restored, without what an earlier attempt of its run had written."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "q")
        run = await ask(connection, conversation)
        await messages.add_answer(connection, run, "first attempt", 1, NOW)
        await messages.hide_answer(connection, run.id, NOW)
        await messages.add_answer(connection, run, "answer", 1, NOW)
        await messages.hide_answer(connection, run.id, later(1))
        assert not await history.restore(connection, run.id, 0, NOW + timedelta(days=1))
        assert await history.restore(connection, run.id, 0, later(1))
        assert texts(await history.page(connection, conversation, limit=9, offset=0)) == ["answer", "q"]


async def test_cost_is_of_the_run(database: Database) -> None:
    """Who asked and which model answered is known where nothing was counted."""
    async with database.write() as connection:
        _, (run,) = await talked(connection, 1)
        written = (await history.costs(connection, {run.id}))[run.id]
        assert (written.asker_id, written.model, written.cost.nanos) == (ASKER_ID, "demo/small", None)


async def test_person_sees_no_talk_of_another(database: Database) -> None:
    """Everybody's conversation and one's own private one, not that of somebody else."""
    async with database.write() as connection:
        await converse(connection)
        for member_id in (1, 2):
            await conversations.find(connection, place(scope=Scope.PRIVATE, member_id=member_id), NOW)
        seen = await conversations.seen_by(connection, place().place_id, 1)
        assert [(each.place.scope, each.place.member_id) for each in seen] == [("channel", 0), ("private", 1)]
