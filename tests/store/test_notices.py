"""What moderators are told once."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.notices import NO_TOOLS, Notices
from bot.store.database import Database

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def notices_of(database: Database, *, takes_tools: bool = False, model: str = "small") -> Notices:
    """What one process knows to tell."""
    return Notices(database, model=model, takes_tools=lambda _: takes_tools, clock=lambda: NOW)


async def tell(database: Database, notices: Notices, guild_id: int) -> None:
    """Note that an answer carried it."""
    async with database.write() as transaction:
        await notices.mark(transaction, guild_id)


async def test_notice_is_told_once_in_each_guild(database: Database, other_database: Database) -> None:
    """Another process, or this one after a restart, does not tell it again; another model that lacks tools is news."""
    notices, others = notices_of(database), notices_of(other_database)
    assert [await notices.due(guild_id) for guild_id in (1, 2, None)] == [NO_TOOLS, NO_TOOLS, None]
    await tell(database, notices, 1)
    await tell(database, notices, 1)
    assert [await others.due(guild_id) for guild_id in (1, 2)] == [None, NO_TOOLS]
    assert others.standing == NO_TOOLS
    assert await notices_of(database, model="large").due(1) == NO_TOOLS


async def test_nothing_is_told_of_a_provider_that_takes_tools(database: Database) -> None:
    """As long as it has refused none."""
    notices = notices_of(database, takes_tools=True)
    assert (await notices.due(1), notices.standing) == (None, None)
