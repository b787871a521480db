"""The tools that an MCP server lists, as tools of ours."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import mcp_types

from bot.errors import Refusal
from bot.mcp.configuration import Approval, ServerConfiguration
from bot.tools.caller import Caller
from bot.tools.model import Cost, Need, Output
from bot.tools.schema_arguments import SchemaArguments
from bot.tools.toolbox import Tool

MAX_NAME_CHARACTERS = 64  # as OpenAI's API allows
MAX_DESCRIPTION_CHARACTERS = 1024  # likewise
HASH_CHARACTERS = 6
# More than the largest public servers have, and more than anybody can oversee.
MAX_TOOLS = 200

Call = Callable[[str, Caller, Mapping[str, Any]], Awaitable[Output]]


def wanted(listed: Iterable[mcp_types.Tool], server: ServerConfiguration) -> dict[str, mcp_types.Tool]:
    """The tools that the host wants, by the server's names, in order."""
    return {tool.name: tool for tool in sorted(listed, key=lambda tool: tool.name) if server.wants(tool.name)}


def names(server: str, originals: Iterable[str], is_taken: Callable[[str], bool]) -> dict[str, str]:
    """For each of the server's names the one that models use; the same each time, though other tools come and go."""
    plain = {original: f"{server}_{re.sub(r'[^a-z0-9_-]', '_', original.lower())}" for original in originals}
    count = Counter(plain.values())

    def final(original: str, name: str) -> str:
        if len(name) <= MAX_NAME_CHARACTERS and count[name] == 1 and not is_taken(name):
            return name
        fingerprint = hashlib.sha256(original.encode()).hexdigest()[:HASH_CHARACTERS]
        return f"{name[: MAX_NAME_CHARACTERS - HASH_CHARACTERS - 1]}_{fingerprint}"

    return {original: final(original, name) for original, name in plain.items()}


def tools_of(
    named: Mapping[str, mcp_types.Tool], server: ServerConfiguration, call: Call
) -> tuple[list[Tool], list[str]]:
    """The tools under the names given, and a sentence for each that cannot be had."""
    tools: list[Tool] = []
    faults = [f"It has {len(named)} tools; the first {MAX_TOOLS} are taken."] if len(named) > MAX_TOOLS else []
    for name, listed in list(named.items())[:MAX_TOOLS]:
        try:
            tools.append(tool_of(listed, name, server, call))
        except Refusal as fault:
            faults.append(f"{name} is left out: {fault}")
    return tools, faults


def tool_of(listed: mcp_types.Tool, name: str, server: ServerConfiguration, call: Call) -> Tool:
    """One tool.  Raises: Refusal if its parameters are no schema."""
    hints = listed.annotations or mcp_types.ToolAnnotations()
    is_read_only = hints.read_only_hint is True

    async def carry_out(caller: Caller, /, **arguments: Any) -> Output:
        return await call(listed.name, caller, arguments)

    return Tool(
        name=name,
        description=(listed.description or listed.title or listed.name)[:MAX_DESCRIPTION_CHARACTERS],
        arguments=SchemaArguments(listed.input_schema),
        carry_out=carry_out,
        # What changes nothing can be done twice; the other hint has no meaning for it.
        is_idempotent=is_read_only or hints.idempotent_hint is True,
        timeout_seconds=server.timeout_seconds,
        need=Need.APPROVAL if needs_approval(server.approval, is_read_only=is_read_only) else None,
        cost=Cost.METERED,
        for_people=server.slash,
        group=server.group,
    )


def needs_approval(approval: Approval, *, is_read_only: bool) -> bool:
    """Whether a model's calls wait for a person."""
    return approval is Approval.ALWAYS or (approval is Approval.UNLESS_READ_ONLY and not is_read_only)
