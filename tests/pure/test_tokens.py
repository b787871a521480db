"""Token counts and context windows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.providers.tokens import MAX_SLICE_CHARS, TokenCounter


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    """One counter for all tests: loading the vocabulary is what takes time."""
    return TokenCounter()


@settings(deadline=None)  # the first count loads the vocabulary
@given(text=st.text(st.characters(), max_size=200))
def test_count_is_positive_for_any_text(counter: TokenCounter, text: str) -> None:
    """No text that a user can type makes counting fail, lone surrogates neither, and only nothing counts nothing."""
    assert (counter.count_tokens(text) > 0) == bool(text)


def test_count_takes_special_tokens_for_text(counter: TokenCounter) -> None:
    """A control token that a user types is counted by its letters, not as one token."""
    assert counter.count_tokens("<|endoftext|>") > 3
    assert counter.count_tokens("</s>") > 1


def test_count_knows_words(counter: TokenCounter) -> None:
    """The numbers are those of the encoding, not of characters."""
    assert counter.count_tokens("hello world") == 3


def test_count_of_a_long_text_is_the_sum_of_its_slices(counter: TokenCounter) -> None:
    """A text longer than a slice is counted whole, at a cost that grows with its length only."""
    piece = "one two three four! " * (MAX_SLICE_CHARS // 20)
    assert counter.count_tokens(piece * 5) == 5 * counter.count_tokens(piece)
