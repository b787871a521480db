"""Whose turn is next: nobody is passed by those who have had more."""

from __future__ import annotations

from collections import Counter
from itertools import chain, repeat

from hypothesis import given
from hypothesis import strategies as st

from bot.providers.turns import Turns

PLACES = st.sampled_from("abcd")
# What may happen: somebody of a place comes, the next one is served, a place's oldest turn ends, its last gives up.
STEPS = st.lists(st.tuples(st.sampled_from(["join", "serve", "end", "leave"]), PLACES), max_size=60)


def joined(*places: str) -> Turns[str]:
    """A line to which people of these places come, one after the other; they are called a1, a2, b1 and so on."""
    turns, count = Turns[str](), Counter[str]()
    for place in places:
        count[place] += 1
        turns.join(place, f"{place}{count[place]}")
    return turns


def test_places_take_turns_and_within_a_place_who_came_first_is_first() -> None:
    """Three of one place, then two of another, are served by turns."""
    assert list(joined("a", "a", "a", "b", "b").upcoming()) == ["a1", "b1", "a2", "b2", "a3"]


def test_place_of_one_is_second_at_most_behind_a_place_of_fifty() -> None:
    """It is behind whoever is next of the busy place, and before all others of it."""
    assert list(joined(*repeat("a", 50), "b").upcoming())[1] == "b1"


def test_place_that_holds_turns_waits_for_one_that_holds_none() -> None:
    """The busy place has got turns already, and what it asks next is behind the other's first."""
    turns = joined("a", "a", "a")
    turns.take("a", "a1")
    turns.join("b", "b1")
    assert list(turns.upcoming()) == ["b1", "a2", "a3"]
    turns.end("a")
    assert list(turns.upcoming()) == ["b1", "a2", "a3"]


@given(STEPS)
def test_nobody_is_passed_by_who_has_had_more(steps: list[tuple[str, str]]) -> None:
    """While a place that holds no turn waits, no other place is served twice; in a place, who came first is first.

    What `upcoming` promises is what comes, and all who wait are in it once.
    """
    turns, waiting, held = Turns[int](), dict[str, list[int]](), Counter[str]()
    passed: dict[str, Counter[str]] = {}  # for each place that waits and holds nothing, who was served meanwhile
    for number, (step, place) in enumerate(steps):
        upcoming = list(turns.upcoming())
        assert sorted(upcoming) == sorted(chain(*waiting.values()))
        match step:
            case "join":
                turns.join(place, number)
                waiting.setdefault(place, []).append(number)
            case "serve" if upcoming:
                place = next(found for found, those in waiting.items() if upcoming[0] in those)
                assert upcoming[0] == waiting[place].pop(0)
                assert held[place] == min(held[other] for other in waiting if waiting[other] or other == place)
                turns.take(place, upcoming[0])
                held[place] += 1
                assert list(turns.upcoming()) == upcoming[1:]
                for counts in passed.values():
                    counts[place] += 1
                    assert counts[place] == 1
            case "end" if held[place]:
                turns.end(place)
                held[place] -= 1
            case "leave" if waiting.get(place):
                turns.leave(place, waiting[place].pop())
        waiting = {found: those for found, those in waiting.items() if those}
        passed = {found: passed.get(found, Counter()) for found in waiting if not held[found]}
