"""Tool outputs are taken for exactly the calls that a run waits for."""

from __future__ import annotations

import pytest

from bot.errors import InvalidOutputs
from bot.messages import ToolCall
from bot.runs.required_action import require_exactly, required_action
from tests.pure.test_activity import DONE


def test_required_action_is_that_of_the_runs_api() -> None:
    """The calls by the model's ids, each a function with its arguments as they were written."""
    assert required_action([DONE]) == {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "roll", "arguments": '{"sides": 6}'}}
            ]
        },
    }


@pytest.mark.parametrize(
    ("submitted", "fault"),
    [
        ([], "missing: a, b"),
        (["a"], "missing: b"),
        (["a", "b", "c"], "unknown: c"),
        (["a", "b", "a"], "given twice: a"),
        (["a", "x", "x"], "missing: b; unknown: x; given twice: x"),
    ],
)
def test_outputs_have_to_be_of_the_pending_calls(submitted: list[str], fault: str) -> None:
    """None missing, none unknown, none twice: the error names each that is wrong."""
    pending = [_call("a"), _call("b")]
    require_exactly(pending, ["b", "a"])
    with pytest.raises(InvalidOutputs) as caught:
        require_exactly(pending, submitted)
    assert fault in str(caught.value)


class _Pending:
    def __init__(self, call: ToolCall) -> None:
        self.call_id, self.name, self.arguments = call.id, call.name, call.arguments


def _call(id: str) -> _Pending:
    return _Pending(ToolCall(id=id, name="roll", arguments="{}"))
