"""What we say to a provider, in no wire format yet; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """Who speaks; the words are those of the chat completions API."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class ToolChoice(StrEnum):
    """Whether a model may, may not or has to call a tool; the words are those of the chat completions API."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


# The keys of what an interrupted answer had come to, and of the request to go on with it.
PARTIAL = "partial"
GO_ON = "go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What a model asks for; `arguments` is JSON as the model wrote it, which may be broken."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """One function as a model is told of it; `parameters` is the JSON schema of its arguments, an object's."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    @property
    def words(self) -> str:
        """All that a model reads of it, to count its tokens."""
        return f"{self.name} {self.description} {json.dumps(dict(self.parameters))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a request: a role and plain text.

    An assistant's message with `tool_calls` may have no text, and is followed by one tool's message for each call,
    whose `tool_call_id` says which.  `carried` is what a provider gave beside these calls and wants back with them.
    `key` names a message for providers that keep the conversation themselves: the same key is the same message with
    the same words; all that one run wrote has one key.
    """

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    carried: Mapping[str, Any] | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRequest:
    """One answer asked of a provider.

    `model` is `provider/model`, and for an adapter the provider's own name for it; those of `fallback` answer where
    it cannot, in this order, and if there are none those that the host named.  `max_output_tokens` None leaves the
    limit to the provider, and `parallel_tool_calls` None whether the model may call several tools in one step.
    `parameters` are those of `bot.providers.parameters`, by their names there.  `end_user` is a stable hash of who
    asked, never a name or an id; `conversation` likewise of what it belongs to, and `place` of the channel it is
    for.  `run_key` is the same for all requests of one run; `bookmarks` are the last that each provider gave in this
    conversation, by the provider's name, and `removed` is how many of its messages were deleted or otherwise taken
    out of it so far.  The messages of an answer that was interrupted end with what was written of it, whose key is
    `PARTIAL`, and the request to go on.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    fallback: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: ToolChoice = ToolChoice.AUTO
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    end_user: str | None = None
    conversation: str | None = None
    place: str | None = None
    run_key: str = ""
    bookmarks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    removed: int = 0


def alternating(messages: Iterable[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The messages, with assistant texts that follow each other joined: strict chat templates refuse two in a row."""
    merged: list[ChatMessage] = []
    for message in messages:
        last = merged[-1] if merged else None
        if last is not None and last.role is message.role is Role.ASSISTANT and not last.tool_calls:
            merged[-1] = replace(message, content=last.content + message.content)
        else:
            merged.append(message)
    return tuple(merged)


def without_calls(messages: Iterable[ChatMessage]) -> tuple[ChatMessage, ...]:
    """The messages for a model that is offered no tools: what was called for and what came of it is left out."""
    spoken_only = (replace(message, tool_calls=()) for message in messages if message.role is not Role.TOOL)
    return alternating(message for message in spoken_only if message.content or message.role is not Role.ASSISTANT)


# Enough of a quoted message to know which one is meant.
MAX_QUOTE_CHARACTERS = 500
MAX_NAME_CHARACTERS = 32  # as Discord allows


def spoken(author: str, text: str, quote_author: str | None = None, quote_text: str | None = None) -> str:
    """A person's message as the model reads it: who said it, what it replies to, and the words.

    In parentheses, because small models answer "Ada: Hello!" with a line that begins "Ada:" too.
    """
    who = f"from {one_line(author, MAX_NAME_CHARACTERS)}"
    if quote_author is not None:
        quote = one_line(quote_text or "", MAX_QUOTE_CHARACTERS)
        who += f", replying to {one_line(quote_author, MAX_NAME_CHARACTERS)}: “{quote}”"
    return f"({who}) {text}"


def one_line(text: str, max_characters: int) -> str:
    """The text on one line, cut with an ellipsis, so that nobody's name can pose as another message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= max_characters else flat[: max_characters - 1] + "…"
