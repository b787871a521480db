"""The memory of nonces and the matching of faults."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault, Faults
from sandbox.nonces import REMEMBERED_NONCES, REMEMBERED_SECONDS, Nonces


def test_nonce_is_remembered_for_minutes_and_per_channel() -> None:
    """The first message is found again until it is too old, and only in its channel."""
    nonces = Nonces()
    nonces.keep(("1", "abc"), 42, 0.0)
    assert nonces.find(("1", "abc"), REMEMBERED_SECONDS - 1) == 42
    assert nonces.find(("1", "abc"), REMEMBERED_SECONDS) is None
    assert nonces.find(("2", "abc"), 0.0) is None


def test_oldest_nonces_are_forgotten_first() -> None:
    """The memory does not grow without bound."""
    nonces = Nonces()
    for number in range(REMEMBERED_NONCES + 1):
        nonces.keep(("1", str(number)), number, 0.0)
    assert nonces.find(("1", "0"), 0.0) is None
    assert nonces.find(("1", "1"), 0.0) == 1


def test_fault_acts_on_its_route_as_often_as_asked() -> None:
    """A rule matches method and path, counts down, and is gone when used up; rules act in their order."""
    faults = Faults()
    first = faults.fail("POST", "/channels/*/messages", 503, times=2)
    faults.cut("*", "/channels/*", applied=True, times=None)
    assert faults.take("GET", "/users/@me") is None
    assert [faults.take("POST", "/channels/1/messages") for _ in range(2)] == [first, first]
    endless = faults.take("POST", "/channels/1/messages")
    assert endless is not None
    assert endless.action == "cut_after"
    faults.remove(endless.number)
    assert faults.take("POST", "/channels/1/messages") is None


@pytest.mark.parametrize("wrong", [{"action": "explode"}, {"action": "hang", "times": 0}])
def test_senseless_fault_is_refused(wrong: dict[str, object]) -> None:
    """An unknown action or a rule that never acts is an error of whoever asked for it."""
    with pytest.raises(ValueError, match="must be"):
        Faults().add(Fault(**wrong))  # type: ignore[arg-type]  # wrong on purpose


def test_rule_that_a_listener_adds_acts_on_the_request_it_was_told_of() -> None:
    """Whoever listens decides about each request when it comes."""
    faults = Faults()
    faults.listen(lambda method, path: path == "/b" and faults.cut(method, path, applied=False))
    assert faults.take("GET", "/a") is None
    cut = faults.take("GET", "/b")
    assert cut is not None
    assert cut.action == "cut_before"
