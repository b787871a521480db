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
