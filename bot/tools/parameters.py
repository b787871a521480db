"""What discord.py parsed of a slash command's parameters, for a model: the same types, choices, limits and words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from discord import AppCommandOptionType, app_commands
from discord.app_commands import transformers
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from bot.tools.arguments import Parameter
from bot.tools.caller import Caller
from bot.tools.discord_values import HINTS, Named, Sought, hint

Command = app_commands.Command[Any, ..., Any]

UNDESCRIBED = "…"  # what discord.py puts where nothing is said, and where it cuts what is too long
# Discord's limits of a command (interactions/application-commands.mdx); discord.py leaves them to Discord.
MAX_OPTIONS = 25
MAX_CHOICES = 25
# What JSON can say, and within which limits people can enter it: a model gets no wider ones.
MAX_TEXT_CHARACTERS = 6000
MAX_NUMBER = 2**53
KINDS: Mapping[AppCommandOptionType, type] = {
    AppCommandOptionType.string: str,
    AppCommandOptionType.integer: int,
    AppCommandOptionType.number: float,
    AppCommandOptionType.boolean: bool,
}
STAMP = re.compile(r"<t:(-?\d{1,12})(?::\w)?>")  # a time as Discord's clients write it


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Sought):
    """What a model chose; discord.py makes of it what it makes of a person's choice."""

    parameter: transformers.CommandParameter
    value: str | int | float

    async def found(self, caller: Caller) -> Any:  # noqa: ARG002 - interface
        """The value, its Choice or its member of an Enum."""
        interaction: Any = None  # none of discord.py's own transformers of choices looks at it
        return await self.parameter.transform(interaction, self.value)


def parameters_of(command: Command) -> Iterator[Parameter]:
    """The parameters of a command without faults."""
    for name, parsed in command._params.items():  # what the public Parameter holds, and the type besides
        limits, validators = _read(parsed)
        kind, *rest = validators
        described = Field(description=_description(parsed), alias=parsed.display_name, **limits)
        yield Parameter(
            name=name,
            kind=Annotated[kind, described, *rest],
            default=MISSING if parsed.required else parsed.default,
        )


def faults_of(command: Command) -> Iterator[str]:
    """What keeps the parameters of a command from a model, or from Discord."""
    if len(command._params) > MAX_OPTIONS:
        yield f"it has more than the {MAX_OPTIONS} parameters that Discord allows."
    for name, parsed in command._params.items():
        if not _is_known(parsed._annotation):
            yield f"{name} has a type that cannot be told to a model; docs/tools.md lists those that can."
        if len(parsed.choices or ()) > MAX_CHOICES:
            yield f"{name} has more than the {MAX_CHOICES} choices that Discord allows."
        if str(parsed.description) == UNDESCRIBED:
            yield f"{name} is not described under Args: in the docstring."
        elif str(parsed.description).endswith(UNDESCRIBED):
            yield f"{name} is described in more than the 100 characters that Discord shows."


def _is_known(annotation: Any) -> bool:
    """Whether the type is one of discord.py's own, whose values can be found without an interaction."""
    if isinstance(annotation, transformers.BaseChannelTransformer):
        unreal = {app_commands.AppCommandChannel, app_commands.AppCommandThread}
        return not unreal.intersection(annotation._types)
    kind = type(annotation)
    return kind.__module__ == transformers.__name__ and kind is not transformers.InlineTransformer


def _read(parsed: transformers.CommandParameter) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """A parameter's limits, and its type with what is made of a value after the limits were looked at."""
    if parsed.choices:
        return _read_choice(parsed)
    if isinstance(parsed._annotation, transformers.Timestamp):
        return {}, (AwareDatetime, BeforeValidator(from_stamp))
    if parsed.type in HINTS:
        named = AfterValidator(lambda text: Named(parameter=parsed, text=text))
        return {}, (str, named)
    low, high = parsed.min_value, parsed.max_value
    kind = KINDS[parsed.type]
    if kind is str:
        return {"min_length": low, "max_length": MAX_TEXT_CHARACTERS if high is None else high}, (str,)
    if kind is bool:
        return {}, (bool,)
    return {"ge": -MAX_NUMBER if low is None else low, "le": MAX_NUMBER if high is None else high}, (kind,)


def _read_choice(parsed: transformers.CommandParameter) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """A choice is made by its name, as people make it, or by its value where the name says no more."""
    values = {
        choice.value if str(choice.value) == choice.name else choice.name: choice.value for choice in parsed.choices
    }
    chosen = AfterValidator(lambda written: Chosen(parameter=parsed, value=values[written]))
    # An Enum's member is shown by its name, which no JSON has.
    shown = {"json_schema_extra": {"default": parsed.default.name}} if hasattr(parsed.default, "name") else {}
    return shown, (Literal[tuple(values)], chosen)


def _description(parsed: transformers.CommandParameter) -> str:
    """What a parameter is, and how a model can name something of Discord's."""
    said = str(parsed.description)
    return f"{said} ({hint(parsed)})" if parsed.type in HINTS else said


def from_stamp(written: Any) -> Any:
    """A time as Discord writes it becomes one; what is written otherwise stays."""
    stamp = STAMP.fullmatch(written.strip()) if isinstance(written, str) else None
    return written if stamp is None else datetime.fromtimestamp(int(stamp[1]), tz=UTC)
