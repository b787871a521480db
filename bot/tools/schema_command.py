"""A slash command for a tool whose parameters are a JSON schema: what no option can say, people write as JSON."""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.options import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_NUMBER,
    MAX_OPTIONS,
    MAX_TEXT_CHARACTERS,
    Kind,
    Option,
    options_of,
)
from bot.tools.parameters import Command
from bot.tools.slash import show
from bot.tools.toolbox import Tool

log = logging.getLogger(__name__)

TYPES: Mapping[Kind, type] = {
    Kind.STRING: str,
    Kind.INTEGER: int,
    Kind.NUMBER: float,
    Kind.BOOLEAN: bool,
    Kind.JSON: str,
}
NOT_IN_A_NAME = re.compile(r"[^a-z0-9_-]")


def command_of(tool: Tool) -> Command:
    """The command, in no tree yet.  Raises: Refusal if Discord cannot have it."""
    try:
        return _command_of(tool)
    except Refusal:
        raise
    except Exception as error:  # what a stranger's schema says may not keep the bot from starting
        log.exception("no command can be made of the tool %s", tool.name)
        raise Refusal(f"{tool.name} has parameters that no slash command can have.") from error


def _command_of(tool: Tool) -> Command:
    options = {f"option_{number}": option for number, option in enumerate(options_of(tool.arguments.schema))}
    if len(options) > MAX_OPTIONS:
        raise Refusal(f"{tool.name} has {len(options)} parameters, and a slash command takes {MAX_OPTIONS} at most.")

    async def invoke(interaction: discord.Interaction[Any], **entered: Any) -> None:
        given = {
            options[key].name: value_of(options[key], value) for key, value in entered.items() if value is not None
        }
        await show(interaction, tool, tool.arguments.read(json.dumps(given)))

    invoke.__signature__ = signature_of(options)  # type: ignore[attr-defined]  # PEP 362
    if options:
        app_commands.rename(**dict(zip(options, names_of(options.values()), strict=True)))(invoke)
        app_commands.describe(**{key: described(option) for key, option in options.items()})(invoke)
        app_commands.choices(**{key: menu(option) for key, option in options.items() if option.choices})(invoke)
    return app_commands.Command(
        name=tool.name,
        description=shortened(tool.description or tool.name),
        callback=invoke,
        auto_locale_strings=False,  # the words are a stranger's
    )


def signature_of(options: Mapping[str, Option]) -> inspect.Signature:
    """What discord.py reads to make the options."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("interaction", kind, annotation=discord.Interaction)]
    for key, option in options.items():
        default = inspect.Parameter.empty if option.is_required else None
        parameters.append(inspect.Parameter(key, kind, annotation=annotation_of(option), default=default))
    return inspect.Signature(parameters)


def annotation_of(option: Option) -> Any:
    """The type of an option with its limits, as far as Discord can hold them."""
    found = TYPES[option.kind]
    if option.choices or option.kind not in (Kind.STRING, Kind.INTEGER, Kind.NUMBER):
        return found
    if option.low is None and option.high is None:
        return found
    least, most = (0, MAX_TEXT_CHARACTERS) if option.kind is Kind.STRING else (-MAX_NUMBER, MAX_NUMBER)
    low = least if option.low is None else max(option.low, least)
    high = most if option.high is None else min(option.high, most)
    if option.kind is Kind.STRING:
        high = max(high, 1)  # as Discord wants it; the schema is checked afterwards
    kind: Any = float if option.kind is Kind.NUMBER else int
    return Range[found, kind(low), kind(high)] if low <= high else found


def names_of(options: Iterable[Option]) -> Iterator[str]:
    """A name for each option that Discord takes, near to its own, and no name twice."""
    taken: set[str] = set()
    for option in options:
        base = NOT_IN_A_NAME.sub("_", option.name.lower())[:MAX_NAME_CHARACTERS] or "_"
        numbered = (f"{base[: MAX_NAME_CHARACTERS - 3]}_{number}" for number in range(2, MAX_OPTIONS + 2))
        name = next(name for name in (base, *numbered) if name not in taken)
        taken.add(name)
        yield name


def described(option: Option) -> str:
    """What people read of an option."""
    hint = " (as JSON)" if option.kind is Kind.JSON else ""
    return shortened(option.description or option.name, MAX_DESCRIPTION_CHARACTERS - len(hint)) + hint


def shortened(text: str, max_characters: int = MAX_DESCRIPTION_CHARACTERS) -> str:
    """A text as a description that Discord takes."""
    return one_line(text, max_characters) or "…"


def menu(option: Option) -> list[Choice[Any]]:
    """The choices of an option."""
    kind = TYPES[option.kind]
    return [Choice(name=str(choice), value=kind(choice)) for choice in option.choices]


def value_of(option: Option, entered: Any) -> Any:
    """What somebody entered.  Raises: Refusal if it has to be JSON and is none."""
    if option.kind is not Kind.JSON:
        return entered
    try:
        return json.loads(entered)
    except (ValueError, RecursionError) as exc:
        raise Refusal(f'{option.name} has to be JSON, for example {{"x": 1}} or [1, 2]: {exc}.') from exc
