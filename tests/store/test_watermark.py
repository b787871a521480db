"""Up to which message everything has been dealt with, as it is kept and written down."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot.runs.watermark import Watermark, first_id
from bot.store import shards
from bot.store.database import Database
from tests.store.stories import NOW, later


@pytest.fixture
async def watermark(database: Database) -> Watermark:
    """The mark at 10, as an earlier process left it."""
    async with database.write() as connection:
        await shards.note(connection, 0, 10)
    return await Watermark.open(database, shard_number=0, now=NOW)


def deal_with(watermark: Watermark, *message_ids: int) -> int | None:
    """The mark after these messages were dealt with, one after the other."""
    for message_id in message_ids:
        with watermark.passing(message_id):
            pass
    return watermark.last_message_id


async def test_first_start_of_all_leaves_its_time(database: Database) -> None:
    """Nothing was heard before it, so it reads nothing; a process after it reads on from there, even after a kill."""
    assert (await Watermark.open(database, shard_number=0, now=NOW)).last_message_id is None
    assert (await Watermark.open(database, shard_number=0, now=later(60))).last_message_id == first_id(NOW)


async def test_mark_follows_the_newest_message(watermark: Watermark) -> None:
    """It begins where it was left, rises with what is heard, and never falls with what is late."""
    assert watermark.last_message_id == 10
    assert deal_with(watermark, 12, 11, 9) == 12


async def test_mark_stays_behind_a_message_under_way(watermark: Watermark) -> None:
    """What is still being dealt with would be lost if the process ended now, so newer ones wait for it."""
    with watermark.passing(12):
        assert deal_with(watermark, 11, 13) == 11
        assert deal_with(watermark, 12) == 11, "the same message twice at once"
    assert watermark.last_message_id == 13


async def test_message_that_fails_is_dealt_with_but_one_cut_off_is_not(watermark: Watermark) -> None:
    """An error is said and over; a stop in the middle leaves the message to the next start."""
    with contextlib.suppress(ValueError), watermark.passing(11):
        raise ValueError
    assert watermark.last_message_id == 11
    with contextlib.suppress(asyncio.CancelledError), watermark.passing(12):
        raise asyncio.CancelledError
    assert deal_with(watermark, 13) == 11


async def test_mark_stays_behind_a_message_that_is_left_until_it_is_dealt_with(watermark: Watermark) -> None:
    """The next reading finds it, and once that has dealt with it, newer ones need not wait."""
    with watermark.passing(11):
        watermark.leave(11)
    assert deal_with(watermark, 12) == 10
    assert deal_with(watermark, 11) == 12


async def test_mark_stands_still_until_what_was_missed_is_read(watermark: Watermark) -> None:
    """What a new session hears says nothing about what was said before it."""
    watermark.stand_still()
    earlier = watermark.session
    watermark.stand_still()
    assert deal_with(watermark, 30) == 10
    watermark.move_on(earlier, 20)
    assert watermark.last_message_id == 10, "a session that is over by now"
    watermark.move_on(watermark.session, 20)
    assert watermark.last_message_id == 30


async def test_mark_is_written_down_at_the_end(watermark: Watermark, database: Database) -> None:
    """A process that stops leaves its mark to the next one."""
    deal_with(watermark, 40)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await watermark.keep()
    assert (await Watermark.open(database, shard_number=0, now=NOW)).last_message_id == 40
