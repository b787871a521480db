"""What an endpoint answered, read as leniently as it can be."""

from __future__ import annotations

import binascii
import math
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import ProviderError, ProviderFault
from bot.providers.failures import complaint_in, failure_of

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """What a request used up, as the provider counts it.

    `media_tokens` are those of `input_tokens` that were images or sound, which have a price of their own.  Where sound
    is paid by its length, there are `seconds` and no tokens.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    media_tokens: int = 0
    seconds: float | None = None


def entries_in(answer: object, field: str, *, secrets: tuple[str, ...]) -> list[Json]:
    """The objects in a list of an answer, at least one.

    What was asked for counts more than what stands around it: relays put `"message": "ok"` beside it, and some send an
    error with a status of 200 instead.

    Raises: ProviderError, with the fault of such an error, else `PROTOCOL`.
    """
    entries = answer.get(field) if isinstance(answer, dict) else None
    if isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries):
        return entries
    raise unusable(answer, f"an answer without {field}", secrets=secrets)


def unusable(answer: object, otherwise: str, *, secrets: tuple[str, ...]) -> ProviderError:
    """The error that an answer means which is not what was asked for."""
    if complaint := complaint_in(answer):
        return failure_of(complaint, status=200, secrets=secrets)
    return ProviderError(ProviderFault.PROTOCOL, otherwise)


def consumption_in(answer: Json) -> Consumption | None:
    """What the answer's `usage` says, or None where it says nothing."""
    usage = object_in(answer, "usage")
    found = Consumption(
        input_tokens=_count(usage, "input_tokens", "prompt_tokens"),
        output_tokens=_count(usage, "output_tokens", "completion_tokens"),
        media_tokens=sum(
            _count(object_in(usage, details), kind)
            for details in ("input_tokens_details", "input_token_details")  # images say one, sound the other
            for kind in ("image_tokens", "audio_tokens")
        ),
        seconds=number(usage.get("seconds")),
    )
    return None if found == Consumption() else found


def decoded(text: str) -> bytes:
    """The bytes that a text holds in base64, at least one; relays put a `data:` URL there at times.

    Raises: ProviderError: `PROTOCOL` where the text is cut or something else.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    if "\n" in text:  # in lines, as mails have it
        text = "".join(text.split())
    try:
        content = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProviderError(ProviderFault.PROTOCOL, "broken base64") from exc
    if not content:
        raise ProviderError(ProviderFault.PROTOCOL, "empty base64")
    return content


def object_in(answer: Json, name: str) -> Json:
    """The object of this name, empty where there is none."""
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def objects_in(answer: Json, name: str) -> list[Json]:
    """The objects in the list of this name, empty where there is none."""
    value = answer.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def number(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # JSON's integers have no end
        return None


def word(value: object) -> str | None:
    """A text that says something, or None for anything else."""
    return value if isinstance(value, str) and value else None


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were set, for the body of a request: what is left out is the provider's choice."""
    return {name: value for name, value in fields.items() if value is not None}


def _count(usage: Json, *names: str) -> int:
    counts = (number(usage.get(name)) for name in names)
    return next((int(count) for count in counts if count is not None and count > 0), 0)
