"""What moderators read of a tool: how it stands, its latest calls, and what came of a trial."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.http_tools.call import Exchange
from bot.http_tools.entry import shown_parameters
from bot.messages import one_line
from bot.store.http_tools import HttpCall, HttpTool
from bot.tools.model import Outcome

# A message holds 2000 characters, and the rest of the card takes less than 600.
MAX_PARAMETERS_CHARACTERS = 500
MAX_URL_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 150
MAX_MENTIONS = 8  # the menus below show all
MAX_ANSWER_CHARACTERS = 1500

SIGNS = {Outcome.DONE: "✅", Outcome.TIMED_OUT: "⌛", Outcome.UNKNOWN: "❔"}
WORDS = {
    Outcome.DONE: "done",
    Outcome.REFUSED: "could not be asked",
    Outcome.FAILED: "answered with an error",
    Outcome.TIMED_OUT: "no answer in time",
    Outcome.UNKNOWN: "was interrupted",
}


def card_text(tool: HttpTool) -> str:
    """How a tool stands; who may use it where is in the menus below."""
    parameters = shown_parameters(tool.parameters) or "none"
    if len(parameters) > MAX_PARAMETERS_CHARACTERS:
        parameters = f"{parameters[:MAX_PARAMETERS_CHARACTERS]}\n… (/tools edit shows all)"
    state = "people have it as a slash command, and the model as a function" if tool.is_enabled else "switched off"
    return "\n".join(
        [
            f"### `/{tool.name}`: {state}",
            plain(tool.description, MAX_DESCRIPTION_CHARACTERS),
            f"`{tool.method} {plain(tool.url, MAX_URL_CHARACTERS)}`",
            f"```\n{parameters.replace('```', chr(39) * 3)}\n```",
            f"- A model's call {'waits until somebody approves it' if tool.needs_approval else 'needs no approval'}",
            f"- After a crash it is {'called again' if tool.is_idempotent else 'not called again'}",
            f"- It has {tool.timeout_seconds:g} seconds to answer",
            f"- Requests are {'signed with its secret' if tool.secret else 'not signed: it has no secret'}",
            f"- Roles: {mentions('<@&', tool.role_ids)}",
            f"- Channels: {mentions('<#', tool.channel_ids)}",
            f"-# Added by <@{tool.created_by}>, changed {relative(tool.changed_at)}",
        ]
    )


def log_text(tool: HttpTool, calls: Sequence[HttpCall]) -> str:
    """The latest calls of a tool, without what was said."""
    if not calls:
        return f"`/{tool.name}` has not been called yet."
    return "\n".join([f"### Latest calls of `/{tool.name}`", *map(call_line, calls)])


def call_line(call: HttpCall) -> str:
    """One call."""
    by = "slash command" if call.run_id is None else f"run #{call.run_id}"
    status = "" if call.status is None else f" {call.status}"
    return (
        f"{SIGNS.get(call.outcome, '❌')}{status} {WORDS.get(call.outcome, call.outcome.value)}, "
        f"{call.milliseconds} ms, {relative(call.at)} for <@{call.user_id}> in <#{call.channel_id}> ({by})"
    )


def trial_text(tool: HttpTool, exchange: Exchange) -> str:
    """What came of a trial, with the answer as a model would read it."""
    status = "no answer" if exchange.status is None else f"status {exchange.status}"
    head = f"{SIGNS.get(exchange.outcome, '❌')} `/{tool.name}`: {status}, {exchange.milliseconds} ms"
    said = exchange.text.replace("```", "'''")
    cut = said if len(said) <= MAX_ANSWER_CHARACTERS else f"{said[:MAX_ANSWER_CHARACTERS]}\n… ({len(said)} in all)"
    return f"{head}\n```\n{cut or '(nothing)'}\n```"


def mentions(sign: str, ids: Iterable[int]) -> str:
    """Roles or channels by their ids; none stand for all."""
    named = [f"{sign}{each}>" for each in ids]
    if len(named) > MAX_MENTIONS:
        named[MAX_MENTIONS:] = [f"{len(named) - MAX_MENTIONS} more"]
    return ", ".join(named) or "all"


def plain(text: str, max_characters: int) -> str:
    """Somebody's words on one line, which end no code."""
    return one_line(text, max_characters).replace("`", "'")


def relative(at: datetime) -> str:
    """A time as Discord shows it from now."""
    return f"<t:{int(at.timestamp())}:R>"
