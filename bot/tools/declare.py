"""`@tool`: a method of a cog becomes a slash command and, from the same parsed parameters, a function for the model."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import StartupError
from bot.tools.arguments import Arguments
from bot.tools.caller import Caller
from bot.tools.discord_values import Sought
from bot.tools.model import Cost, Need
from bot.tools.parameters import UNDESCRIBED, Command, faults_of, parameters_of
from bot.tools.slash import show
from bot.tools.toolbox import Returned, Tool

Method = Callable[..., Coroutine[Any, Any, Returned]]

DECLARATION = "parley.tool"  # the key in a command's extras
MAX_NAME_CHARACTERS = 32  # as Discord allows
# Nobody likes to watch a bot that does nothing for longer, and most that takes longer hangs.
DEFAULT_TIMEOUT_SECONDS = 10.0
# Discord takes answers to a slash command for 15 minutes; the last one is for the answer itself.
MAX_SLASH_SECONDS = 14 * 60.0
# Functions that models know without a cog.
BUILT_IN = frozenset({"ask_user", "find_tool"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What `@tool` was told of a method; `fault` is why discord.py made no command of it."""

    method: Method
    idempotent: bool
    timeout_seconds: float
    approval: bool
    cost: Cost
    for_model: bool
    for_people: bool
    group: str
    fault: str = ""

    def tool(self, command: Command, cog: object) -> Tool:
        """The tool of a cog, as its command has become."""

        async def carry_out(caller: Caller, **arguments: Any) -> Returned:
            for name, value in arguments.items():
                if isinstance(value, Sought):
                    arguments[name] = await value.found(caller)
            return await self.method(cog, caller, **arguments)

        permissions = command.default_permissions
        if permissions is not None and not permissions.value:  # what Discord leaves to administrators
            permissions = discord.Permissions(administrator=True)
        return Tool(
            name=command.name,
            description=(inspect.getdoc(self.method) or "").partition("\n\nArgs:")[0],
            arguments=Arguments(parameters_of(command)),
            is_idempotent=self.idempotent,
            timeout_seconds=self.timeout_seconds,
            need=Need.APPROVAL if self.approval else None,
            permissions=0 if permissions is None else permissions.value,
            cost=self.cost,
            for_model=self.for_model,
            for_people=self.for_people,
            group=self.group,
            guild_only=command.guild_only,
            carry_out=carry_out,
        )


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
    person approves it.  `permissions` are those of Discord's that the person needs, in either way; who may use the
    slash command, each server may change.  `group` is the name by which moderators switch it with others.  Faults are
    kept for `tools_of` to name.
    """

    def declare(method: Method) -> Command:
        declared = Declaration(
            method=method,
            idempotent=idempotent,
            timeout_seconds=timeout_seconds,
            approval=approval,
            cost=cost,
            for_model=for_model,
            for_people=for_people,
            group=group,
        )

        @wraps(method)
        async def invoke(cog: object, interaction: discord.Interaction[Any], **arguments: Any) -> None:
            await show(interaction, declared.tool(command, cog), arguments)

        try:
            invoke.__signature__ = inspect.signature(method, eval_str=True)  # type: ignore[attr-defined]  # PEP 362
            command: Command = app_commands.command()(invoke)
        except (TypeError, ValueError, NameError) as exc:
            command = _stand_in(method)
            declared = replace(declared, fault=f"{str(exc).rstrip('.')}.")
        command.extras[DECLARATION] = declared
        if permissions is not None:
            command.default_permissions = permissions
        return command

    return declare


def is_for_people(command: object) -> bool:
    """Whether something is to be a slash command; all are that are no tools for models alone."""
    declared = command.extras.get(DECLARATION) if isinstance(command, app_commands.Command) else None
    return not isinstance(declared, Declaration) or declared.for_people


def tools_of(cogs: Iterable[commands.Cog], known_faults: Iterable[str] = ()) -> tuple[Tool, ...]:
    """The tools that these cogs declare, bound to them.  Raises: StartupError, which names the faults of all."""
    tools: list[Tool] = []
    faults = list(known_faults)
    all_commands = [(cog, command) for cog in cogs for command in cog.walk_app_commands()]
    names = Counter(each.name for _, each in all_commands if each.parent is None or DECLARATION in each.extras)
    for cog, command in all_commands:
        declared: Declaration | None = command.extras.get(DECLARATION)
        if declared is None or isinstance(command, app_commands.Group):
            continue
        wrong = [declared.fault] if declared.fault else [*_faults(declared, command), *_restrictions(cog, command)]
        if names[command.name] > 1 or command.name in BUILT_IN:
            wrong.append(f"there is another command or tool named {command.name}.")
        faults += [f"{declared.method.__qualname__}: {fault}" for fault in wrong]
        if not wrong:
            tools.append(declared.tool(command, cog))
    if faults:
        raise StartupError("\n".join(["These commands are not declared as they have to be:", *faults]))
    return tuple(tools)


def _stand_in(method: Method) -> Command:
    """A command for one that discord.py would not make, so that its fault is named with all others."""

    async def refuse(_: discord.Interaction[Any]) -> None:
        """…"""
        raise StartupError("a command with a fault was used.")

    return app_commands.command(name=method.__name__.lower()[:MAX_NAME_CHARACTERS])(refuse)


def _faults(declared: Declaration, command: Command) -> Iterator[str]:
    """What keeps a command from being a tool too, in sentences that begin with its name."""
    if not inspect.iscoroutinefunction(declared.method):
        yield "it has to be an async method."
    if not command.name.isascii():
        yield "models know only names of a-z, 0-9, - and _."
    if command.description == UNDESCRIBED:
        yield "it has no docstring, which says what it does."
    if not declared.for_model and not declared.for_people:
        yield "it is neither for the model nor for people."
    if declared.for_people and declared.timeout_seconds > MAX_SLASH_SECONDS:
        yield f"people see no answer after {MAX_SLASH_SECONDS:g} seconds: lower timeout_seconds, or for_people=False."
    yield from faults_of(command)


def _restrictions(cog: commands.Cog, command: Command) -> Iterator[str]:
    """What would hold for people and not for a model that calls for them."""
    contexts = command.allowed_contexts
    if command.checks or type(cog).interaction_check is not commands.Cog.interaction_check:
        yield "checks do not hold for what a model calls: say permissions= instead, or look at the caller."
    if command._guild_ids or (
        contexts is not None and not (contexts.guild and (command.guild_only or contexts.dm_channel))
    ):
        yield "a model's call knows no place but guild_only and everywhere."
    parent = command.root_parent
    if parent is not None and (parent.guild_only or parent.nsfw or parent.default_permissions is not None):
        yield "what its group restricts does not hold for a model: put it outside, or restrict nothing."
    if parent is not None and (command.guild_only or command.default_permissions is not None):
        yield "Discord restricts no command of a group: put it outside, or restrict nothing."
