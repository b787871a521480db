"""Messages are found by their words, however these are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matching import folded, holds, terms


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tea cake", ("tea", "cake")),
        ('"tea cake"', ("tea cake",)),
        ("“Tea  Cake” now", ("tea cake", "now")),
        ("„Ångström“", ("angstrom",)),
        ('"unclosed phrase', ("unclosed", "phrase")),
        ('"" “”', ()),
        ("Straße", ("strasse",)),
        ("🎉", ("🎉",)),
        ("\u0301", ()),
    ],
)
def test_terms_are_words_and_quoted_phrases(query: str, found: tuple[str, ...]) -> None:
    """Quotes of any language hold a phrase together; a lone quote is none."""
    assert terms(query) == found


@pytest.mark.parametrize(
    ("query", "text", "is_found"),
    [
        ("CAFÉ", "the cafe is open", True),
        ("cafe", "le Cafe\u0301", True),
        ("open cafe", "The café is open", True),
        ('"open cafe"', "The café is open", False),
        ('"is open"', "The café is\n open", True),
        ("tea", "teatime", True),
        ("tea cake", "tea alone", False),
        ("茶", "喝茶吗", True),
        ("İstanbul", "istanbul", True),
    ],
)
def test_text_holds_all_terms_in_any_spelling(query: str, text: str, is_found: bool) -> None:
    """Case, accents, order and white space do not count, a phrase's order does."""
    assert holds(text, terms(query)) is is_found


@given(st.text(max_size=30), st.text(max_size=10), st.text(max_size=10))
def test_text_holds_what_it_is_made_of(text: str, before: str, after: str) -> None:
    """Every term of a text is found in any text around it that is parted from it by a space."""
    assert holds(f"{before} {text} {after}", terms(text))


@given(st.text(max_size=30))
def test_folding_again_changes_nothing(text: str) -> None:
    """A folded text is as folded as it gets, so that both sides of a comparison are alike."""
    assert folded(folded(text)) == folded(text)
