"""The request that calls a tool, and what its answer says."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from bot.errors import Refusal
from bot.messages import one_line

WITHOUT_BODY = ("GET", "DELETE")
FIRST_ERROR = 400
NO_CONTENT = (204, 205)
TEXTS = ("text/plain", "text/markdown", "text/csv")
MAX_ERROR_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIds:
    """Who calls, as the endpoint is told; `run_id` is None where a person does so by the slash command."""

    user_id: int
    guild_id: int
    channel_id: int
    run_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent; `signed` is what the signature covers besides the time."""

    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]
    signed: bytes


def request_for(
    *, tool: str, method: str, url: str, arguments: Mapping[str, Any], caller: CallerIds, idempotency_key: str
) -> Request:
    """One call; Discord's ids are strings, because they are wider than the integers of JavaScript."""
    ids = {name: value if name == "run_id" else str(value) for name, value in asdict(caller).items()}
    headers = {"accept": "application/json, text/plain", "idempotency-key": idempotency_key}
    if method in WITHOUT_BODY:
        query = urlencode({name: in_query(value) for name, value in arguments.items()}, errors="replace")
        told = compact(ids)
        joined = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        headers["x-parley-caller"] = told
        signed = f"{joined.partition('?')[2]}.{told}".encode()
        return Request(method=method, url=joined, body=None, headers=headers, signed=signed)
    whole = {"tool": tool, "arguments": arguments, "caller": ids, "idempotency_key": idempotency_key}
    body = compact(whole).encode()
    headers["content-type"] = "application/json"
    return Request(method=method, url=url, body=body, headers=headers, signed=body)


def signature_headers(signed: bytes, secret: str, now: datetime) -> Mapping[str, str]:
    """By which an endpoint knows that the bot asks, and that it asks now."""
    timestamp = str(int(now.timestamp()))
    digest = hmac.digest(secret.encode(), timestamp.encode() + b"." + signed, "sha256").hex()
    return {"x-parley-timestamp": timestamp, "x-parley-signature": f"v1={digest}"}


def compact(value: Any) -> str:
    """JSON in ASCII without spaces."""
    return json.dumps(value, separators=(",", ":"))


def in_query(value: Any) -> str:
    """An argument in a query: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else compact(value)


def read_answer(status: int, content_type: str, body: bytes) -> str:
    """What an endpoint said.  Raises: Refusal where that is an error, or nothing that a tool can say."""
    if status >= FIRST_ERROR:
        words = error_words(content_type, body)
        raise Refusal(f"The tool's endpoint answered with an error ({status}{f': {words}' if words else ''}).")
    if status in NO_CONTENT or not body:
        return ""
    if content_type in TEXTS:
        return body.decode("utf-8", "replace")
    if not is_json(content_type):
        known = one_line(content_type, 60) or "nothing that says its type"
        raise Refusal(f"The tool's endpoint answered with {known}; it has to be application/json or text/plain.")
    try:
        answer = json.loads(body)
        is_text = isinstance(answer, dict) and isinstance(answer.get("text"), str)
        said: str = answer["text"] if is_text else json.dumps(answer, ensure_ascii=False)
        return said.encode("utf-8", "replace").decode()  # JSON can hold half of a surrogate pair
    except (ValueError, RecursionError) as exc:
        raise Refusal("The tool's endpoint answered with something that is not the JSON it says it is.") from exc


def error_words(content_type: str, body: bytes) -> str:
    """What an endpoint says of its error, if it does so in words."""
    if content_type not in TEXTS and not is_json(content_type):
        return ""
    return one_line(body.decode("utf-8", "replace"), MAX_ERROR_CHARACTERS)


def is_json(content_type: str) -> bool:
    """Whether a type is JSON, or made of it."""
    return content_type == "application/json" or content_type.endswith("+json")
