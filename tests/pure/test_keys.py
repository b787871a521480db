"""Whose turn it is among several keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError, ProviderFault
from bot.providers.keys import LIMITED_SECONDS, REFUSED_SECONDS, KeyRing

FAULTS = st.sampled_from(list(ProviderFault))


def test_keys_take_turns() -> None:
    """Each is the first to be tried as often as the others."""
    ring = KeyRing(3)
    assert [ring.turn(0.0) for _ in range(4)] == [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 1, 2)]


def test_refused_key_rests_and_comes_back() -> None:
    """For an hour where it or its credit is refused, and as long as the provider says where it only asks too much."""
    ring = KeyRing(2)
    assert ring.refused(0, ProviderError(ProviderFault.AUTH), 100.0) == REFUSED_SECONDS
    assert [ring.turn(100.0), ring.turn(100.0)] == [(1,), (1,)]
    assert sorted(ring.turn(100.0 + REFUSED_SECONDS)) == [0, 1]
    assert ring.refused(1, ProviderError(ProviderFault.RATE_LIMITED, retry_after_seconds=7.0), 0.0) == 7.0
    assert ring.refused(1, ProviderError(ProviderFault.RATE_LIMITED), 0.0) == LIMITED_SECONDS


def test_no_key_rests_for_as_long_as_a_server_likes() -> None:
    """A reset that lies years ahead, or a header that is nonsense, takes no key away for good."""
    ring = KeyRing(2)
    ring.refused(0, ProviderError(ProviderFault.RATE_LIMITED, retry_after_seconds=1e12), 0.0)
    assert ring.turn(REFUSED_SECONDS - 1) == (1,)
    assert sorted(ring.turn(REFUSED_SECONDS)) == [0, 1]


def test_when_all_rest_the_first_to_wake_is_tried() -> None:
    """So that its refusal is what is told, and so that it is noticed when it works again."""
    ring = KeyRing(2)
    ring.refused(0, ProviderError(ProviderFault.QUOTA), 0.0)
    ring.refused(1, ProviderError(ProviderFault.RATE_LIMITED), 0.0)
    assert ring.turn(1.0) == (1,)
    ring.worked(0)
    assert ring.turn(1.0) == (0,)


def test_other_faults_let_no_key_rest() -> None:
    """An overloaded provider is no matter of the key."""
    ring = KeyRing(2)
    assert ring.refused(0, ProviderError(ProviderFault.BUSY), 0.0) is None
    assert ring.turn(0.0) == (0, 1)


@given(st.integers(1, 4), st.lists(st.tuples(FAULTS, st.floats(0, 1000)), max_size=30))
def test_there_is_always_a_key_to_try(count: int, refusals: list[tuple[ProviderFault, float]]) -> None:
    """Whatever was refused and when, no key is tried twice for one request."""
    ring, now = KeyRing(count), 0.0
    for fault, seconds in refusals:
        now += seconds
        turn = ring.turn(now)
        assert 1 <= len(turn) == len(set(turn)) <= count
        ring.refused(turn[0], ProviderError(fault), now)
