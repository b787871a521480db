"""What an endpoint answered, read as leniently as it can be; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bot.errors import ProviderError, ProviderFault
from bot.providers.failures import complaint_in, failure_of

Json = Mapping[str, Any]


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


def number(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def word(value: object) -> str | None:
    """A text that says something, or None for anything else."""
    return value if isinstance(value, str) and value else None
