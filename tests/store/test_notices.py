"""What moderators are told once."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.notices import NO_TOOLS, Notices, Source, end_of_models, lack_of_tools
from bot.providers.catalog import Leaving
from bot.store.database import Database

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def notices_of(database: Database, *sources: Source) -> Notices:
    """What one process knows to tell."""
    return Notices(database, sources=sources or (lack_of_tools(lambda _: False),), clock=lambda: NOW)


async def told(database: Database, notices: Notices, guild_id: int | None, model: str = "small") -> str | None:
    """What the next answer carries, and that it did."""
    notice = await notices.due(guild_id, model)
    if notice is None or guild_id is None:
        return None
    async with database.write() as transaction:
        await notices.mark(transaction, guild_id, notice)
    return notice.sentence


async def test_notice_is_told_once_in_each_guild(database: Database, other_database: Database) -> None:
    """Another process, or this one after a restart, does not tell it again; another model that lacks tools is news."""
    notices, others = notices_of(database), notices_of(other_database)
    assert [await told(database, notices, guild_id) for guild_id in (1, 1, 2, None)] == [NO_TOOLS, None, NO_TOOLS, None]
    assert [await told(other_database, others, guild_id) for guild_id in (1, 3)] == [None, NO_TOOLS]
    assert others.standing("small") == (NO_TOOLS,)
    assert await told(database, notices, 1, "large") == NO_TOOLS


async def test_nothing_is_told_of_a_provider_that_takes_tools(database: Database) -> None:
    """As long as it has refused none."""
    notices = notices_of(database, lack_of_tools(lambda _: True))
    assert (await notices.due(1, "small"), notices.standing("small")) == (None, ())


async def test_several_things_are_told_one_by_one(database: Database) -> None:
    """Each in an answer of its own; another day of the same shutdown is news."""
    days = [date(2026, 12, 11)]
    going = end_of_models(lambda model: Leaving(reference=model, shutdown_on=days[0]))
    notices = notices_of(database, lack_of_tools(lambda _: False), going)
    shutdown = "The model small ends on 11 December 2026: choose another one."
    assert [await told(database, notices, 1) for _ in range(3)] == [NO_TOOLS, shutdown, None]
    days[0] = date(2026, 12, 12)
    assert await told(database, notices, 1) == shutdown.replace("11", "12")
