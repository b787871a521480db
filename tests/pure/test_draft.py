"""An answer as far as it has come: what is kept of it, and how it is gone on with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.providers.events import Alternatives, FinishReason, Routed, TextDelta, ToolCallDone
from bot.runs.draft import MAX_ANSWER_CHARACTERS, MAX_WORD_CHARACTERS, Draft

TEXTS = st.text(st.sampled_from("ab \n語"), max_size=60)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("First words an", "First words "),
        ("First words ", "First words "),
        ("a line\nand", "a line\n"),
        ("word", ""),
        ("語" * (MAX_WORD_CHARACTERS + 1), "語" * (MAX_WORD_CHARACTERS + 1)),
    ],
)
def test_kept_text_ends_with_a_whole_word(text: str, kept: str) -> None:
    """The next attempt must not go on in the middle of a word, but a script without spaces is kept too."""
    assert Draft(text=text).kept == kept


@given(before=st.sampled_from(["", "Let me look."]), text=TEXTS, cut=st.integers(0, 60), repeats_space=st.booleans())
def test_answer_that_is_gone_on_with_is_whole(before: str, text: str, cut: int, repeats_space: bool) -> None:
    """Wherever an attempt ends, and whether or not the next begins with the space, no word is lost or doubled."""
    draft = Draft.from_stored(Draft(before=before, text=text[:cut]).kept, before)
    assert (draft.before, text.startswith(draft.resumed)) == (before, True)
    rest = text[len(draft.resumed.rstrip() if repeats_space else draft.resumed) :]
    if rest:
        draft.take(TextDelta(rest))
    assert draft.whole.split() == Draft(before=before, text=text).whole.split()


def test_endless_answer_is_ended() -> None:
    """A model that never stops is stopped as if its provider had cut it by length."""
    draft = Draft()
    draft.take(TextDelta("x" * (MAX_ANSWER_CHARACTERS + 1)))
    assert draft.reason is FinishReason.LENGTH


def test_call_can_be_stored_whatever_its_pieces_were() -> None:
    """Half of a surrogate pair can neither be stored nor shown, and two that meet are the character they stand for."""
    draft = Draft()
    draft.take(ToolCallDone(0, "call_1", "say", '{"text": "\ud83d' + '\ude00 \ud800"}'))
    assert draft.calls[0].arguments == '{"text": "😀 \ufffd"}'


@pytest.mark.parametrize(
    ("draft", "kept"),
    [
        (Draft(text="Tea."), ("Coffee.", "Milk.")),
        (Draft(text="Milk."), ("Coffee.",)),
        (Draft(), ()),
        (Draft(text="Tea or", resumed="Tea"), ()),
    ],
    ids=["of a whole answer", "one like it", "of nothing", "of what was interrupted"],
)
def test_alternatives_are_kept_where_they_can_be_picked(draft: Draft, kept: tuple[str, ...]) -> None:
    """Other answers than the shown one, each once; the ends of an answer that another attempt began are none."""
    draft.take(Alternatives(("Coffee.", "Milk.", " ", "Coffee.")))
    assert draft.alternatives == kept


def test_remark_draws_nothing_of_the_models_names() -> None:
    """Moderators choose them where no provider lists its models, and everybody reads them below the answer."""
    draft = Draft()
    draft.take(Routed("relay", "big_one", "default/[free](https://evil.example)", "is busy"))
    assert draft.remark == r"Answered by relay/big\_one: default/\[free\](https://evil.example) is busy."
