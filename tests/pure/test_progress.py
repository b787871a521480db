"""What calls say while they are carried out, and what is not heard any more."""

from __future__ import annotations

from dataclasses import replace

from bot.providers.events import ServerTool
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


def test_tools_of_the_provider_are_shown_while_they_run_and_when_they_are_done() -> None:
    """One line for each, which keeps what it was asked for; what never ended is not left as if it still ran."""
    progress = Progress(changed=lambda: None)
    progress.hear(ServerTool("ws_1", "web_search", is_done=False, detail="**owls** @everyone"))
    progress.hear(ServerTool("ws_1", "web_search", is_done=False))
    assert progress.activity.text == "-# ⏳ **web search** · `**owls** @everyone`"
    progress.hear(ServerTool("ws_1", "web_search", is_done=True))
    progress.hear(ServerTool("ci_1", "code_interpreter", is_done=False))
    assert progress.activity.text.splitlines() == [
        "-# 🔧 **web search** · `**owls** @everyone`",
        "-# ⏳ **code interpreter**",
    ]
    progress.close()
    assert progress.activity.text == "-# 🔧 **web search** · `**owls** @everyone`"
    assert progress.activity.lines == ""  # which are those of calls that one can look at
