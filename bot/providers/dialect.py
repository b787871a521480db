"""Where servers of one API disagree about its requests, and how that is learnt from what they refuse; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import ContextTooLong, ProviderError, ProviderFault
from bot.messages import ToolChoice

# A router that knows no server with tools for a model says that it does not find one.
REFUSALS = frozenset({ProviderFault.BAD_REQUEST, ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED})
# The hashes of who asks and where.  All are sent: a relay drops what it does not know, a strict server's refusal is
# learnt, and `user`, though older, is the only one that many servers know.
IDENTIFIERS = ("user", "safety_identifier", "prompt_cache_key")
# A shorter word may stand in a sentence about something else; it is meant where it is quoted or announced.
UNMISTAKABLE_CHARACTERS = 8
# What is missed is not refused.
MISSING = re.compile(r"passed back|is required|missing|must be (present|provided|included)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a model is asked: what its host says of the server at first, then learnt, as long as the process lives."""

    includes_usage: bool = True
    max_tokens_field: str = "max_tokens"
    unwanted: frozenset[str] = frozenset()  # fields that this model refuses
    sends_tools: bool = True
    sends_tool_choice: bool = True
    sends_parallel_tool_calls: bool = True
    # Beside calls, Ollama, Mistral and llama-cpp-python refuse null, and what runs on Bedrock an empty text.
    text_beside_calls: str | None = ""
    fills_thinking: bool = False  # DeepSeek and Kimi refuse an answer without the thinking before it

    def takes_tools(self, choice: ToolChoice) -> bool:
        """Whether a model is told of tools; that none may be called has to be said where it is told of them."""
        return self.sends_tools and (self.sends_tool_choice or choice is not ToolChoice.NONE)

    def learn_from(self, error: ProviderError, sent: Iterable[str] = ()) -> Dialect | None:
        """The dialect that a server asks for by refusing this one, or None where it refuses something else.

        `sent` are the fields that can be done without.  All that are named are given up at once, and before anything
        that costs more, like the tools.
        """
        if error.fault not in REFUSALS or isinstance(error, ContextTooLong):
            return None
        is_missing = MISSING.search(error.detail)
        named = set() if is_missing else {name for name in sent if _is_named(name, error)} - self.unwanted
        if named:
            return replace(self, unwanted=self.unwanted | named)
        learnt = [replace(self, **change) for words, change in LESSONS if words.search(error.detail)]
        return next((dialect for dialect in learnt if dialect != self), None)


# What a refusal names, and what to do without; the first that changes anything is learnt.
LESSONS: tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...] = (
    (re.compile(rf"reasoning_content.{{0,60}}({MISSING.pattern})"), {"fills_thinking": True}),
    (re.compile("stream_options|include_usage"), {"includes_usage": False}),
    (re.compile("max_completion_tokens"), {"max_tokens_field": "max_completion_tokens"}),
    (re.compile("max_completion_tokens"), {"max_tokens_field": "max_tokens"}),
    (re.compile("must be non-empty|is blank"), {"text_beside_calls": None}),
    (re.compile("tool_choice"), {"sends_tool_choice": False}),
    (re.compile("parallel[_ ]tool[_ ]calls", re.IGNORECASE), {"sends_parallel_tool_calls": False}),
    (
        re.compile(
            r"(support|unsupported|unknown|unrecognized|not permitted|unexpected)\b.{0,40}"
            r"\b(tools(?!\[)|tool (use|calls?|calling)|function calling)\b"
            r"|\b(tools(?!\[)|tool (use|calls?|calling|choice)|function calling)\b.{0,40}"
            r"\b(requires?|unsupported|not (fully )?(supported|enabled|available|allowed|permitted))\b",
            re.IGNORECASE,
        ),
        {"sends_tools": False},
    ),
)
# So often one request is said differently.  A server that names one field at a time may need more: what it taught is
# kept, and the next request begins from there.
MAX_DIALECTS = 8


def _is_named(name: str, error: ProviderError) -> bool:
    """Whether a refusal is about this field: as its `param`, in quotes, after a word like "parameter", or at all."""
    if re.split(r"[.\[]", error.parameter)[0] == name:
        return True
    word = re.escape(name)
    quoted = rf"""["'`\u2018\u201c]{word}["'`\u2019\u201d]"""
    announced = rf"\b(?:param(?:eter)?|argument|field|property|option|key)(?:s|\(s\))?(?: supplied)?:? {word}\b"
    anywhere = rf"|\b{word}\b" if "_" in name or len(name) >= UNMISTAKABLE_CHARACTERS else ""
    return re.search(f"{quoted}|{announced}{anywhere}", error.detail) is not None
