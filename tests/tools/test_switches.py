"""Which switch counts in a place."""

from __future__ import annotations

import pytest

from bot.places import Place, PlaceKind
from bot.tools.switches import NOTHING_SWITCHED, Switch, Switches

THREAD = Place(kind=PlaceKind.THREAD, id=4)
CHANNEL = Place(kind=PlaceKind.CHANNEL, id=3)
CATEGORY = Place(kind=PlaceKind.CATEGORY, id=2)
GUILD = Place(kind=PlaceKind.GUILD, id=1)
ELSEWHERE = Place(kind=PlaceKind.CHANNEL, id=1)  # an old server's first channel has the server's own id


def around(*switches: tuple[Place, str, bool]) -> Switches:
    """What counts in the thread."""
    known = {(place, tool): Switch(place=place, tool=tool, is_enabled=on) for place, tool, on in switches}
    return Switches(places=(THREAD, CHANNEL, CATEGORY, GUILD), known=known)


@pytest.mark.parametrize(
    ("switches", "is_on"),
    [
        ((), True),
        (((GUILD, "roll", False),), False),
        (((GUILD, "group:games", False),), False),
        (((GUILD, "roll", False), (CATEGORY, "roll", True)), True),
        (((CATEGORY, "roll", False), (GUILD, "roll", True)), False),
        (((CHANNEL, "roll", False), (THREAD, "roll", True)), True),
        (((CHANNEL, "roll", False), (THREAD, "group:games", True)), True),
        (((CHANNEL, "group:games", False), (CHANNEL, "roll", True)), True),
        (((CHANNEL, "group:games", True), (CHANNEL, "roll", False)), False),
        (((ELSEWHERE, "roll", False),), True),
        (((GUILD, "group:roll", False), (GUILD, "games", False), (GUILD, "rol", False)), True),
    ],
)
def test_nearest_switch_counts(switches: tuple[tuple[Place, str, bool], ...], is_on: bool) -> None:
    """The nearest place wins, and there the tool's name wins over its group's; without any a tool is on."""
    assert around(*switches).allow("roll", "games") is is_on


def test_deciding_switch_says_who_decided() -> None:
    """A moderator can be shown why a tool is off."""
    decided = around((GUILD, "roll", True), (CHANNEL, "group:games", False)).deciding("roll", "games")
    assert decided == Switch(place=CHANNEL, tool="group:games", is_enabled=False)
    assert NOTHING_SWITCHED.deciding("roll", "games") is None
