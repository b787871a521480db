"""What is asked of a provider's endpoints, how it is answered, and how such an answer may be unlike OpenAI's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file of a form."""

    field: str
    name: str
    content_type: str
    content: bytes


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One request; `body` is its JSON, or the texts of its form: a list where a name ends with `[]`."""

    path: str
    body: Json
    headers: Mapping[str, str]
    files: Sequence[SentFile] = ()
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_streamed(self) -> bool:
        """Whether events are asked for."""
        return str(self.body.get("stream", "")).lower() == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An answer in the pieces in which it is written."""

    pieces: Sequence[bytes]
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Quirks:
    """How these endpoints are unlike OpenAI's; `hang_at` and `cut_at` count pieces from 0, before which it happens."""

    not_offered: set[str] = field(default_factory=set)
    flagged_words: set[str] = field(default_factory=lambda: {"forbidden"})
    sends_usage: bool = True
    streams: bool = True  # else everything comes whole, as JSON
    float_vectors: bool = False
    refuses_base64: bool = False
    image_urls: bool = False
    picture: bytes | None = None  # instead of one that is drawn
    hang_at: int | None = None
    cut_at: int | None = None

    def usage(self, **counted: object) -> Json:
        """The field of that name, if it is sent."""
        return {"usage": counted} if self.sends_usage else {}


def whole(answer: Json, status: int = 200) -> Result:
    """An answer as JSON."""
    return Result(pieces=[json.dumps(answer).encode()], content_type="application/json", status=status)


def events(*answers: Json) -> Result:
    """An answer as server-sent events; a `type` is their name too."""
    pieces = [f"event: {answer['type']}\ndata: {json.dumps(answer)}\n\n".encode() for answer in answers]
    return Result(pieces=pieces, content_type="text/event-stream")
