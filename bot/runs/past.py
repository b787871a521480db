"""What is stored of a conversation as people see it: an entry, and an entry with all that belongs to it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.messages import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A message of a conversation, with what is to be said about it.

    `discord_id` and `link` are of the Discord message that holds it, or the first page of its answer, if there is one.
    """

    role: Role
    author: str
    at: datetime
    text: str
    tools: tuple[str, ...] = ()
    discord_id: int | None = None
    link: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedTool:
    """A tool call and what came of it; all but the name is None where it is not for who looks."""

    name: str
    arguments: str | None = None
    output: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an answer took; `nanos` are billionths of a US dollar.  None is not known."""

    input_tokens: int | None
    output_tokens: int | None
    nanos: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that is kept of a message; `model` and `cost` are of an answer, and with its first message alone."""

    entry: Remembered
    epoch: int
    quote_author: str | None = None
    quote_text: str | None = None
    calls: tuple[UsedTool, ...] = ()
    model: str | None = None
    cost: Cost | None = None
