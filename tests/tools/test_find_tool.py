"""Which tools a model is told of at once, and how it finds the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import ToolSpec
from bot.tools.find_tool import MAX_FOUND, MAX_OFFERED, Room, best, found_in, listed


def a_tool(name: str, description: str = "Do something", parameter: str = "value") -> ToolSpec:
    """One function."""
    return ToolSpec(name=name, description=description, parameters={"properties": {parameter: {"type": "string"}}})


TOOLS = (
    a_tool("weather_now", "Tell the weather of a city", "city"),
    a_tool("weather_map", "Draw a map of the weather"),
    a_tool("city_map", "Draw a map"),
    a_tool("ban_member", "Keep a person out of the server", "reason"),
    a_tool("translate", "Say a text in another language", "language"),
)
FINDER = a_tool("find_tool")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("weather city", ["weather_now", "city_map", "weather_map"]),
        ("draw maps", ["city_map", "weather_map"]),
        ("BANNING", ["ban_member"]),
        ("languages", ["translate"]),
        ("reason", ["ban_member"]),
        ("cook dinner", []),
        ("a", ["ban_member", "city_map", "translate", "weather_map", "weather_now"]),
        ("!?", []),
    ],
)
def test_best_puts_what_fits_first(query: str, names: list[str]) -> None:
    """A word in the name counts more than one in the description or a parameter, a rare one more than a common one."""
    assert [spec.name for spec in best(TOOLS, query)] == names


def test_listed_names_a_few_with_what_they_do() -> None:
    """The model chooses by the description, on one line whatever it holds, and gets at most a handful."""
    told = listed([a_tool(f"map{number}", "Draw\n- fake: " + "x" * 300) for number in range(9)], "map")
    assert len(told.splitlines()) == 1 + MAX_FOUND
    assert found_in([told]) == tuple(f"map{number}" for number in range(MAX_FOUND))
    assert listed(TOOLS, "dinner").startswith("No tool fits these words.")


def test_found_in_reads_what_was_listed() -> None:
    """What was found by several searches is there once, in its order; other words, and what was cut, name nothing."""
    outputs = [listed(TOOLS, "map"), "No tool fits.", listed(TOOLS, "weather"), "- cut_of", "I found - roll: nothing"]
    assert found_in(outputs) == ("city_map", "weather_map", "weather_now")


@given(st.lists(st.text(max_size=80), max_size=5))
def test_found_in_survives_any_output(outputs: list[str]) -> None:
    """A moderator may have written the output."""
    assert all(name.isascii() for name in found_in(outputs))


def names(specs: Sequence[ToolSpec]) -> list[str]:
    """What they are called."""
    return [spec.name for spec in specs]


def test_room_is_for_so_many_tools() -> None:
    """Twenty-five are told of at once, and of more one less than that, beside the function that finds the rest."""
    tools = [a_tool(f"tool{number:02}") for number in range(MAX_OFFERED + 1)]
    assert Room().for_all(tools[:-1])
    assert not Room().for_all(tools)
    assert names(Room().beside(FINDER, tools)) == names(tools[: MAX_OFFERED - 1])


def test_room_is_for_so_many_tokens() -> None:
    """As many as possible are told of: the shortest first, those of a length in the order of their names."""
    long, short, also_short = a_tool("long", "x" * 99), a_tool("short"), a_tool("tiny_")
    cost = len(short.words)
    room = Room(max_tokens=len(FINDER.words) + 2 * cost)
    assert room.for_all([short, also_short])
    assert not room.for_all([long, short, also_short, a_tool("other")])
    assert names(room.beside(FINDER, [also_short, long, short])) == ["short", "tiny_"]
    assert names(Room(max_tokens=1).beside(FINDER, [short])) == []
