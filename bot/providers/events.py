"""What every adapter yields, whatever its wire format; pure.

A stream is `Started`, then deltas and tool calls in the order they came, `Usage` where the provider gives it, and
`Finished` exactly once, as the last event.  A stream that ends without `Finished` is broken: the adapter raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FinishReason(StrEnum):
    """Why the model stopped; the words are those of the chat completions API."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class Started:
    """The provider accepted the request; `model` is what it says it runs, which may differ from what was asked."""

    id: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's thinking; never part of the answer, never sent back as text."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model began to ask for a tool; `index` tells the calls of one step apart."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a call's arguments, a piece of a JSON text."""

    index: int
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolCallDone:
    """A whole call; `arguments` is JSON as the model wrote it: it may be invalid, and is `{}` where it was empty."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one request, as the provider counts them; `reasoning_tokens` are part of `output_tokens`."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream ended as the provider meant it to.

    `TOOL_CALLS` whenever calls were seen, whatever the provider's own word for the end was.
    """

    reason: FinishReason


Event = Started | TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta | ToolCallDone | Usage | Finished
