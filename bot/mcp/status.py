"""How an MCP server is doing, and how long it is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One server of `tools.toml`; `error` is a sentence on why it is not up, or what of it cannot be used."""

    name: str
    is_up: bool
    tool_count: int
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server may take, in seconds."""

    # npx and uvx fetch a package before they start it.
    start_seconds: float = 60.0
    # A list is known to a server without work.
    answer_seconds: float = 10.0
    # An idle server that hangs, and a list that changed without a word, are found this much later.
    check_seconds: float = 60.0
    # A server that says without end that its list has changed is asked for it this often.
    look_pause_seconds: float = 1.0
    backoff_seconds: float = 1.0
    max_backoff_seconds: float = 300.0
