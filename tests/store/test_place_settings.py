"""What moderators chose for places, as the tables hold it and as it counts in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.errors import Refusal
from bot.place_settings.chosen import Choice, PlaceValues
from bot.place_settings.service import Edit, PlaceSettings
from bot.places import Place, PlaceKind
from bot.store import place_settings, setting_changes
from bot.store.database import Database
from bot.store.schema import place_settings as table
from bot.whereabouts import Channels, Whereabouts

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


def settings_of(database: Database, atlas: Channels | None = None) -> PlaceSettings:
    """What one process goes by."""
    whereabouts = Whereabouts()
    whereabouts.meet(atlas or Atlas())
    return PlaceSettings(database, whereabouts, defaults={}, clock=lambda: NOW)


def choice(place: Place, name: str, value: Any) -> Choice:
    """A choice."""
    return Choice(place=place, name=name, value=value)


def edit(place: Place, name: str, value: Any) -> Edit:
    """What somebody wants."""
    return Edit(place=place, name=name, value=value)


async def test_whole_server_is_changed_at_once(database: Database) -> None:
    """More places than one statement can name; the log has each, and all are let go of again."""
    kept = settings_of(database)
    edits = [Edit(place=Place(kind=PlaceKind.CHANNEL, id=id), name="seed", value=id) for id in range(1, 1202)]
    changes = await kept.change(GUILD_ID, [*edits, *edits], 1)
    assert [(each.place.id, each.new_value) for each in changes] == [(id, id) for id in range(1, 1202)]
    assert [each.id for each in changes] == sorted(each.id for each in changes)
    assert len(await kept.of_guild(GUILD_ID)) == len(edits)
    await kept.forget([edit.place for edit in edits[:1000]])
    gone = [Edit(place=edit.place, name=edit.name, value=None) for edit in edits]
    assert len(await kept.change(GUILD_ID, gone, 1)) == 201
    assert await kept.of_guild(GUILD_ID) == {}


async def test_choice_is_stored_once(database: Database) -> None:
    """Who chooses again changes what is there; the row says who and when; other guilds have their own."""
    async with database.write() as connection:
        await place_settings.put(connection, GUILD_ID, [choice(CHANNEL, "seed", 7)], 1, NOW)
        await place_settings.put(connection, 5, [choice(Place(kind=PlaceKind.CHANNEL, id=5), "seed", 9)], 1, NOW)
        await place_settings.put(connection, GUILD_ID, [choice(CHANNEL, "seed", 8)], 2, NOW + timedelta(1))
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
    await settings.change(GUILD_ID, [edit(CHANNEL, name, value)], 1)
    decided = (await settings.at(GUILD_ID, CHANNEL_ID)).deciding(name)
    assert decided is not None
    assert decided.value == value


async def test_value_that_an_older_parley_stored_does_not_count(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting that is gone, or out of its range by now, is inherited; the log says so."""
    async with database.write() as connection:
        await place_settings.put(connection, GUILD_ID, [choice(CHANNEL, "warmth", 1)], 1, NOW)
        await place_settings.put(connection, GUILD_ID, [choice(CHANNEL, "temperature", 7)], 1, NOW)
        await place_settings.put(connection, GUILD_ID, [choice(GUILD, "temperature", 1)], 1, NOW)
    values = await settings_of(database).at(GUILD_ID, CHANNEL_ID)
    assert values.parameters == {"temperature": 1}
    assert "2 settings are not known any more" in caplog.text


async def test_direct_message_has_choices_of_its_own(database: Database) -> None:
    """They count nowhere else, and a guild's do not count in it."""
    settings = settings_of(database)
    await settings.change(None, [edit(DM, "seed", 7)], 1)
    await settings.change(GUILD_ID, [edit(GUILD, "seed", 8)], 1)
    assert (await settings.at(None, DM_ID)).parameters == {"seed": 7}
    assert (await settings.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 8}
    assert not await settings.change(None, [edit(DM, "top_p", None)], 1)
    assert await settings.change(None, [edit(DM, "seed", None)], 1)
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


@dataclass
class Sparse:
    """Knows one channel, told of or to be asked for."""

    channel: Any = None
    is_told: bool = True

    def get_channel(self, _id: int, /) -> Any:
        """The channel, if it was told of."""
        return self.channel if self.is_told else None

    async def fetch_channel(self, channel_id: int, /) -> Any:
        """The channel, if it exists."""
        if self.channel is None:
            raise OSError(f"nobody answers for {channel_id}")
        return self.channel


IN_CATEGORY = SimpleNamespace(id=CHANNEL_ID, category_id=CATEGORY_ID)


@pytest.mark.parametrize(
    ("atlas", "places"),
    [
        (Sparse(IN_CATEGORY), (CHANNEL, CATEGORY, GUILD)),
        (Sparse(SimpleNamespace(id=CHANNEL_ID, category_id=None)), (CHANNEL, GUILD)),
        (Sparse(IN_CATEGORY, is_told=False), (CHANNEL, CATEGORY, GUILD)),
    ],
)
async def test_place_lies_in_others(database: Database, atlas: Sparse, places: tuple[Place, ...]) -> None:
    """A channel, its category if it has one, and the guild; before the gateway has told of it, it is asked for."""
    assert await settings_of(database, atlas).places(GUILD_ID, CHANNEL_ID) == places


async def test_place_that_cannot_be_found_has_no_values(database: Database) -> None:
    """Nobody can say what counts there, and nothing is guessed."""
    with pytest.raises(Refusal):
        await settings_of(database, Sparse()).at(GUILD_ID, CHANNEL_ID)


async def test_change_of_another_process_counts_at_once(database: Database, other_database: Database) -> None:
    """Nothing is kept in memory: the next message is read with it."""
    here, there = settings_of(database), settings_of(other_database)
    assert (await here.at(GUILD_ID, CHANNEL_ID)).parameters == {}
    await there.change(GUILD_ID, [edit(CATEGORY, "seed", 7)], 1)
    assert (await here.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 7}


async def test_changes_are_logged_as_far_as_they_change_something(database: Database) -> None:
    """From what to what, by whom; what was so before is no change."""
    settings = settings_of(database)
    await settings.change(GUILD_ID, [edit(CHANNEL, "seed", 7), edit(GUILD, "tool:roll", False)], 1)
    await settings.change(GUILD_ID, [edit(CHANNEL, "seed", 7), edit(GUILD, "tool:roll", None)], 2)
    async with database.read() as connection:
        logged = [await setting_changes.last_of(connection, *key) for key in ((CHANNEL, "seed"), (GUILD, "tool:roll"))]
    assert [(each.old_value, each.new_value, each.changed_by) for each in logged if each] == [
        (None, 7, 1),
        (False, None, 2),
    ]


async def test_second_moderator_sees_what_changed(database: Database) -> None:
    """Who began with what is there no more is told who changed it, and nothing of the edit is made."""
    settings = settings_of(database)
    await settings.change(GUILD_ID, [edit(CHANNEL, "seed", 7)], 41)
    seen = {(CHANNEL, "seed"): None}
    with pytest.raises(Refusal, match="`seed` was changed meanwhile by <@41>"):
        await settings.change(GUILD_ID, [edit(CHANNEL, "n", 2), edit(CHANNEL, "seed", 9)], 42, seen=seen)
    assert (await settings.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 7}
    await settings.change(GUILD_ID, [edit(CHANNEL, "seed", 9)], 42, seen={(CHANNEL, "seed"): 7})
    assert (await settings.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 9}


@pytest.mark.parametrize(
    ("modes", "prompt"),
    [
        ({}, "near"),
        ({CHANNEL: "append"}, "far\n\nnear"),
        ({GUILD: "append"}, "host\n\nfar\n\nnear"),
        ({GUILD: "append", CHANNEL: "replace"}, "near"),
    ],
)
def test_prompt_stands_alone_or_after_those_further_out(modes: dict[Place, str], prompt: str) -> None:
    """As the mode says that counts where a prompt was chosen; the host's is the outermost."""
    chosen = [choice(CHANNEL, "system_prompt", "near"), choice(GUILD, "system_prompt", "far")]
    chosen += [choice(place, "prompt_mode", mode) for place, mode in modes.items()]
    known = {(each.place, each.name): each for each in chosen}
    assert PlaceValues(places=PLACES, known=known, defaults={"system_prompt": "host"}).system_prompt == prompt


async def test_nothing_counts_where_no_place_is_known(database: Database) -> None:
    """Least of all what other servers chose: the host's values do."""
    settings = settings_of(database)
    await settings.change(GUILD_ID, [edit(GUILD, "model", "a/b"), edit(GUILD, "budget:all:tokens:day", 5)], user_id=1)
    found = await settings.around(())
    assert (found.known, found.budgets) == ({}, ())


async def test_forgetting_no_place_forgets_nothing(database: Database) -> None:
    """Where nothing was deleted."""
    settings = settings_of(database)
    await settings.change(GUILD_ID, [edit(GUILD, "model", "a/b")], user_id=1)
    await settings.forget(())
    assert await settings.guilds() == {GUILD_ID}
