"""The bot is killed before and after everything that it does, and afterwards all is as if it had only been slow.

A point is the n-th of its kind on the way of one question: a commit begins or is over, a request to Discord comes (and
is not applied, as if it had not been sent) or is applied (and not answered), a request to the provider comes or is sent
an event.  The points are counted in a life that nothing disturbs, so none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.crash.trial import COMMIT, Point
from tests.crash.walk import Outcome, Walk

MIDDLE = Point("event of request 3 to the provider", 20)
# What must be among the points at least: a way of counting that sees nothing would find nothing wrong.
KINDS = {
    COMMIT,
    "POST /channels/*/messages comes",
    "POST /channels/*/messages is applied",
    "PATCH /channels/*/messages/* comes",
    "PATCH /channels/*/messages/* is applied",
    *(f"event of request {number} to the provider" for number in (1, 2, 3)),
}


def told(points: Sequence[Point], outcomes: Sequence[Outcome]) -> str:
    """Everything that went wrong, each with its point, one below the other."""
    pairs = zip(points, outcomes, strict=True)
    return "\n".join(f"{point}: {what}" for point, outcome in pairs for what in outcome.wrong)


async def test_answer_survives_a_kill_at_every_point(walk: Walk) -> None:
    """Wherever the process dies on the way of one question, its next life finishes that answer, once."""
    points = await walk.points_after()
    assert {point.kind for point in points} >= KINDS
    outcomes = await walk.through(points)
    assert told(points, outcomes) == ""
    assert sum(outcome.kills for outcome in outcomes) > 100


async def test_answer_survives_a_second_kill_at_every_point_of_its_recovery(walk: Walk) -> None:
    """A process that dies while it takes an answer up again leaves it to the next one, which finishes it."""
    points = await walk.points_after(MIDDLE)
    outcomes = await walk.through(points, after=[MIDDLE])
    assert told(points, outcomes) == ""
    assert sum(outcome.kills - 1 for outcome in outcomes) > 60
