"""The table of run states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidTransition
from bot.runs.model import LIVE, TERMINAL, TRANSITIONS, Cause, Status, advance


@given(st.sampled_from(Status), st.sampled_from(Cause))
def test_advance_follows_the_table_and_nothing_else(status: Status, cause: Cause) -> None:
    """A pair of the table leads where it says; any other pair raises."""
    if (status, cause) in TRANSITIONS:
        assert advance(status, cause) is TRANSITIONS[status, cause]
    else:
        with pytest.raises(InvalidTransition):
            advance(status, cause)


def test_terminal_statuses_are_those_of_the_design() -> None:
    """A finished run never moves again."""
    assert {"completed", "incomplete", "failed", "cancelled", "expired"} == TERMINAL


def test_every_live_run_can_be_cancelled_and_can_expire() -> None:
    """Nothing waits forever: from every live status there is a way out by a person and by the clock."""
    for status in LIVE:
        assert advance(status, Cause.CANCELLED) is Status.CANCELLED
        assert advance(status, Cause.DEADLINE) is Status.EXPIRED


def test_every_status_is_reached_from_queued() -> None:
    """No status of the table is an orphan."""
    reached, edge = {Status.QUEUED}, {Status.QUEUED}
    while edge:
        edge = {to for (source, _), to in TRANSITIONS.items() if source in edge} - reached
        reached |= edge
    assert reached == set(Status)
