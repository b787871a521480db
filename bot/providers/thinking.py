"""Tells a model's thinking from its answer where both come as one text; pure."""

from __future__ import annotations

from enum import Enum, auto

from bot.providers.events import Event, ReasoningDelta, TextDelta

OPENING = "<think>"
CLOSING = "</think>"

# White space before a block is a line or two; a model that says nothing else is not waited for.
MAX_HELD_CHARS = 64


class _Place(Enum):
    START = auto()
    THINKING = auto()
    AFTER_THINKING = auto()
    ANSWER = auto()


class ThinkingSplitter:
    """Splits `<think>…</think>` off the start of an answer; the tags may be split over deltas, or never be closed.

    Only at the start: further on the tag is something the model talks about.  White space around the block is dropped.
    """

    def __init__(self) -> None:
        self._place = _Place.START
        self._held = ""
        self._has_thought = False

    def feed(self, text: str) -> list[Event]:
        """What this much more of the text makes certain."""
        if self._place is _Place.ANSWER:
            return [TextDelta(text)] if text else []
        self._held += text
        events: list[Event] = []
        if self._place is _Place.START:
            self._leave_start(events)
        if self._place is _Place.THINKING:
            self._leave_thinking(events)
        if self._place is _Place.AFTER_THINKING:
            self._held = self._held.lstrip()
            if self._held:
                self._answer(events)
        return events

    def close(self) -> list[Event]:
        """What was held back, when no more text comes."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [ReasoningDelta(held) if self._place is _Place.THINKING else TextDelta(held)]

    def _leave_start(self, events: list[Event]) -> None:
        begun = self._held.lstrip()
        if begun.startswith(OPENING):
            self._held = begun.removeprefix(OPENING)
            self._place = _Place.THINKING
        elif not OPENING.startswith(begun) or len(self._held) > MAX_HELD_CHARS:
            self._answer(events)

    def _leave_thinking(self, events: list[Event]) -> None:
        if not self._has_thought:
            self._held = self._held.lstrip()
        thought, closing, rest = self._held.partition(CLOSING)
        if closing:
            self._place, self._held = _Place.AFTER_THINKING, rest
        else:
            sure = len(thought) - _overlap(thought, CLOSING)
            thought, self._held = thought[:sure], thought[sure:]
        if thought:
            self._has_thought = True
            events.append(ReasoningDelta(thought))

    def _answer(self, events: list[Event]) -> None:
        self._place = _Place.ANSWER
        events.append(TextDelta(self._held))
        self._held = ""


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of a text may be the beginning of a tag."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
