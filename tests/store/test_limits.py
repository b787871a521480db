"""What counts where the host allows less than was chosen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.notices import Notices, lack_of_allowance
from bot.patterns import Patterns
from bot.place_settings.chosen import PlaceValues
from bot.place_settings.limits import Allowed, Limit, Limits
from bot.place_settings.log import SettingLog
from bot.place_settings.service import PlaceSettings, by_key
from bot.places import Place
from bot.store import place_settings
from bot.store.database import Database
from bot.whereabouts import Whereabouts
from tests.store.test_place_settings import (
    CATEGORY,
    CHANNEL,
    CHANNEL_ID,
    DM,
    DM_ID,
    GUILD,
    GUILD_ID,
    NOW,
    PLACES,
    Atlas,
    choice,
    edit,
    settings_of,
)


class Models:
    """All have a provider, and one is hidden."""

    def whole(self, reference: str) -> str:
        """The name."""
        return reference if "/" in reference else f"own/{reference}"

    def is_hidden(self, reference: str) -> bool:
        """One is."""
        return reference == "own/hidden"


def limited(database: Database, *limits: Limit) -> PlaceSettings:
    """What a process goes by whose host has such a file."""
    whereabouts = Whereabouts()
    whereabouts.meet(Atlas())
    return PlaceSettings(
        database,
        whereabouts,
        defaults={"model": "own/dear"},
        clock=lambda: NOW,
        limits=Limits(limits=limits, models=Models()),
    )


FEW = Limit(models=Patterns(("own/small*",)), most={"seed": 5}, locked=Patterns(("n",)))


@given(
    st.dictionaries(st.tuples(st.sampled_from(PLACES), st.sampled_from(("seed", "n"))), st.integers(1, 8)),
    st.integers(1, 8),
    st.booleans(),
)
def test_refused_choice_is_as_if_not_there(chosen: dict[tuple[Place, str], int], most: int, locks: bool) -> None:
    """What counts in every place is what would if nobody had chosen what is not allowed, and nothing more is."""
    limit = Limit(most={"seed": most}, locked=Patterns(("n",) if locks else ()))
    allowed = Limits(limits=(limit,)).of(GUILD_ID)
    known = by_key(choice(*key, value) for key, value in chosen.items())
    values = counting(known, allowed)
    bare = {
        key: value
        for key, value in chosen.items()
        if not (key[1] == "seed" and value > most) and not (key[1] == "n" and locks)
    }
    unlimited = PlaceValues(places=PLACES, known=by_key(choice(*key, value) for key, value in bare.items()))
    for place in PLACES:
        assert values.seen_from(place).parameters == unlimited.seen_from(place).parameters
    assert {(each.place, each.name) for each in values.refused} == chosen.keys() - bare.keys()
    assert values.stored.keys() == chosen.keys()


def counting(known: Any, allowed: Allowed) -> PlaceValues:
    """As the service has it."""
    refused = {key: each for key, each in known.items() if allowed.objection(each.name, each.value)}
    left = {key: each for key, each in known.items() if key not in refused}
    return PlaceValues(places=PLACES, known=left, refused=tuple(refused.values()))


@given(st.lists(st.sampled_from(("*", "!own/*", "own/a*", "!*b", "own/b")), max_size=4), st.sampled_from("abc"))
def test_what_was_chosen_allows_nothing(texts: list[str], name: str) -> None:
    """A model that is not allowed stays so whatever is chosen around it, and more entries never allow more."""
    limit = Limit(models=Patterns(tuple(texts))) if texts else Limit()
    alone, both = Limits(limits=(limit,), models=Models()), Limits(limits=(limit, FEW), models=Models())
    assert both.of(GUILD_ID).offers(name) <= alone.of(GUILD_ID).offers(name)
    if f"!own/{name}" in texts or ("!*b" in texts and name == "b") or "!own/*" in texts:
        assert not alone.of(GUILD_ID).offers(name)


async def test_next_place_further_out_counts(database: Database) -> None:
    """In every way in which what counts is read, and the table keeps what was chosen."""
    before, after = settings_of(database), limited(database, FEW)
    edits = [
        edit(CHANNEL, "seed", 9),
        edit(CATEGORY, "seed", 8),
        edit(GUILD, "seed", 4),
        edit(CHANNEL, "model", "dear"),
    ]
    await before.change(GUILD_ID, edits, 1)
    throughout = await after.throughout(GUILD_ID)
    for values in (await after.at(GUILD_ID, CHANNEL_ID), await after.around(PLACES), throughout(PLACES)):
        assert (values.parameters, values.model) == ({"seed": 4}, "own/dear")
        assert {(each.place, each.value) for each in values.missed} == {(CHANNEL, 9), (CATEGORY, 8), (CHANNEL, "dear")}
    assert (await before.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 9}


async def test_refused_choice_is_missed_only_where_it_would_count(database: Database) -> None:
    """Nothing is to be said of one with an allowed one nearer, nor of one in another channel."""
    await settings_of(database).change(GUILD_ID, [edit(GUILD, "seed", 9), edit(CHANNEL, "seed", 3)], 1)
    after = limited(database, FEW)
    assert (await after.at(GUILD_ID, CHANNEL_ID)).missed == ()
    assert (await after.throughout(GUILD_ID))((GUILD,)).missed == (choice(GUILD, "seed", 9),)


async def test_entry_counts_in_its_guilds_alone(database: Database) -> None:
    """Direct messages go by a word of their own."""
    after = limited(database, Limit(guilds=Patterns(("direct",)), locked=Patterns(("seed",))))
    await settings_of(database).change(None, [edit(DM, "seed", 7)], 1)
    await settings_of(database).change(GUILD_ID, [edit(CHANNEL, "seed", 7)], 1)
    assert (await after.at(None, DM_ID)).parameters == {}
    assert (await after.at(GUILD_ID, CHANNEL_ID)).parameters == {"seed": 7}


@pytest.mark.parametrize(
    ("name", "value"), [("model", "dear"), ("fallback", ["small", "own/hidden"]), ("seed", 6), ("n", 1)]
)
async def test_what_is_not_allowed_cannot_be_chosen(database: Database, name: str, value: Any) -> None:
    """Neither alone nor among others, nor by undoing; taking it back can be."""
    before, after = settings_of(database), limited(database, FEW)
    with pytest.raises(Refusal, match=f"`{name}` "):
        await after.change(GUILD_ID, [edit(CHANNEL, "top_p", 0.5), edit(CHANNEL, name, value)], 1)
    assert (await after.at(GUILD_ID, CHANNEL_ID)).parameters == {}
    await before.change(GUILD_ID, [edit(CHANNEL, name, value)], 1)
    assert await after.change(GUILD_ID, [edit(CHANNEL, name, None)], 1)
    log = SettingLog(database, after)
    (act, *_) = (await log.page(GUILD_ID, GUILD, 0)).acts
    with pytest.raises(Refusal, match=f"`{name}` "):
        await log.undo(GUILD_ID, act, 1)


async def test_hidden_model_that_was_chosen_before_does_not_count(database: Database) -> None:
    """Without any file of limits too."""
    async with database.write() as transaction:
        await place_settings.put(transaction, GUILD_ID, [choice(CHANNEL, "model", "own/hidden")], 1, NOW)
    assert (await limited(database).at(GUILD_ID, CHANNEL_ID)).model == "own/dear"


async def test_moderators_are_told_once_of_what_changes_answers(database: Database) -> None:
    """Of a name and a place, and of no prompt's words; another one that is refused is news; looks are none."""
    await settings_of(database).change(
        GUILD_ID, [edit(CHANNEL, "seed", 9), edit(CHANNEL, "system_prompt", "Be secret."), edit(GUILD, "n", 2)], 1
    )
    await settings_of(database).change(GUILD_ID, [edit(GUILD, "show_tools", False)], 1)
    limit = Limit(most={"seed": 5, "system_prompt": 2}, locked=Patterns(("show_tools",)))
    notice = lack_of_allowance(await limited(database, limit).at(GUILD_ID, CHANNEL_ID))
    assert notice is not None
    assert notice.sentence == (
        f"The host does not allow any more what was chosen here: `seed` `9` in <#{CHANNEL_ID}>, `system_prompt` in "
        f"<#{CHANNEL_ID}>. `/settings` shows what counts."
    )
    stricter = lack_of_allowance(await limited(database, limit, FEW).at(GUILD_ID, CHANNEL_ID))
    notices = Notices(database, sources=(), clock=lambda: NOW)
    for told in (notice, stricter):
        assert told is not None
        assert await notices.due(GUILD_ID, "a-model", refused=told) == told
        async with database.write() as transaction:
            await notices.mark(transaction, GUILD_ID, told)
        assert await notices.due(GUILD_ID, "a-model", refused=told) is None
    assert lack_of_allowance(await limited(database, Limit(locked=Patterns(("show_tools",)))).around(PLACES)) is None
