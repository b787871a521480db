"""A model's thinking, as it is shown and as some providers want it back with the calls that it led to; pure.

DeepSeek refuses a tool's output without the `reasoning_content` of its call, models behind OpenRouter think anew
without their `reasoning_details`.  It goes back under the name and in the form that it came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

TEXTS = ("reasoning_content", "reasoning")  # where a message has both they are the same
DETAILS = "reasoning_details"
# The entries that are streamed in pieces, and which of their fields grows.
GROWING: Mapping[object, str] = {"reasoning.text": "text", "reasoning.summary": "summary"}

Json = Mapping[str, object]


class Thoughts:
    """What a model thought in one answer."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._details: list[Json] = []

    def feed(self, message: Json) -> str:
        """More of the thinking in a delta or a message; empty where there is none."""
        details = message.get(DETAILS)
        if isinstance(details, list):
            self._details += [detail for detail in details if isinstance(detail, dict)]
        for name in TEXTS:
            text = message.get(name)
            if isinstance(text, str) and text:
                self._texts.setdefault(name, []).append(text)
                return text
        return ""

    @property
    def carried(self) -> Mapping[str, Any]:
        """The fields of the message that it is sent back as."""
        if self._details:
            return {DETAILS: list(_whole(self._details))}
        return {name: "".join(pieces) for name, pieces in self._texts.items()}


def _whole(details: Iterable[Json]) -> Iterator[Json]:
    """The entries, with those put together that came in pieces."""
    for (kind, _), group in groupby(details, key=lambda detail: (detail.get("type"), detail.get("index"))):
        name = GROWING.get(kind) if isinstance(kind, str) else None
        if name is None:
            yield from group
            continue
        pieces = list(group)
        known = {field: value for piece in pieces for field, value in piece.items() if value is not None}
        yield {**known, name: "".join(text for piece in pieces if isinstance(text := piece.get(name), str))}
