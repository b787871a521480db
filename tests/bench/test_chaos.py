"""What the random killing asks, and what it reports."""

from __future__ import annotations

import signal
from collections import Counter

from bench.__main__ import CHAOS, names, parse
from bench.chaos import Plan, Survival, report
from bench.crowd import is_whole, tale
from bench.script import Script
from bench.verdict import Harm, Violation
from tests.bench.test_verdict import REGENERATE, page

STOP = [{"type": 1, "components": [{"type": 2, "label": "Stop"}]}]


def test_tale_has_the_words_of_its_script_and_a_call_at_the_end_of_each_step_but_the_last() -> None:
    """The expected text is known beforehand, however many tools are called on the way."""
    script = Script(7, 40)
    steps = tale(script, ("roll", "time")).steps
    assert "".join(step.answer() for step in steps) == "".join(script.tokens())
    assert [[call.name for call in step.tool_calls] for step in steps] == [["roll"], ["time"], []]
    assert [step.finish_reason for step in steps] == ["tool_calls", "tool_calls", "stop"]
    assert len({call.id for step in steps for call in step.tool_calls}) == 2


def test_answer_is_waited_for_until_its_last_page_has_buttons_and_no_stop() -> None:
    """A page that is still written to is no end."""
    first = page(101, "One")
    assert [
        is_whole([first]),
        is_whole([first, page(102, "two", components=STOP)]),
        is_whole([first, page(102, "two", components=REGENERATE)]),
    ] == [False, False, True]


def test_report_counts_each_harm_and_names_it() -> None:
    """Who runs it sees at a glance whether anything was lost, and below what it was."""
    survival = Survival(
        plan=Plan(minutes=10, channels=20, seed=3),
        signals=Counter({signal.SIGKILL: 100, signal.SIGTERM: 20}),
        questions=500,
        exact=499,
        resumed_seconds=(1.0, 1.2, 2.5),
        violations=(Violation(Harm.LOST, "answer-7", "has 0 answers"),),
    )
    lines = report(survival).splitlines()
    assert "| Minutes, channels, seed | 10, 20, 3 |" in lines
    assert "| SIGKILL, SIGTERM | 100, 20 |" in lines
    assert "| Lost | 1 |" in lines
    assert "| Doubled | 0 |" in lines
    assert "| From a death to the first write after it, median / worst, s | 1.2 / 2.5 |" in lines
    assert lines[-1] == "lost: answer-7 has 0 answers"


def test_chaos_is_played_only_where_it_is_named() -> None:
    """Who measures everything does not mean to kill anything."""
    assert CHAOS not in names()
    options = parse([CHAOS, "--minutes", "2", "--channels", "3", "--seed", "4"])
    assert (options.what, options.minutes, options.channels, options.seed) == ([CHAOS], 2.0, 3, 4)
