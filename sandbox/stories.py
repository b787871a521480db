"""What a scripted model provider does, as data: answers of any pace, and every way of failing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice

# Plain words of the length that tokens have; the benchmark looks for them in what becomes visible.
WORDS = tuple(
    word
    for line in (
        "The quick brown fox jumps over the lazy dog while seven wise owls watch from an old oak tree",
        "and count every leap it makes under a pale moon that lights the quiet meadow until morning comes again.",
    )
    for word in line.split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedCall:
    """A tool call of a story, sent in as many pieces as given; `id` or `index` None leaves the field out."""

    name: str
    arguments: tuple[str, ...] = ("{}",)
    id: str | None = "call_1"
    index: int | None = 0
    extra: str = "{}"  # a JSON object that comes with its first piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One answer of the scripted provider; the default is a short, whole, well-behaved stream.

    Positions (`error_at`, `cut_at`, `hang_at`) count events from 0, before which it happens; a story that hangs goes
    on when its performance is `released`.  What is said is `pieces`, else the words of `text`, else `token_count`
    words.  `raw` replaces the events' data with texts of one's own, and `body` the whole response body.
    """

    # what is said
    text: str = "Hello from the scripted model."
    token_count: int | None = None
    pieces: tuple[str, ...] | None = None
    refusal: str | None = None  # what it says instead of an answer
    others: tuple[str, ...] = ()  # further answers beside it
    reasoning: tuple[str, ...] = ()
    reasoning_field: str = "reasoning_content"
    tool_calls: tuple[ScriptedCall, ...] = ()
    searches: tuple[str, ...] = ()  # queries of the web searches that a provider makes itself; of responses
    cites: tuple[str, ...] = ()  # addresses of the pages it names beside its text; of responses
    finish_reason: str | None = "stop"
    usage: Mapping[str, int] | None = field(default_factory=lambda: {"prompt_tokens": 10}, hash=False)
    raw: tuple[str, ...] | None = None
    is_endless: bool = False
    # how fast; None is as fast as it goes
    first_token_seconds: float = 0.0
    tokens_per_second: float | None = None
    # how it is written
    line_end: str = "\n"
    comments: bool = False
    sends_done: bool = True
    bytes_per_write: int | None = None
    seconds_per_write: float = 0.0
    is_streamed: bool = True
    # the response around it
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    content_type: str = "text/event-stream"
    body: bytes | None = None
    # how it ends
    refuses_connection: bool = False
    error_at: int | None = None
    error: str = '{"error": {"message": "The upstream broke.", "code": 502}}'
    cut_at: int | None = None
    hang_at: int | None = None
    hangs_after_done: bool = False
    closes_connection: bool = False

    def words(self) -> tuple[str, ...]:
        """The pieces of the answer, one for each token."""
        if self.refusal is not None:
            return (self.refusal,)
        if self.pieces is not None:
            return self.pieces
        words = self.text.split(" ") if self.token_count is None else list(islice(cycle(WORDS), self.token_count))
        return tuple(word if number == 0 else f" {word}" for number, word in enumerate(words))

    def answer(self) -> str:
        """The text that must become visible in the end."""
        return "".join(self.words())


@dataclass(frozen=True, slots=True)
class Frame:
    """One event's bytes, and the answer's text in it, empty for what is not a token of the answer."""

    content: bytes
    text: str = ""
    is_token: bool = False


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> Story:
    """A story of one error response; headers with `_` for `-`."""
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": code}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Story(status=status, body=body, content_type="application/json", headers=named)


STORIES: Mapping[str, Story] = {
    "hello": Story(),
    "steady": Story(token_count=300, tokens_per_second=50.0),
    "slow": Story(token_count=60, tokens_per_second=4.0, first_token_seconds=3.0),
    "thinking": Story(reasoning=("Let me ", "think."), tokens_per_second=20.0),
    "choices": Story(text="Have some tea.", others=("Have some coffee.", "Have some milk.")),
    "empty": Story(pieces=()),
    "spaces": Story(pieces=("   ",) * 20),
    "cut": Story(cut_at=3),
    "cut-length": Story(finish_reason="length"),
    "error": Story(error_at=2),
    "hang": Story(hang_at=3),
    "endless": Story(token_count=100, tokens_per_second=50.0, is_endless=True),
    "drip": Story(bytes_per_write=1, seconds_per_write=1.0),
    "html": Story(body=b"<!doctype html><title>Welcome</title>", content_type="text/html"),
    "nothing": Story(body=b""),
    "huge-line": Story(body=b"data: " + b"x" * 10_000_000 + b"\n\n"),
    "busy": refusal(503, "overloaded"),
    "limited": refusal(429, "rate_limit_exceeded", Retry_After="1"),
    "quota": refusal(429, "insufficient_quota"),
    "moderated": refusal(400, "content_filter"),
    "too-long": refusal(400, "context_length_exceeded"),
}
