"""What a run waits for, in the words of the Runs API, and which outputs it takes; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from bot.errors import InvalidOutputs


class PendingCall(Protocol):
    """A tool call without an output."""

    @property
    def call_id(self) -> str:
        """The model's name for it."""

    @property
    def name(self) -> str:
        """The function's."""

    @property
    def arguments(self) -> str:
        """JSON as the model wrote it."""


def required_action(pending: Iterable[PendingCall]) -> dict[str, Any]:
    """The `required_action` of a run in `requires_action` (Runs API, the run object)."""
    calls = [
        {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in pending
    ]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def require_exactly(pending: Iterable[PendingCall], submitted: Iterable[str]) -> None:
    """Raises: InvalidOutputs unless there is one output for each pending call, and no other."""
    given, wanted = Counter(submitted), {call.call_id for call in pending}
    faults = {
        "missing": wanted - given.keys(),
        "unknown": given.keys() - wanted,
        "given twice": {call_id for call_id, count in given.items() if count > 1},
    }
    named = [f"{word}: {', '.join(sorted(ids))}" for word, ids in faults.items() if ids]
    if named:
        raise InvalidOutputs(f"There has to be one output for each pending call; {'; '.join(named)}.")
