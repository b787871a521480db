"""What moderators switched, as the tables hold it and as it counts in a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import Refusal
from bot.places import Place, PlaceKind
from bot.readings import FRESH
from bot.store import tool_switches
from bot.store.database import Database
from bot.store.schema import tool_switches as table
from bot.tool_rules import ToolRules
from bot.tools.switches import Switch
from bot.whereabouts import Whereabouts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GUILD_ID, CHANNEL_ID, CATEGORY_ID = 1_400_000_000_000_000_001, 1_400_000_000_000_000_002, 1_400_000_000_000_000_003
GUILD = Place(kind=PlaceKind.GUILD, id=GUILD_ID)
CHANNEL = Place(kind=PlaceKind.CHANNEL, id=CHANNEL_ID)
CATEGORY = Place(kind=PlaceKind.CATEGORY, id=CATEGORY_ID)
ROLL_OFF = Switch(place=CHANNEL, tool="roll", is_enabled=False)


@dataclass
class Watch:
    """A time that stands still until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Atlas:
    """Knows channels as discord.py would, those that it was told of and those that it has to ask for."""

    told: dict[int, Any] = field(default_factory=dict)
    others: dict[int, Any] = field(default_factory=dict)

    def get_channel(self, id: int, /) -> Any:
        """A channel that was told of."""
        return self.told.get(id)

    async def fetch_channel(self, channel_id: int, /) -> Any:
        """A channel that is asked for."""
        if channel_id not in self.others:
            raise OSError("nobody answers")
        return self.others[channel_id]


def a_channel(category_id: int | None = CATEGORY_ID) -> Any:
    """The channel, in its category."""
    return SimpleNamespace(id=CHANNEL_ID, category_id=category_id)


def rules_of(database: Database, clock: Watch, atlas: Atlas | None = None) -> ToolRules:
    """What one process goes by."""
    whereabouts = Whereabouts()
    whereabouts.meet(atlas or Atlas(told={CHANNEL_ID: a_channel()}))
    return ToolRules(database, whereabouts, clock=clock)


async def test_switch_is_stored_once(database: Database) -> None:
    """Who switches again changes what is there; the row says who and when; other guilds have their own."""
    async with database.write() as connection:
        await tool_switches.put(connection, GUILD_ID, ROLL_OFF, 7, NOW)
        await tool_switches.put(connection, GUILD_ID, Switch(place=GUILD, tool="roll", is_enabled=False), 7, NOW)
        await tool_switches.put(connection, 5, Switch(place=CHANNEL, tool="time", is_enabled=False), 7, NOW)
        on_again = Switch(place=CHANNEL, tool="roll", is_enabled=True)
        await tool_switches.put(connection, GUILD_ID, on_again, 8, NOW + timedelta(1))
    async with database.read() as connection:
        found = await tool_switches.of_guild(connection, GUILD_ID)
        by, at = (await connection.execute(select(table.c.set_by, table.c.set_at).where(table.c.is_enabled))).one()
    assert set(found) == {on_again, Switch(place=GUILD, tool="roll", is_enabled=False)}
    assert (by, at) == (8, NOW + timedelta(1))


async def test_switch_counts_at_once_where_it_was_made(database: Database) -> None:
    """What was read before is forgotten; direct messages know no switches."""
    rules = rules_of(database, Watch())
    assert (await rules.at(GUILD_ID, CHANNEL_ID)).allow("roll", "games")
    await rules.switch(GUILD_ID, ROLL_OFF, 7)
    assert not (await rules.at(GUILD_ID, CHANNEL_ID)).allow("roll", "games")
    assert (await rules.at(None, CHANNEL_ID)).allow("roll", "games")


async def test_switch_of_another_process_counts_after_seconds(database: Database, other_database: Database) -> None:
    """Nothing is read twice within them, and a clock that was set back makes nothing last longer."""
    clock = Watch()
    rules = rules_of(database, clock)
    await rules.at(GUILD_ID, CHANNEL_ID)
    await rules_of(other_database, clock).switch(GUILD_ID, ROLL_OFF, 7)
    clock.now = NOW + FRESH - timedelta(milliseconds=1)
    assert (await rules.at(GUILD_ID, CHANNEL_ID)).allow("roll", "games")
    clock.now = NOW + FRESH
    assert not (await rules.at(GUILD_ID, CHANNEL_ID)).allow("roll", "games")
    await rules_of(other_database, clock).switch(GUILD_ID, Switch(place=CHANNEL, tool="roll", is_enabled=True), 7)
    clock.now = NOW
    assert (await rules.at(GUILD_ID, CHANNEL_ID)).allow("roll", "games")


@pytest.mark.parametrize(
    ("atlas", "places"),
    [
        (Atlas(told={CHANNEL_ID: a_channel()}), (CHANNEL, CATEGORY, GUILD)),
        (Atlas(told={CHANNEL_ID: a_channel(None)}), (CHANNEL, GUILD)),
        (Atlas(others={CHANNEL_ID: a_channel()}), (CHANNEL, CATEGORY, GUILD)),
    ],
)
async def test_place_lies_in_others(database: Database, atlas: Atlas, places: tuple[Place, ...]) -> None:
    """A channel, its category if it has one, and the guild; before the gateway has told of it, it is asked for."""
    assert await rules_of(database, Watch(), atlas).places(GUILD_ID, CHANNEL_ID) == places


async def test_place_that_cannot_be_found_is_asked_for_only_where_something_is_switched(database: Database) -> None:
    """Then nobody can say what counts; where nothing is switched it does not matter."""
    rules = rules_of(database, Watch(), Atlas())
    assert (await rules.at(GUILD_ID, CHANNEL_ID)).allow("roll", "games")
    await rules.switch(GUILD_ID, ROLL_OFF, 7)
    with pytest.raises(Refusal):
        await rules.at(GUILD_ID, CHANNEL_ID)
