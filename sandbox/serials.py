"""Stories in several steps that go on from wherever a request stands, so that an interrupted answer can be finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sandbox.stories import Story, refusal

Message = Mapping[str, object]  # one of a request

NOT_OURS = refusal(400, "invalid_request_error", "This is not how the answer begins.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """One answer in steps, each of which but the last ends in tool calls."""

    steps: tuple[Story, ...]

    def rest(self, said: Sequence[Message]) -> Story:
        """What is left of the step that a request stands at, by the messages after its question; else a refusal."""
        number = sum(bool(message.get("tool_calls")) for message in said)
        if number >= len(self.steps):
            return NOT_OURS
        step, begun = self.steps[number], beginning(said)
        if not step.answer().startswith(begun):
            return NOT_OURS
        return replace(step, pieces=tuple(cut(step.words(), len(begun))))


def beginning(said: Sequence[Message]) -> str:
    """The words of the step that is to be gone on with; empty where the last step was whole."""
    spoken = [message for message in said if message.get("role") == "assistant"]
    return "" if not spoken or spoken[-1].get("tool_calls") else str(spoken[-1].get("content") or "")


def cut(pieces: Sequence[str], characters: int) -> Iterator[str]:
    """The pieces without their first characters."""
    for piece in pieces:
        if len(piece) > characters:
            yield piece[characters:]
        characters = max(0, characters - len(piece))
