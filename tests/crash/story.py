"""The one question whose way is walked, and its answer: two tools are called on the way, and it fills two pages."""

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


def step(start: int, end: int, tool: str = "", arguments: str = "{}") -> Story:
    """Some of the pieces, and the call of a tool after them."""
    calls = (ScriptedCall(id=f"call_{tool}", name=tool, arguments=(arguments,)),) if tool else ()
    return Story(
        pieces=tuple(map(sentence, range(start, end))),
        tool_calls=calls,
        finish_reason="tool_calls" if tool else "stop",
        tokens_per_second=PIECES_PER_SECOND,
    )


SLOW = Serial(steps=(step(0, 4, "roll", '{"sides": 1000, "count": 3}'), step(4, 8, "time"), step(8, 58)))
FAST = Serial(steps=tuple(replace(each, tokens_per_second=None) for each in SLOW.steps))
ANSWER = " ".join(each.answer() for each in SLOW.steps)
TOOLS = ("roll", "time")
