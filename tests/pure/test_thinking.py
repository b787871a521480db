"""Thinking inside an answer's text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.providers.events import ReasoningDelta, TextDelta
from bot.providers.thinking import ThinkingSplitter

# A text as it came, the thinking in it, and the answer.
CASES = {
    "no thinking": ("An answer.", "", "An answer."),
    "thinking first": ("<think>\nHm, so.\n</think>\n\nAn answer.", "Hm, so.\n", "An answer."),
    "white space before": (" \n<think>Hm.</think>Yes.", "Hm.", "Yes."),
    "never closed": ("<think>Hm, so", "Hm, so", ""),
    "closing cut short": ("<think>Hm</thi", "Hm</thi", ""),
    "empty thinking": ("<think></think>Yes.", "", "Yes."),
    "only further on": ("The tag <think> opens it.</think>", "", "The tag <think> opens it.</think>"),
    "another tag": ("<thinker>x", "", "<thinker>x"),
    "only white space": (" \n ", "", " \n "),
    "the beginning of a tag": ("<thi", "", "<thi"),
    "a second block": ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
    "a bracket in it": ("<think>a < b </ c</think>d", "a < b </ c", "d"),
    "empty": ("", "", ""),
}


def split(pieces: list[str]) -> tuple[str, str]:
    """The thinking and the answer of a text that comes in these pieces."""
    splitter = ThinkingSplitter()
    events = [event for piece in pieces for event in splitter.feed(piece)] + splitter.close()
    assert all(isinstance(event, (TextDelta, ReasoningDelta)) and event.text for event in events)
    thinking = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    return thinking, "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("name", CASES)
def test_splitter_tells_thinking_from_answer(name: str) -> None:
    """A block at the start is thinking, all else is the answer, and nothing of either is lost."""
    text, thinking, answer = CASES[name]
    assert split([text]) == (thinking, answer)


@settings(deadline=None)  # how fast the machine is proves nothing
@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(0, 40), max_size=8))
def test_splitter_gives_the_same_for_any_split(name: str, cuts: list[int]) -> None:
    """Tags split over deltas are still tags."""
    text, thinking, answer = CASES[name]
    places = sorted({cut for cut in cuts if cut < len(text)})
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert split(pieces) == (thinking, answer)


def test_splitter_lets_an_answer_through_at_once() -> None:
    """The first words of a plain answer are never held back."""
    splitter = ThinkingSplitter()
    assert splitter.feed("Hello") == [TextDelta("Hello")]
    assert splitter.feed(" <think>") == [TextDelta(" <think>")]


def test_splitter_does_not_hold_endless_white_space() -> None:
    """A model that says only spaces is let through, not collected."""
    splitter = ThinkingSplitter()
    assert any(splitter.feed("    ") for _ in range(100))
