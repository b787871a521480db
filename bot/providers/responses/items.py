"""What the items of a response say, whatever they leave out; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.providers.events import Usage
from bot.providers.usage import usage_in

Json = Mapping[str, Any]

# More of what a tool was asked for is never shown.
MAX_WISH_CHARACTERS = 500


def sendable(item: Json) -> Json:
    """An item as it may be sent back: a server gives null for what is not there, and refuses to be given it."""
    return {name: value for name, value in item.items() if value is not None}


def thought_of(item: Json) -> str:
    """What an item says of the model's thinking: the summary, or where there is none the thinking itself."""
    for field in ("summary", "content"):
        parts = item.get(field)
        texts = (
            [text_of(part.get("text")) for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        )
        if any(texts):
            return "".join(texts)
    return ""


def wish_of(item: Json) -> str:
    """What a tool of the provider's was asked for."""
    action = item.get("action")
    asked = action if isinstance(action, dict) else item
    queries = asked.get("queries")
    words = queries if isinstance(queries, list) else [asked.get("query") or asked.get("url")]
    return ", ".join(word for word in words if isinstance(word, str))[:MAX_WISH_CHARACTERS]


def arguments_of(item: Json) -> str:
    """A call's arguments as JSON, which some servers have decoded."""
    arguments = item.get("arguments")
    return json.dumps(arguments) if isinstance(arguments, (dict, list)) else text_of(arguments)


def usage_of(usage: object) -> Usage | None:
    """The tokens of a response; None where they are not counted."""
    if not isinstance(usage, dict):
        return None
    words = {"prompt": "input", "completion": "output"}  # some relays keep those of chat completions
    return usage_in(
        {
            f"{theirs}_tokens{more}": usage.get(f"{ours}_tokens{more}", usage.get(f"{theirs}_tokens{more}"))
            for theirs, ours in words.items()
            for more in ("", "_details")
        }
    )


def text_of(value: object) -> str:
    """The value, if it is a text."""
    return value if isinstance(value, str) else ""
