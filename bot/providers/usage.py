"""What providers say that a request took, in whichever fields; pure."""

from __future__ import annotations

from bot.providers.events import Usage

# No request takes a hundred million: a server that counts more does not count, and what it would cost, summed up, would
# be more than a database holds.
MAX_TOKENS = 100_000_000


def usage_in(usage: object) -> Usage | None:
    """The tokens a chunk counts; None where it counts none, as relays do that do not know."""
    if not isinstance(usage, dict):
        return None
    found = Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )
    return found if found.input_tokens or found.output_tokens else None


def _count(value: object, field: str | None = None) -> int:
    if field is not None:
        value = value.get(field) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return max(0, int(value)) if value == value and value <= MAX_TOKENS else 0
