"""How far a run's tool calls have come, as its reply shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from bot.messages import ToolCall
from bot.providers.events import ServerTool
from bot.reply.activity import NOTHING, Activity, activity
from bot.store.tool_calls import StoredCall
from bot.tools.model import Result

# The same call with the same arguments in so many steps after each other: the model goes in circles.
SAME_CALL_STEPS = 3
# Of the provider's own tools, the newest; a few of them are shown.
MAX_ELSEWHERE = 100


class Progress:
    """The calls of a run, and what they said last; `changed` is called when there is something new to show."""

    def __init__(self, calls: Iterable[StoredCall] = (), *, changed: Callable[[], None]) -> None:
        self._calls = {call.id: call for call in calls}
        self._said: dict[int, str] = {}
        self._elsewhere: dict[str, ServerTool] = {}
        self._is_over = False
        self._changed = changed
        self._shown: Activity | None = None if self._calls else NOTHING

    @property
    def activity(self) -> Activity:
        """What is to be shown."""
        if self._shown is None:
            self._shown = activity(tuple(self._calls.values()), self._said, tuple(self._elsewhere.values()))
        return self._shown

    @property
    def steps(self) -> int:
        """How often the model has asked for tools."""
        return len({call.message_id for call in self._calls.values()})

    def set(self, calls: Iterable[StoredCall]) -> None:
        """These calls are as they are stored now."""
        self._calls |= {call.id: call for call in calls}
        self._tell()

    def say(self, call_id: int, text: str) -> None:
        """A call tells how far it has come; one that has ended tells nothing any more."""
        if not self._is_over and self._calls[call_id].outcome is None:
            self._said[call_id] = text
            self._tell()

    def hear(self, tool: ServerTool) -> None:
        """A tool of the provider's own has come this far."""
        known = self._elsewhere.get(tool.id, tool)
        self._elsewhere[tool.id] = replace(tool, detail=tool.detail or known.detail)
        if len(self._elsewhere) > MAX_ELSEWHERE:
            del self._elsewhere[next(iter(self._elsewhere))]
        self._tell()

    def close(self) -> None:
        """No call is under way any more, nor anything that the provider did."""
        self._is_over = True
        self._elsewhere = {id: tool for id, tool in self._elsewhere.items() if tool.is_done}
        self._shown = None

    def ended(self, outputs: Mapping[StoredCall, Result], now: datetime) -> None:
        """These calls have got their outputs."""
        self.set(replace(call, output=each.text, outcome=each.outcome, ended_at=now) for call, each in outputs.items())

    def goes_in_circles(self, calls: Iterable[ToolCall]) -> bool:
        """Whether one of these calls was made in each of the last steps already."""
        steps = [list(group) for _, group in groupby(self._calls.values(), key=lambda call: call.message_id)]
        last = [{(call.name, canonical(call.arguments)) for call in step} for step in steps[1 - SAME_CALL_STEPS :]]
        if len(last) < SAME_CALL_STEPS - 1:
            return False
        return any(all((call.name, canonical(call.arguments)) in step for step in last) for call in calls)

    def _tell(self) -> None:
        self._shown = None
        self._changed()


def canonical(arguments: str) -> str:
    """The arguments in a form that is the same however they are written."""
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments
