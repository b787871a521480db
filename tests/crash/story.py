"""The one question whose way is walked, and its answer.

It fills two pages.  On the way the model asks for three tools at once, of which one waits until it is approved, and
then for one more.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.serials import Serial
from sandbox.stories import WORDS, ScriptedCall, Story

NAME = "walk"
WORDS_PER_PIECE = 9
PIECES_PER_SECOND = 24.0  # so that the answer is edited and kept several times on its way


def sentence(number: int) -> str:
    """A piece of the answer that is like no other."""
    picked = (WORDS[(number * 7 + position) % len(WORDS)] for position in range(WORDS_PER_PIECE))
    return f"{number}. {' '.join(picked)}. "


def step(start: int, end: int, **tools: str) -> Story:
    """Some of the pieces, and the calls of tools after them, with their arguments."""
    calls = (
        ScriptedCall(id=f"call_{name}", name=name, arguments=(arguments,), index=index)
        for index, (name, arguments) in enumerate(tools.items())
    )
    return Story(
        pieces=tuple(map(sentence, range(start, end))),
        tool_calls=tuple(calls),
        finish_reason="tool_calls" if tools else "stop",
        tokens_per_second=PIECES_PER_SECOND,
    )


THREE = {"roll": '{"sides": 1000, "count": 3}', "order": '{"dish": "soup"}', "time": "{}"}
SLOW = Serial(steps=(step(0, 4, **THREE), step(4, 8, time="{}"), step(8, 58)))
FAST = Serial(steps=tuple(replace(each, tokens_per_second=None) for each in SLOW.steps))
ANSWER = " ".join(each.answer() for each in SLOW.steps)
TOOLS = (*THREE, "time")
MODULES = "tests.scenarios.errands"
