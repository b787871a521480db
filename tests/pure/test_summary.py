"""What a run took, and what happened to it in which order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.runs.model import Status
from bot.runs.summary import PageRecord, RunEvent, RunHistory, ToolRecord, duration, moments
from bot.tools.model import Outcome
from tests.pure.summaries import ASKED_AT, a_history, a_summary, after

LIVE = {"status": Status.IN_PROGRESS, "ended_at": None}
QUEUED = {"status": Status.QUEUED, "started_at": None, "ended_at": None}
WAITING = {"status": Status.REQUIRES_ACTION, "ended_at": None, "waiting_since": after(4)}
HANDED_BACK = {"status": Status.QUEUED, "ended_at": None}
NEVER_BEGUN = {"status": Status.CANCELLED, "started_at": None}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("took", 2)),
        (LIVE, ("answering for", 9)),
        (QUEUED, ("waiting for", 10)),
        (HANDED_BACK, ("waiting for", 10)),
        (WAITING, ("waiting for a person for", 6)),
        (NEVER_BEGUN, ("waited", 3)),
    ],
    ids=["ended", "live", "queued", "handed back", "waiting", "never begun"],
)
def test_duration_counts_from_when_it_was_begun(fields: dict[str, object], expected: tuple[str, int]) -> None:
    """To its end or until now; what waits in line or was never taken up counts from its question."""
    words, seconds = expected
    assert duration(a_summary(**fields), after(10)) == (words, timedelta(seconds=seconds))


def said(history: RunHistory) -> list[tuple[datetime, str]]:
    """When and what of each moment."""
    return [(moment.at, moment.what) for moment in moments(history)]


def test_moments_are_in_order() -> None:
    """Events, tools, pages and the delivery, each where it happened."""
    history = a_history(
        a_summary(delivered_at=after(4)),
        events=(
            RunEvent(at=ASKED_AT, cause="enqueued", to_status=Status.QUEUED),
            RunEvent(at=after(1), cause="claimed", to_status=Status.IN_PROGRESS),
            RunEvent(at=after(3), cause="finished", to_status=Status.COMPLETED),
        ),
        tools=(ToolRecord(name="look_up", started_at=after(1.5), ended_at=after(2)),),
        pages=(PageRecord(number=0, created_at=after(1), posted_at=after(2.5)),),
    )
    assert said(history) == [
        (ASKED_AT, "enqueued, now queued"),
        (after(1), "claimed, now in progress"),
        (after(1), "page 1 planned"),
        (after(1.5), "tool started"),
        (after(2), "tool ended"),
        (after(2.5), "page 1 posted"),
        (after(3), "finished, now completed"),
        (after(4), "delivered"),
    ]


def test_moments_tell_a_status_when_it_changes() -> None:
    """What happens while a run waits for outputs does not repeat it, and a tool that did not end well says how."""
    causes = ("tool_calls", "person_asked", "person_answered", "claimed")
    history = a_history(
        events=tuple(RunEvent(at=after(1), cause=cause, to_status=Status.REQUIRES_ACTION) for cause in causes),
        tools=(
            ToolRecord(name="poll", started_at=None, ended_at=after(2), outcome=Outcome.DENIED),
            ToolRecord(name="roll", started_at=None, ended_at=after(3), outcome=Outcome.DONE),
        ),
    )
    told = [what for _, what in said(history)]
    assert told[:4] == ["tool calls, now requires action", "person asked", "person answered", "claimed"]
    assert told[4:] == ["tool ended (denied)", "tool ended"]


def test_wish_to_stop_comes_before_its_effect() -> None:
    """Within one millisecond too, and it names who wished."""
    cancelled = RunEvent(at=after(1), cause="cancelled", to_status=Status.CANCELLED)
    wish, effect = moments(
        a_history(a_summary(cancel_requested_at=after(1), cancel_requested_by=5), events=(cancelled,))
    )
    assert (wish.what, wish.who) == ("asked to stop", 5)
    assert (effect.what, effect.who) == ("cancelled", None)


def test_what_did_not_happen_is_no_moment() -> None:
    """A tool that was not started, a page that was not posted, a run that was not delivered."""
    history = a_history(
        pages=(PageRecord(number=1, created_at=after(1), posted_at=None),),
        tools=(ToolRecord(name="look_up", started_at=None, ended_at=None),),
    )
    assert said(history) == [(after(1), "page 2 planned")]


def test_page_of_an_earlier_run_is_taken_over() -> None:
    """A regenerated answer is shown in the messages of the one before, which were posted before it was asked for."""
    page = PageRecord(number=0, created_at=after(-9), posted_at=after(-8))
    assert said(a_history(pages=(page,))) == [(ASKED_AT, "page 1 taken over from an earlier run")]
