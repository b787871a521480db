"""The bot is killed before and after everything that it does for an answer of a provider that keeps threads and runs.

The points are those of `test_kill_points`, and each request about a thread or a run, which is lost with its sender.
"""

from __future__ import annotations

from pathlib import Path

from tests.crash import story
from tests.crash.trial import COMMIT, Life
from tests.crash.walk import Walk

LIFE = Life(serial=story.FAST)  # how an answer grows is tried there; here it is how its run goes on
RUNS = "/threads/thread_*/runs"
REMOTE = {
    f"{RUNS} comes to the provider",
    f"{RUNS}/run_*/submit_tool_outputs comes to the provider",
}


async def test_remote_answer_survives_a_kill_at_every_point(empty_database: Path, tmp_path: Path) -> None:
    """Wherever the process dies, its next life goes on with the one run: nothing is said, done or submitted twice."""
    walked = await Walk(empty_database, tmp_path, PROVIDER_API="assistants").through(LIFE)
    assert walked.wrong == ""
    assert walked.kinds >= {COMMIT, *(f"POST {kind}" for kind in REMOTE)}
    assert walked.killed > 100
