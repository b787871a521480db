"""What calls say while they are carried out, and what is not heard any more."""

from __future__ import annotations

from dataclasses import replace

from bot.runs.progress import Progress
from tests.pure.test_activity import DONE


def test_progress_is_heard_only_while_its_call_is_under_way() -> None:
    """What a tool says after it has ended, or after its answer has, changes nothing: nobody would write it."""
    changes: list[str] = []
    under_way = replace(DONE, id=2, outcome=None, output=None, ended_at=None)
    progress = Progress([DONE, under_way], changed=lambda: changes.append(progress.activity.lines))
    progress.say(2, "half way")
    progress.say(1, "too late")
    progress.close()
    progress.say(2, "too late")
    assert len(changes) == 1
    assert "half way" in changes[0]
