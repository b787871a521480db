"""Thinking that providers want back with the calls that it led to."""

from __future__ import annotations

from typing import Any

import pytest

from bot.providers.events import Carried
from tests.pure.test_chat_completions_decoder import END, call, chunk, decode, stream, whole

SIGNATURE = {"google": {"thought_signature": "c2lnbmVk"}}
ROLL = call("roll", "{}", index=0, id="t1")


def detail(kind: str, **fields: Any) -> dict[str, Any]:
    """A delta with one piece of OpenRouter's reasoning, which says the same as text too."""
    thought = fields.get("text") or fields.get("summary")
    return {"reasoning": thought, "reasoning_details": [{"type": f"reasoning.{kind}", "index": 0, **fields}]}


WANTED: dict[str, tuple[bytes, dict[str, Any], list[dict[str, Any]]]] = {
    "DeepSeek: reasoning_content": (
        stream(chunk({"reasoning_content": "Let me "}), chunk({"reasoning_content": "roll."}), chunk(ROLL), END),
        {"reasoning_content": "Let me roll."},
        [],
    ),
    "vLLM: reasoning": (stream(chunk({"reasoning": "Roll."}), chunk(ROLL), END), {"reasoning": "Roll."}, []),
    "OpenRouter: reasoning_details": (
        stream(
            chunk(detail("text", text="Let me ", signature=None)),
            chunk(detail("text", text="roll.", signature=None)),
            chunk(detail("text", text="", signature="c2ln")),
            chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 1}]}),
            chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "y", "index": 1}]}),
            chunk(ROLL),
            END,
        ),
        {
            "reasoning_details": [
                {"type": "reasoning.text", "index": 0, "text": "Let me roll.", "signature": "c2ln"},
                {"type": "reasoning.encrypted", "data": "x", "index": 1},
                {"type": "reasoning.encrypted", "data": "y", "index": 1},
            ]
        },
        [],
    ),
    "OpenRouter: a summary": (
        stream(chunk(detail("summary", summary="**Ro")), chunk(detail("summary", summary="ll**")), chunk(ROLL), END),
        {"reasoning_details": [{"type": "reasoning.summary", "index": 0, "summary": "**Roll**"}]},
        [],
    ),
    "Gemini: thought_signature of the first call": (
        stream(
            chunk(call("roll", "{}", index=0, id="t1", extra_content=SIGNATURE)),
            chunk(call("toss", "{}", index=1, id="t2")),
            END,
        ),
        {},
        [{"extra_content": SIGNATURE}, {}],
    ),
    "not streamed": (
        whole({"content": None, "reasoning_content": "Hm.", "tool_calls": [{"function": {"name": "roll"}}]}),
        {"reasoning_content": "Hm."},
        [],
    ),
}


@pytest.mark.parametrize("name", WANTED)
def test_thinking_is_carried_as_it_came(name: str) -> None:
    """What a provider wants back is kept whole, under its own names, for that provider."""
    body, message, calls = WANTED[name]
    assert decode(body)[-2] == Carried({"provider": "relay", "message": message, "calls": calls})


@pytest.mark.parametrize(
    "body",
    [
        stream(chunk({"reasoning_content": "Hm."}), chunk({"content": "Hi"}), END),
        stream(chunk(ROLL), END),
        stream(chunk({"reasoning_details": [3, None]}), chunk({"reasoning_details": "x"}), chunk(ROLL), END),
        stream(chunk(call("roll", "{}", extra_content="x")), END),
    ],
    ids=["no call", "no thinking", "wrong types", "a signature of a wrong type"],
)
def test_nothing_is_carried_where_nothing_is_wanted(body: bytes) -> None:
    """An answer without calls needs nothing back, and what is no thinking is not sent as such."""
    assert not [event for event in decode(body) if isinstance(event, Carried)]
