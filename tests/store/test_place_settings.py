"""What moderators chose for places, as the tables hold it and as it counts in one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.place_settings import PlaceSettings
from bot.place_values import Choice, PlaceValues
from bot.places import Place, PlaceKind
from bot.store import place_settings
from bot.store.database import Database
from bot.store.schema import place_settings as table
from bot.whereabouts import Whereabouts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GUILD_ID, CHANNEL_ID, CATEGORY_ID, DM_ID = 1_400, 1_401, 1_402, 1_403
GUILD = Place(kind=PlaceKind.GUILD, id=GUILD_ID)
CATEGORY = Place(kind=PlaceKind.CATEGORY, id=CATEGORY_ID)
CHANNEL = Place(kind=PlaceKind.CHANNEL, id=CHANNEL_ID)
DM = Place(kind=PlaceKind.CHANNEL, id=DM_ID)


class Atlas:
    """Knows the channel, in its category."""

    def get_channel(self, id: int, /) -> Any:
        """The channel, whatever its id."""
        return SimpleNamespace(id=id, category_id=CATEGORY_ID)

    async def fetch_channel(self, channel_id: int, /) -> Any:
        """Nothing has to be asked for."""
        raise AssertionError(channel_id)


def settings_of(database: Database) -> PlaceSettings:
    """What one process goes by."""
    whereabouts = Whereabouts()
    whereabouts.meet(Atlas())
    return PlaceSettings(database, whereabouts, clock=lambda: NOW)


def choice(place: Place, name: str, value: Any) -> Choice:
    """A choice."""
    return Choice(place=place, name=name, value=value)


async def test_choice_is_stored_once(database: Database) -> None:
    """Who chooses again changes what is there; the row says who and when; other guilds have their own."""
    async with database.write() as connection:
        await place_settings.put(connection, GUILD_ID, choice(CHANNEL, "seed", 7), 1, NOW)
        await place_settings.put(connection, 5, choice(Place(kind=PlaceKind.CHANNEL, id=5), "seed", 9), 1, NOW)
        await place_settings.put(connection, GUILD_ID, choice(CHANNEL, "seed", 8), 2, NOW + timedelta(1))
    async with database.read() as connection:
        found = await place_settings.within(connection, GUILD)
        rows = (await connection.execute(select(table.c.set_by, table.c.set_at).where(table.c.place_id == 1_401))).all()
    assert found == (choice(CHANNEL, "seed", 8),)
    assert rows == [(2, NOW + timedelta(1))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 1.0),
        ("temperature", 0.1),
        ("seed", 2**53 - 1),
        ("stop", ["1", "é"]),
        ("logit_bias", {"50256": -100}),
        ("reasoning_effort", "none"),
        ("model", "1"),
        ("model", "null"),
    ],
)
async def test_value_is_read_as_it_was_stored(database: Database, name: str, value: Any) -> None:
    """Whatever its kind is."""
    settings = settings_of(database)
    await settings.choose(GUILD_ID, choice(CHANNEL, name, value), 1)
    decided = (await settings.at(GUILD_ID, CHANNEL_ID)).deciding(name)
    assert decided is not None
    assert decided.value == value


async def test_value_that_an_older_parley_stored_does_not_count(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting that is gone, or out of its range by now, is inherited; the log says so."""
    async with database.write() as connection:
        await place_settings.put(connection, GUILD_ID, choice(CHANNEL, "warmth", 1), 1, NOW)
        await place_settings.put(connection, GUILD_ID, choice(CHANNEL, "temperature", 7), 1, NOW)
        await place_settings.put(connection, GUILD_ID, choice(GUILD, "temperature", 1), 1, NOW)
    values = await settings_of(database).at(GUILD_ID, CHANNEL_ID)
    assert values.parameters == {"temperature": 1}
    assert "2 settings in guild 1400 are not known any more" in caplog.text


async def test_direct_message_has_choices_of_its_own(database: Database) -> None:
    """They count nowhere else, and a guild's do not count in it."""
    settings = settings_of(database)
    await settings.choose(None, choice(DM, "seed", 7), 1)
    await settings.choose(GUILD_ID, choice(GUILD, "seed", 8), 1)
    assert (await settings.at(None, DM_ID)).parameters == {"seed": 7}
    assert (await settings.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 8}
    assert not await settings.unset(None, DM, "top_p")
    assert await settings.unset(None, DM, "seed")
    assert (await settings.at(None, DM_ID)).parameters == {}


PLACES = (CHANNEL, CATEGORY, GUILD)


@given(st.dictionaries(st.tuples(st.sampled_from(PLACES), st.sampled_from(("seed", "n"))), st.integers(1, 8)))
def test_nearest_choice_counts(chosen: dict[tuple[Place, str], int]) -> None:
    """As nested dictionaries would have it, each further out beneath the nearer ones."""
    known = {key: choice(*key, value) for key, value in chosen.items()}
    nested: dict[str, int] = {}
    for place in reversed(PLACES):
        nested |= {name: value for (where, name), value in chosen.items() if where == place}
    assert PlaceValues(places=PLACES, known=known).parameters == nested
