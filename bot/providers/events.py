"""What every adapter yields, whatever its wire format; pure.

A stream is `Routed` and perhaps `Waiting` before it, `Started`, then deltas and tool calls in the order they came,
`Usage`, and `Finished` exactly once, as the last event; `Bookmark` may come anywhere before it.  A stream that ends
without `Finished` is broken: the adapter raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
    """Tokens of one request, as the provider counts them, or as we do where it does not.

    `cached_tokens` are part of `input_tokens`, `reasoning_tokens` of `output_tokens`; `cost_nanos` is in billionths of
    a US dollar, None where no price is known.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    is_estimated: bool = False
    cost_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream ended as the provider meant it to.

    `TOOL_CALLS` whenever calls were seen, whatever the provider's own word for the end was.
    """

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What a provider needs to go on from here, also after a crash: JSON, kept for the conversation.

    The adapter goes on when it is stored: what it does next, it does not do twice.  A run that the provider keeps and
    has not ended is the state's `run`, whose `owner` is the `run_key` of ours.
    """

    provider: str
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Carried:
    """What a provider wants back with the calls of this step: JSON, with `provider`, to whom alone it is given."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request waits in the provider's line; 1 is the next to be sent, 0 is the end of the wait."""

    position: int


@dataclass(frozen=True, slots=True)
class Routed:
    """Who answers: `provider` and its own name of the `model`; `instead_of` is the `provider/model` that did not.

    `because` goes on a sentence that begins with the latter.
    """

    provider: str
    model: str
    instead_of: str | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Further answers to the same question, whole; the first answer came as text."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerTool:
    """How far a tool has come that the provider runs itself; `id` tells its calls apart, `detail` is for people."""

    id: str
    name: str
    is_done: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteStep:
    """A step of a run that the provider keeps, as it reports it at the step's end."""

    id: str
    remote_run_id: str
    kind: str
    status: str
    usage: Usage | None = None


Event = (
    Started
    | TextDelta
    | ReasoningDelta
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallDone
    | Usage
    | Bookmark
    | Carried
    | Waiting
    | Routed
    | Alternatives
    | ServerTool
    | RemoteStep
    | Finished
)
