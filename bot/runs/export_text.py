"""An exported conversation in its two formats; pure.  `docs/history.md` describes the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.messages import Role
from bot.runs.past import Cost, Kept, UsedTool

VERSION = 1  # of the JSON; it counts up when a field changes its meaning or goes
NANOS_PER_DOLLAR = 1_000_000_000


class ExportFormat(StrEnum):
    """How a conversation is written down."""

    JSON = "json"
    MARKDOWN = "markdown"

    @property
    def suffix(self) -> str:
        """What the name of a file ends with."""
        return {ExportFormat.JSON: "json", ExportFormat.MARKDOWN: "md"}[self]

    @property
    def separator(self) -> str:
        """What stands between two messages."""
        return {ExportFormat.JSON: ",\n", ExportFormat.MARKDOWN: "\n"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is exported: the names of server and channel, whose conversation it is, and when."""

    server: str | None
    channel: str
    is_private: bool
    at: datetime


def header(form: ExportFormat, about: About, omitted: int) -> str:
    """What comes before the messages, of which the oldest were omitted."""
    if form is ExportFormat.MARKDOWN:
        where = f"{about.channel}{f' in {about.server}' if about.server else ''}"
        left_out = f" The oldest {omitted:,} messages did not fit." if omitted else ""
        return f"# Conversation: {where}\n\nExported {written(about.at)}.{left_out}\n\n"
    facts = {
        "schema": "parley.history",
        "version": VERSION,
        "exported_at": about.at.isoformat(),
        "server": about.server,
        "channel": about.channel,
        "private": about.is_private,
        "omitted": omitted,
    }
    return json.dumps(facts, ensure_ascii=False)[:-1] + ', "messages": [\n'


def footer(form: ExportFormat) -> str:
    """What comes after the messages."""
    return "\n]}\n" if form is ExportFormat.JSON else ""


def record(form: ExportFormat, kept: Kept) -> str:
    """One message."""
    return json.dumps(facts_of(kept), ensure_ascii=False) if form is ExportFormat.JSON else section(kept)


def facts_of(kept: Kept) -> Mapping[str, Any]:
    """One message as JSON."""
    entry, quote = kept.entry, None
    if kept.quote_author is not None:
        quote = {"author": kept.quote_author, "text": kept.quote_text}
    return {
        "role": entry.role.value,
        "author": entry.author or None,
        "at": entry.at.isoformat(),
        "epoch": kept.epoch,
        "url": entry.link,
        "replies_to": quote,
        "text": entry.text,
        "tool_calls": [
            {"name": call.name, "arguments": call.arguments, "output": call.output, "outcome": call.outcome}
            for call in kept.calls
        ],
        "model": kept.model,
        "tokens": None if kept.cost is None else tokens(kept.cost),
        "cost_usd": None if kept.cost is None or kept.cost.nanos is None else kept.cost.nanos / NANOS_PER_DOLLAR,
    }


def tokens(cost: Cost) -> Mapping[str, int | None]:
    """What was read and written."""
    return {"input": cost.input_tokens, "output": cost.output_tokens}


def section(kept: Kept) -> str:
    """One message as Markdown."""
    entry = kept.entry
    lines = [f"### {entry.author if entry.role is Role.USER else 'Answer'}, {written(entry.at)}", ""]
    if kept.quote_author is not None:
        lines += [*(f"> {line}" for line in f"{kept.quote_author}: {kept.quote_text or ''}".splitlines()), ""]
    lines += [entry.text, ""] if entry.text else []
    for call in kept.calls:
        lines += [*used(call), ""]
    if kept.model is not None:
        lines += [f"*{small_print(kept.model, kept.cost)}*", ""]
    return "\n".join(lines)


def used(call: UsedTool) -> list[str]:
    """A tool call as Markdown, in fences that what is in them cannot close."""
    lines = [f"Used the tool {call.name}{f' ({call.outcome})' if call.outcome else ''}"]
    for text in (call.arguments, call.output):
        if text is not None:
            fence = "```"
            while fence in text:
                fence += "`"
            lines += [fence, text, fence]
    return lines


def small_print(model: str, cost: Cost | None) -> str:
    """Who wrote an answer and what it took, as far as that is known."""
    parts = [model]
    if cost is not None and cost.input_tokens is not None:
        parts.append(f"{cost.input_tokens:,} tokens read, {cost.output_tokens or 0:,} written")
    if cost is not None and cost.nanos is not None:
        parts.append(f"${cost.nanos / NANOS_PER_DOLLAR:.6f}")
    return ", ".join(parts)


def written(at: datetime) -> str:
    """A time as people read it anywhere."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
