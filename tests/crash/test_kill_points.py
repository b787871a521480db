"""The bot is killed before and after everything that it does, and afterwards all is as if it had only been slow.

A point is the n-th of its kind on the way of one question: a commit begins or is over, a request to Discord comes (and
is not applied, as if it had not been sent) or is applied (and not answered), a request to the provider comes or is sent
an event.  The points are counted in a life that nothing disturbs, so none can be forgotten.
"""

from __future__ import annotations

from tests.crash.trial import COMMIT, Life, Point
from tests.crash.walk import Walk

MIDDLE = Point("event of request 3 to the provider", 20)
WRITES = {
    COMMIT,
    "POST /channels/*/messages comes",
    "POST /channels/*/messages is applied",
    "PATCH /channels/*/messages/* comes",
    "PATCH /channels/*/messages/* is applied",
}
STEPS = {f"event of request {number} to the provider" for number in (1, 2, 3)}


async def test_answer_survives_a_kill_at_every_point(walk: Walk) -> None:
    """Wherever the process dies on the way of one question, its next life finishes that answer, once."""
    walked = await walk.through(Life())
    assert walked.wrong == ""
    assert walked.kinds >= WRITES | STEPS  # a way of counting that sees nothing would find nothing wrong
    assert walked.killed > 100


async def test_answer_survives_a_second_kill_at_every_point_of_its_recovery(walk: Walk) -> None:
    """A process that dies while it takes an answer up again leaves it to the next one, which finishes it."""
    walked = await walk.through(Life(kill_at=MIDDLE), Life())
    assert walked.wrong == ""
    assert walked.kinds >= WRITES
    assert walked.killed > 60


async def test_answer_survives_a_kill_at_every_point_of_a_stop(walk: Walk) -> None:
    """A process that is killed because it takes too long to stop has lost nothing of what it was handing back."""
    walked = await walk.through(Life(stop_at=MIDDLE))
    assert walked.wrong == ""
    assert walked.kinds >= {COMMIT, "PATCH /channels/*/messages/* is applied"}
    assert walked.killed > 3
