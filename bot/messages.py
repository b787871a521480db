"""What we say to a provider, in no wire format yet; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who speaks; the words are those of the chat completions API."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a request: a role and plain text."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRequest:
    """One answer asked of a provider.

    `model` is the provider's own name for it.  `max_output_tokens` None leaves the limit to the provider.
    `end_user` is a stable hash of who asked, never a name or an id.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    max_output_tokens: int | None = None
    temperature: float | None = None
    end_user: str | None = None


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
