"""What the benchmark makes of times and texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import Sent, Spread, Write, is_whole, measure, staleness, visible_characters, visible_steps

TOKENS = ("One", " two", " three", "\n\nfour")
TIMES = (10.0, 11.0, 12.0, 13.0)
SENT = Sent(tokens=TOKENS, token_times=TIMES)
TEXT = "".join(TOKENS)


def test_staleness_of_an_answer_shown_at_once_is_nothing() -> None:
    """Where each token is visible when it is sent, nothing is ever stale."""
    steps = [(at, number + 1) for number, at in enumerate(TIMES)]
    assert staleness(TIMES, steps, TIMES[-1]) == 0.0


def test_staleness_of_an_answer_shown_at_the_end_is_half_its_length() -> None:
    """While nothing can be seen, the age of the first token grows from nothing to the whole time."""
    assert staleness(TIMES, [(13.0, 4)], 13.0) == pytest.approx(1.5)


def test_staleness_starts_anew_with_the_oldest_token_that_is_not_shown() -> None:
    """After a write the age is that of the first token which it left out, which may not have been sent yet."""
    # 10 to 12: the first token's age, 0 to 2 (mean 1); 12 to 13: the third's, 0 to 1; 13 to 14: 0, then its end.
    assert staleness(TIMES, [(12.0, 2), (14.0, 4)], 14.0) == pytest.approx((2.0 + 2.0) / 4)
    # After 12 all that was sent is visible until 13; from then to 14 the fourth token's age grows to 1.
    assert staleness(TIMES, [(12.0, 3), (14.0, 4)], 14.0) == pytest.approx((2.0 + 0.5) / 4)


@given(
    st.lists(st.floats(0.001, 2.0), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(0, 20)), max_size=10),
)
def test_staleness_lies_between_nothing_and_the_whole_time(gaps: list[float], changes: list[tuple[float, int]]) -> None:
    """Whatever was shown when, no token is older than the answer."""
    times = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    steps = sorted((at, min(count, len(times))) for at, count in changes)
    final_at = times[-1] + 1.0
    assert 0.0 <= staleness(times, steps, final_at) <= final_at - times[0]


def test_visible_steps_count_tokens_over_the_pages_of_an_answer() -> None:
    """A token counts when its last drawn character is there, on whichever page."""
    writes = [
        Write(1.0, 7, "On"),
        Write(2.0, 7, "One two thr"),
        Write(3.0, 7, "One two three"),
        Write(4.0, 8, "four"),
    ]
    assert visible_steps(TOKENS, writes) == [(1.0, 0), (2.0, 2), (3.0, 3), (4.0, 4)]


def test_visible_characters_end_at_the_first_mistake() -> None:
    """What follows a wrong character cannot be trusted to be seen where it belongs."""
    assert visible_characters(TEXT, ["One tXo three"]) == len("One t")
    assert visible_characters(TEXT, ["One two three", "five"]) == len("One two three\n\nf")


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (["One two three\n\nfour"], True),
        (["One two three", "four"], True),
        (["One two", "three\n\nfour"], True),
        (["One two three"], False),
        (["One two three", "four", "four"], False),
        (["One two three", "four", ""], False),
        (["One two three\n\nfour five"], False),
        (["One three", "four"], False),
        ([], False),
    ],
)
def test_only_the_whole_text_once_is_whole(pages: list[str], expected: bool) -> None:
    """Nothing may be missing, doubled or added, and only white space may get lost between pages."""
    assert is_whole(TEXT, pages) is expected


def test_measure_counts_from_the_tokens_and_the_question() -> None:
    """First and final text are measured where each is first visible, in the last state that is exact."""
    writes = [Write(10.5, 7, "One"), Write(12.5, 7, "One two three"), Write(13.25, 7, TEXT), Write(14.0, 7, TEXT)]
    found = measure(SENT, writes, asked_at=9.0, replies_to_question=True)
    assert (found.first_after_token, found.first_after_question) == (0.5, 1.5)
    assert found.final_after_token == 0.25
    assert (found.updates, found.is_exact) == (4, True)


def test_measure_of_an_answer_that_never_came_has_no_times() -> None:
    """What was not seen is missing, and not fast."""
    found = measure(SENT, [], asked_at=9.0, replies_to_question=False)
    assert (found.first_after_token, found.final_after_token, found.staleness) == (None, None, None)
    assert not found.is_exact


def test_measure_of_an_answer_to_nobody_is_not_exact() -> None:
    """The right text below the wrong question is wrong."""
    writes = [Write(13.25, 7, TEXT)]
    assert not measure(SENT, writes, asked_at=9.0, replies_to_question=False).is_exact


def test_an_answer_spoilt_after_it_was_whole_is_not_exact() -> None:
    """What stands there in the end counts."""
    writes = [Write(13.25, 7, TEXT), Write(14.0, 7, "One")]
    assert not measure(SENT, writes, asked_at=9.0, replies_to_question=True).is_exact


def test_spread_takes_the_number_that_95_of_100_do_not_exceed() -> None:
    """The percentile is one of the numbers, so that few numbers do not make it look better."""
    assert Spread.of(range(1, 101)) == Spread(50.5, 95, 100)
    assert Spread.of([3.0, 1.0]) == Spread(2.0, 3.0, 3.0)
    assert Spread.of([]) is None
