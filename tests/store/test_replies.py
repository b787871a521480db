"""Replies: a page is written down, then posted, and never posted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.errors import StoreError
from bot.store import replies
from bot.store.database import Database
from bot.store.replies import Page
from bot.store.schema import replies as replies_table
from tests.store.stories import PLACE_ID, answer, ask, converse, later, say

DISCORD_ID = 1_400_000_000_000_000_009


async def test_planned_page_keeps_its_nonce(database: Database) -> None:
    """Who plans a page again, after a crash, posts with the nonce that was written down: Discord drops the double."""
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        page = await replies.plan(connection, run.id, 0, PLACE_ID, "first", later(1))
        assert page == Page(run_id=run.id, number=0, place_id=PLACE_ID, nonce="first", discord_id=None)
        assert await replies.plan(connection, run.id, 0, PLACE_ID, "second", later(2)) == page
        await replies.posted(connection, run.id, 0, DISCORD_ID, later(3))
        posted = replace(page, discord_id=DISCORD_ID)
        assert await replies.plan(connection, run.id, 0, PLACE_ID, "third", later(4)) == posted
        assert await connection.scalar(select(replies_table.c.posted_at)) == later(3)


async def test_pages_come_in_their_order(database: Database) -> None:
    """However they were planned, pages are counted from the first; one whose message is gone can be planned anew."""
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        for number in (1, 0, 2):
            await replies.plan(connection, run.id, number, PLACE_ID, f"nonce {number}", later(1))
        assert [page.number for page in await replies.pages(connection, run.id)] == [0, 1, 2]
        await replies.remove(connection, run.id, 1)
        assert [page.number for page in await replies.pages(connection, run.id)] == [0, 2]
        again = await replies.plan(connection, run.id, 1, PLACE_ID, "fresh", later(2))
        assert again.nonce == "fresh"


async def test_adopted_reply_belongs_to_the_later_run(database: Database) -> None:
    """A regenerated answer is shown in the messages of the old one, also when adopting is repeated after a crash."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "question")
        old = await answer(connection, conversation, "old")
        page = await replies.plan(connection, old.id, 0, PLACE_ID, "nonce", later(1))
        await replies.posted(connection, old.id, 0, DISCORD_ID, later(2))
        assert await replies.run_of(connection, DISCORD_ID) == old.id
        new = await ask(connection, conversation)
        await replies.adopt(connection, old.id, new.id)
        await replies.adopt(connection, old.id, new.id)
        assert await replies.pages(connection, old.id) == ()
        assert await replies.pages(connection, new.id) == (replace(page, run_id=new.id, discord_id=DISCORD_ID),)
        assert await replies.run_of(connection, DISCORD_ID) == new.id
        assert await replies.run_of(connection, 1) is None


async def test_deleted_pages_are_forgotten(database: Database) -> None:
    """Of pages that were deleted in Discord the runs are known, once each; the pages that are left stay."""
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        for number in range(3):
            await replies.plan(connection, run.id, number, PLACE_ID, f"nonce {number}", later(1))
            await replies.posted(connection, run.id, number, DISCORD_ID + number, later(2))
        assert await replies.forget(connection, [DISCORD_ID, DISCORD_ID + 2, 5]) == {run.id}
        assert [page.number for page in await replies.pages(connection, run.id)] == [1]
        assert await replies.forget(connection, [DISCORD_ID]) == frozenset()


async def test_discord_message_shows_one_page(database: Database) -> None:
    """Two pages cannot become the same Discord message: that would lose one of them."""
    async with database.write() as connection:
        run = await ask(connection, await converse(connection))
        for number in range(2):
            await replies.plan(connection, run.id, number, PLACE_ID, f"nonce {number}", later(1))
        await replies.posted(connection, run.id, 0, DISCORD_ID, later(2))

    async def post_again() -> None:
        async with database.write() as connection:
            await replies.posted(connection, run.id, 1, DISCORD_ID, later(3))

    with pytest.raises(StoreError, match="refused"):
        await post_again()
    async with database.read() as connection:
        assert [page.discord_id for page in await replies.pages(connection, run.id)] == [DISCORD_ID, None]
