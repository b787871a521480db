"""What the parts of a panel of settings carry, and what is none of theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.place_settings.aims import Action, Aim, Page, digest_of, key_of, named_by, place_code, place_of
from bot.places import Place, PlaceKind
from bot.setting import Group

places = st.builds(Place, kind=st.sampled_from(PlaceKind), id=st.integers(0, 2**63))
pages = st.builds(Page, group=st.sampled_from(Group), number=st.integers(0, 9999))
names = st.text(st.characters(categories=["Ll", "Nd", "Pd", "Po"]), min_size=1, max_size=100)


@given(st.sampled_from(Action), places, pages, names, st.none() | st.integers())
def test_aim_is_read_back_from_its_custom_id(
    action: Action, place: Place, page: Page, name: str, value: object
) -> None:
    """Whatever a setting is called, within Discord's hundred characters."""
    aim = Aim(action=action, place=place, page=page, seen=digest_of(value), key=key_of(name))
    assert len(aim.custom_id) <= 100
    assert Aim.parse(aim.custom_id) == aim
    assert named_by(aim.key, ["another", name]) == name
    assert place_of(place_code(place)) == place


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "parley:runs:list:0:0",
        "settings:log:channel:5",
        "settings:change:street:5:model.0::model",
        "settings:change:channel:5:models.0::model",
        "settings:change:channel:123456789012345678901:model.0::model",
    ],
)
def test_what_is_none_of_the_panels_own_is_left_alone(custom_id: str) -> None:
    """Others handle it, or nobody."""
    assert Aim.parse(custom_id) is None


@given(st.dictionaries(st.text(max_size=5), st.integers()), st.dictionaries(st.text(max_size=5), st.integers()))
def test_digest_tells_values_apart(one: dict[str, int], other: dict[str, int]) -> None:
    """However they are ordered."""
    assert (digest_of(one) == digest_of(other)) is (one == other)
    assert digest_of(dict(reversed(one.items()))) == digest_of(one)
