"""What is measured of one answer; pure.

All times are seconds of `time.monotonic()`, which the processes of one machine share.

- *Visible* is what Discord shows: a write counts from the moment at which the server applied it.
- *First text* is the first write that shows any of the answer.
- *Final text* is the first moment at which the whole answer is visible.
- *Staleness* is the mean over time, from the first token to the final text, of the age of the oldest token that the
  provider has sent and nobody can see yet; 0 while there is none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from statistics import median
from typing import NamedTuple


class Write(NamedTuple):
    """One post or edit of the bot: a message's content from now on."""

    at: float
    message_id: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the provider sent of one answer, token by token."""

    tokens: tuple[str, ...]
    token_times: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One answer as a person saw it, in seconds; None where that never came."""

    first_after_token: float | None
    first_after_question: float | None
    final_after_token: float | None
    staleness: float | None
    updates: int
    is_exact: bool

    @classmethod
    def nothing(cls, updates: int) -> Measured:
        """An answer that the provider was never asked for, or did not send to its end."""
        return cls(
            first_after_token=None,
            first_after_question=None,
            final_after_token=None,
            staleness=None,
            updates=updates,
            is_exact=False,
        )


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle, the 95th percentile and the worst of some numbers."""

    median: float
    p95: float
    worst: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Spread | None:
        """None of nothing; the 95th percentile is the smallest number that 95 of 100 do not exceed."""
        ordered = sorted(numbers)
        if not ordered:
            return None
        return cls(median(ordered), ordered[ceil(0.95 * len(ordered)) - 1], ordered[-1])


def measure(sent: Sent, writes: Sequence[Write], *, asked_at: float, replies_to_question: bool) -> Measured:
    """What came of one answer; `writes` are those to its messages, oldest first."""
    text = "".join(sent.tokens)
    steps = visible_steps(sent.tokens, writes)
    first_at = next((at for at, count in steps if count), None)
    final_at = next((at for at, count in steps if count == len(sent.tokens)), None)
    pages = pages_after(writes)
    return Measured(
        first_after_token=None if first_at is None else first_at - sent.token_times[0],
        first_after_question=None if first_at is None else first_at - asked_at,
        final_after_token=None if final_at is None else final_at - sent.token_times[-1],
        staleness=None if final_at is None else staleness(sent.token_times, steps, final_at),
        updates=len(writes),
        is_exact=replies_to_question and is_whole(text, pages),
    )


def pages_after(writes: Iterable[Write]) -> list[str]:
    """The contents of an answer's messages, in the order in which they stand in the channel."""
    contents: dict[int, str] = {}
    for write in writes:
        contents[write.message_id] = write.content
    return [contents[message_id] for message_id in sorted(contents)]


def visible_steps(tokens: Sequence[str], writes: Iterable[Write]) -> list[tuple[float, int]]:
    """How many tokens can be seen from when on, as the writes show them."""
    text = "".join(tokens)
    # White space at the end of a page is not drawn, so a token is visible when its last drawn character is.
    ends = [
        end - (len(token) - len(token.rstrip()))
        for token, end in zip(tokens, accumulate(map(len, tokens)), strict=True)
    ]
    steps: list[tuple[float, int]] = []
    contents: dict[int, str] = {}
    for write in writes:
        contents[write.message_id] = write.content
        position = visible_characters(text, [contents[message_id] for message_id in sorted(contents)])
        steps.append((write.at, bisect_right(ends, position)))
    return steps


def visible_characters(text: str, pages: Iterable[str]) -> int:
    """How much of the text the pages show from its beginning without a mistake; between pages white space is free."""
    position = 0
    for page in pages:
        while position < len(text) and text[position].isspace():
            position += 1
        shown = page.strip()
        if not text.startswith(shown, position):
            return position + common_prefix(text[position : position + len(shown)], shown)
        position += len(shown)
    return position


def is_whole(text: str, pages: Sequence[str]) -> bool:
    """Whether the pages show exactly the text: all of it, nothing twice and nothing else."""
    drawn = sum(len(page.strip()) for page in pages)
    position = visible_characters(text, pages)
    skipped = position - drawn  # white space between pages; less than none if a page shows something else
    return skipped >= 0 and not text[position:].strip() and all(page.strip() for page in pages)


def common_prefix(one: str, other: str) -> int:
    """The number of characters with which both begin."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))


def staleness(token_times: Sequence[float], steps: Sequence[tuple[float, int]], final_at: float) -> float:
    """The mean age, in seconds, of the oldest token that is not visible yet, from the first token to `final_at`."""
    first_at = token_times[0]
    if final_at <= first_at:
        return 0.0
    changes = [(first_at, 0), *(step for step in steps if first_at <= step[0] < final_at), (final_at, len(token_times))]
    total = 0.0
    for (start, count), (end, _) in pairwise(changes):
        if count < len(token_times) and token_times[count] < end:
            oldest = token_times[count]
            total += ((end - oldest) ** 2 - max(0.0, start - oldest) ** 2) / 2
    return total / (final_at - first_at)
