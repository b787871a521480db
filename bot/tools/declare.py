"""`@tool`: a method of a cog becomes a slash command and, from the same parsed parameters, a function for the model."""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from functools import wraps
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import discord
from discord import AppCommandOptionType, app_commands
from discord.app_commands.transformers import RangeTransformer
from discord.ext import commands
from pydantic import Field

from bot.errors import StartupError
from bot.interactions import respond
from bot.tools.arguments import Arguments, Parameter
from bot.tools.caller import Caller, PlaceSettings
from bot.tools.model import Cost, Need, Output
from bot.tools.toolbox import Returned, Tool, unheard

log = logging.getLogger(__name__)

Method = Callable[..., Coroutine[Any, Any, Returned]]
Command = app_commands.Command[Any, ..., Any]

DECLARATION = "parley.tool"  # the key in a command's extras
UNDESCRIBED = "…"  # what discord.py puts where nothing is said
MAX_NAME_CHARACTERS = 32  # as Discord allows
MAX_MESSAGE_CHARACTERS = 2000
# Discord waits 3 seconds for an answer, and part of them is spent on the way.
AT_ONCE_SECONDS = 2.0
# Nobody likes to watch a bot that does nothing for longer, and most that takes longer hangs.
DEFAULT_TIMEOUT_SECONDS = 10.0

# What JSON can say, and within which limits people can enter it: a model gets no wider ones.
MAX_TEXT_CHARACTERS = 6000
MAX_NUMBER = 2**53
KINDS: Mapping[AppCommandOptionType, type] = {
    AppCommandOptionType.string: str,
    AppCommandOptionType.integer: int,
    AppCommandOptionType.number: float,
    AppCommandOptionType.boolean: bool,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What `@tool` made of the method with this name: a tool, or what is wrong with it."""

    method: str
    tool: Tool | None = None
    faults: tuple[str, ...] = ()


def tool(
    *,
    idempotent: bool,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    approval: bool = False,
    permissions: discord.Permissions | None = None,
    cost: Cost = Cost.FREE,
    for_model: bool = True,
    for_people: bool = True,
    group: str = "general",
) -> Callable[[Method], Command]:
    """Makes an async method `(self, caller: Caller, ...) -> str | Output | dict | list` of a cog a tool.

    Its docstring says what it does, and under `Args:` what each parameter is.  `idempotent` says that carrying it out
    twice is as good as once: only then is it done again after a crash.  With `approval` a model's call waits until a
    person approves it.  `permissions` are those of Discord's that the person needs, in either way.
    `group` is the name by which moderators switch it with others.  Faults are kept for `tools_of` to name.
    """

    def declare(method: Method) -> Command:
        @wraps(method)
        async def invoke(cog: object, interaction: discord.Interaction[Any], **arguments: Any) -> None:
            await show(interaction, made.of(cog), arguments)

        try:
            invoke.__signature__ = inspect.signature(method, eval_str=True)  # type: ignore[attr-defined]  # PEP 362
            command: Command = app_commands.command()(invoke)
        except (TypeError, ValueError, NameError) as exc:
            return _undeclarable(method, str(exc))
        if faults := tuple(_faults(method, command)):
            command.extras[DECLARATION] = Declaration(method=method.__qualname__, faults=faults)
            return command
        made = Tool(
            name=command.name,
            description=(inspect.getdoc(method) or "").partition("\n\nArgs:")[0],
            arguments=Arguments(map(_parameter, command.parameters)),
            is_idempotent=idempotent,
            timeout_seconds=timeout_seconds,
            need=Need.APPROVAL if approval else None,
            permissions=0 if permissions is None else permissions.value,
            cost=cost,
            for_model=for_model,
            for_people=for_people,
            group=group,
            carry_out=method,
        )
        command.extras[DECLARATION] = Declaration(method=method.__qualname__, tool=made)
        return command

    return declare


def tools_of(cogs: Iterable[commands.Cog], known_faults: Iterable[str] = ()) -> tuple[Tool, ...]:
    """The tools that these cogs declare, bound to them.  Raises: StartupError, which names the faults of all."""
    tools: dict[str, Tool] = {}
    faults = list(known_faults)
    for cog in cogs:
        for command in cog.walk_app_commands():
            declaration: Declaration | None = command.extras.get(DECLARATION)
            if declaration is None or isinstance(command, app_commands.Group):
                continue
            wrong = [*declaration.faults, *_restrictions(command)]
            if command.name in tools:
                wrong.append("there is another tool of this name.")
            faults += [f"{declaration.method}: {fault}" for fault in wrong]
            if declaration.tool is not None:
                tools[command.name] = declaration.tool.of(cog)
    if faults:
        raise StartupError("\n".join(["These commands are not declared as they have to be:", *faults]))
    return tuple(tools.values())


async def show(interaction: discord.Interaction[Any], tool: Tool, arguments: Mapping[str, Any]) -> None:
    """Run a tool for the person who used its slash command, and show what it says to all.  Raises: what it raises."""
    is_slow = tool.timeout_seconds > AT_ONCE_SECONDS
    if is_slow:
        await respond(lambda: interaction.response.defer(thinking=True))
    output = await tool.run(_caller(interaction, tool), arguments)
    if is_slow:
        await interaction.followup.send(**_shown(tool, output))
    else:
        await respond(lambda: interaction.response.send_message(**_shown(tool, output)))


def _shown(tool: Tool, output: Output) -> dict[str, Any]:
    """A text as a message, or as its file; discord.py closes a file with the first attempt to send it."""
    if len(output.text) <= MAX_MESSAGE_CHARACTERS:
        return {"content": output.text}
    return {"file": discord.File(io.BytesIO(output.text.encode("utf-8", "replace")), f"{tool.name}.txt")}


def _caller(interaction: discord.Interaction[Any], tool: Tool) -> Caller:
    return Caller(
        user=interaction.user,
        guild=interaction.guild,
        channel=interaction.channel,
        permissions=interaction.permissions,
        place=PlaceSettings(model=interaction.client.settings.provider_model),
        log=logging.LoggerAdapter(log, {"tool": tool.name}),
        progress=unheard,
    )


def _undeclarable(method: Method, reason: str) -> Command:
    """A command that stands for one that discord.py would not make, so that its fault is named with all others."""

    async def refuse(_: discord.Interaction[Any]) -> None:
        """…"""
        raise StartupError(reason)

    command: Command = app_commands.command(name=method.__name__.lower()[:MAX_NAME_CHARACTERS])(refuse)
    command.extras[DECLARATION] = Declaration(method=method.__qualname__, faults=(f"{reason}.",))
    return command


def _faults(method: Method, command: Command) -> Iterator[str]:
    """What keeps a command from being a tool too, in sentences that begin with its name."""
    if not inspect.iscoroutinefunction(method):
        yield "it has to be an async method."
    if not command.name.isascii():
        yield "models know only names of a-z, 0-9, - and _."
    if command.description == UNDESCRIBED:
        yield "it has no docstring, which says what it does."
    annotations = inspect.signature(method, eval_str=True).parameters
    for parameter in command.parameters:
        if not _is_plain(annotations[parameter.name].annotation):
            yield f"{parameter.name} has to be a str, int, float, bool, Range or Literal."
        if str(parameter.description) == UNDESCRIBED:
            yield f"{parameter.name} is not described under Args: in the docstring."


def _is_plain(annotation: Any) -> bool:
    """Whether people's and models' values of this type reach the function as they are."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return all(
        member in (*KINDS.values(), NoneType) or isinstance(member, RangeTransformer) or get_origin(member) is Literal
        for member in members
    )


def _parameter(parameter: app_commands.Parameter) -> Parameter:
    """The same parameter for a model: as discord.py parsed it, within the limits that people have."""
    kind: Any = KINDS[parameter.type]
    limits: dict[str, Any] = {}
    low, high = parameter.min_value, parameter.max_value
    if parameter.choices:
        kind = Literal[tuple(choice.value for choice in parameter.choices)]
    elif kind is str:
        limits = {"min_length": low, "max_length": MAX_TEXT_CHARACTERS if high is None else high}
    elif kind is not bool:
        limits = {"ge": -MAX_NUMBER if low is None else low, "le": MAX_NUMBER if high is None else high}
    described = Field(description=str(parameter.description), alias=parameter.display_name, **limits)
    return Parameter(
        name=parameter.name,
        kind=Annotated[kind, described],
        default=MISSING if parameter.required else parameter.default,
    )


def _restrictions(command: Command) -> Iterator[str]:
    """What would hold for people and not for a model that calls for them."""
    if command.checks or command.default_permissions is not None or command.guild_only or command.nsfw:
        yield "checks, permissions, guild_only and nsfw do not hold yet for what a model calls."
