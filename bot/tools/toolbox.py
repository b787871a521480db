"""All tools at once: what a model may call, and what each call gives, always as a text for the model."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.errors import ParleyError, Refusal
from bot.messages import ToolSpec, one_line
from bot.tools.caller import Caller, People
from bot.tools.find_tool import DESCRIPTION, FIND_TOOL, QUERY, Room, announcing, listed
from bot.tools.model import Asker, Cost, File, Need, Outcome, Output, Result
from bot.tools.switches import GROUP, Policy, Switches, ToolApproval

log = logging.getLogger(__name__)

# About 4000 tokens: half of the default window, and more than a model reads with care.
MAX_OUTPUT_BYTES = 16_000
DONE = "Done."
# A search is a few milliseconds of our own.
FIND_SECONDS = 5.0
MAX_NAMED = 25  # of the tools that there are, when a model asks for one that is not

Returned = str | Output | Mapping[str, Any] | list[Any]


class Arguments(Protocol):
    """What a tool takes."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema that the model is told."""

    def read(self, written: str) -> dict[str, Any]:
        """The arguments by name, from JSON as a model wrote it.  Raises: Refusal."""


class Rules(Protocol):
    """Which tools moderators have switched on and off."""

    async def at(self, guild_id: int | None, channel_id: int) -> Switches:
        """What counts in a place.  Raises: Refusal if that cannot be found out."""


class Limits(Protocol):
    """Which tools the host lets models have."""

    def let_use(self, guild_id: int | None, tool: str, group: str) -> bool:
        """Whether models may be offered a tool, of this group, in a guild."""


class Overtime(Refusal):
    """A tool took longer than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One function; what it may say no to, it raises as Refusal, in a sentence for people and models alike.

    `is_idempotent` says that carrying it out twice is as good as once.  `need` is what a person has to do first where
    a model calls.  `permissions` are the bits of Discord's permissions that the caller must have, all of them.  `group`
    is a name by which moderators switch several tools.  Tools with a `guild_id` exist in that guild alone;
    `guild_only` ones do not work in direct messages.  `condition` raises Refusal where the caller may not use it for
    other reasons than permissions.
    It gets the caller and then its arguments.
    """

    name: str
    description: str
    arguments: Arguments
    carry_out: Callable[..., Awaitable[Returned]]
    is_idempotent: bool
    timeout_seconds: float
    need: Need | None = None
    permissions: int = 0
    cost: Cost = Cost.FREE
    for_model: bool = True
    for_people: bool = True
    group: str = "general"
    guild_id: int | None = None
    guild_only: bool = False
    condition: Callable[[Caller], None] | None = None

    @property
    def spec(self) -> ToolSpec:
        """What a model is told of it."""
        return ToolSpec(name=self.name, description=self.description, parameters=self.arguments.schema)

    @property
    def is_for_everyone(self) -> bool:
        """Whether `check` refuses nobody for what they may not do."""
        return not self.permissions and not self.guild_only and self.condition is None

    def check(self, caller: Caller) -> None:
        """Raises: Refusal unless the caller may use it."""
        person = one_line(caller.user.display_name, 64)
        if caller.is_timed_out:  # Discord takes no slash command of theirs either
            raise Refusal(f"Not permitted: {person} is timed out here.")
        if self.guild_only and caller.guild is None:
            raise Refusal(f"Not permitted: {self.name} works only in servers.")
        # Who may use a slash command is for each server to say, and Discord has asked it.
        is_let_in = caller.run_id is None and caller.guild is not None
        if self.permissions & ~caller.permissions.value and not is_let_in:
            raise Refusal(f"Not permitted: {person} may not use {self.name} here.")
        if self.condition is not None:
            self.condition(caller)

    async def run(self, caller: Caller, arguments: Mapping[str, Any]) -> Output:
        """What the tool says, never nothing.  Raises: what `perform` raises."""
        return output_of(await self.perform(caller, arguments))

    async def perform(self, caller: Caller, arguments: Mapping[str, Any]) -> Returned:
        """What its function returns.  Raises: what that raises, Refusal, Overtime when its time is over."""
        self.check(caller)
        limit = asyncio.timeout(self.timeout_seconds)
        try:
            async with limit:
                return await self.carry_out(caller, **arguments)
        except TimeoutError as exc:
            if not limit.expired():
                raise
            raise Overtime(f"{self.name} took longer than {self.timeout_seconds:g} seconds and was stopped.") from exc


class Toolbox:
    """The tools of all sources, as models may use them."""

    def __init__(
        self,
        *,
        is_offered: bool = True,
        max_output_bytes: int = MAX_OUTPUT_BYTES,
        room: Room | None = None,
        rules: Rules | None = None,
        limits: Limits | None = None,
    ) -> None:
        """With `is_offered` false there are none for models; people have their slash commands all the same."""
        self._is_offered = is_offered
        self._max_output_bytes = max_output_bytes
        self._room = room or Room()
        self._rules = rules
        self._limits = limits
        self._finder = Tool(
            name=FIND_TOOL,
            description=DESCRIPTION,
            arguments=QUERY,
            carry_out=self._find,
            is_idempotent=True,
            timeout_seconds=FIND_SECONDS,
            for_people=False,
        )
        self._sources: dict[str, dict[str, Tool]] = {}
        self._people: People | None = None

    def meet(self, people: People) -> None:
        """Learn who knows the people for whom models call."""
        self._people = people

    def fill(self, source: str, tools: Iterable[Tool]) -> None:
        """Hold these tools of a source from now on, instead of those it had before."""
        self._sources[source] = {tool.name: tool for tool in tools}

    def find(self, name: str, guild_id: int | None) -> Tool | None:
        """The tool of this name that exists in a guild; the guild's own does not stand in for one of the host's."""
        named = [tools[name] for tools in ({FIND_TOOL: self._finder}, *self._sources.values()) if name in tools]
        there = [tool for tool in named if tool.guild_id in (None, guild_id)]
        return min(there, key=is_of_one_guild, default=None)

    def of_guild(self, guild_id: int) -> Mapping[str, tuple[Tool, ...]]:
        """The tools that exist in a guild, by their source and in the order of their names.

        Those that the host does not let models have are for people alone.
        """
        found = {
            source: [
                tool if self._is_allowed(tool, guild_id or None) else replace(tool, for_model=False)
                for tool in sorted(tools.values(), key=name_of)
                if tool.guild_id in (None, guild_id)
            ]
            for source, tools in sorted(self._sources.items())
        }
        return {source: tuple(tools) for source, tools in found.items() if tools}

    def for_models(self, guild_id: int) -> list[Tool]:
        """The tools of a guild that models may be offered, on or off."""
        return [tool for tools in self.of_guild(guild_id).values() for tool in tools if tool.for_model]

    def switchable(self, guild_id: int) -> list[str]:
        """What can be switched in a guild: tools by their names, then groups."""
        tools = self.for_models(guild_id)
        return [*sorted(tool.name for tool in tools), *sorted({GROUP + tool.group for tool in tools})]

    async def offered(self, asker: Asker, found: Sequence[str] = ()) -> tuple[ToolSpec, ...]:
        """What a model is told, in the same order each time, so that providers can cache it.

        That is what is on where the asker is, and what they may use.  Where that is too much, the model is told of
        a part, of a function that finds the rest, and of what it has `found` by it.
        """
        specs = [tool.spec for tool in sorted(await self._usable(asker), key=name_of)]
        if self._room.for_all(specs):
            return tuple(specs)
        finder = self._finder.spec
        at_once = self._room.beside(announcing(finder, [spec.name for spec in specs]), specs)
        rest = {spec.name: spec for spec in specs if spec not in at_once}
        return (announcing(finder, [*rest]), *at_once, *(rest[name] for name in found if name in rest))

    async def need(self, name: str, arguments_json: str, asker: Asker) -> Need | None:
        """What a person has to do before a call goes on; nothing where it would be refused anyway."""
        tool = self.find(name, asker.guild_id)
        if tool is None:
            return None
        try:
            tool.arguments.read(arguments_json)
        except Refusal:
            return None
        need = tool.need
        try:
            policy = await self._policy(asker)
            need = self._need(tool, policy)
            if need is None:
                return None
            on, caller = self._switched_on(asker, policy), await self._caller(asker, tool, unheard)
        except ParleyError:  # whoever is not found now may be found when the call is carried out
            return need
        return need if tool in on and allowed([tool], caller) else None

    def _need(self, tool: Tool, policy: Policy) -> Need | None:
        """What a call waits for where this is wanted; a question to a person, and a look for tools, have no effect."""
        if tool.need is Need.ANSWER or tool is self._finder:
            return tool.need
        match policy.approval:
            case ToolApproval.DECLARED:
                return tool.need
            case ToolApproval.ALWAYS:
                return Need.APPROVAL
            case ToolApproval.NEVER:
                return None

    def is_idempotent(self, name: str, guild_id: int | None) -> bool:
        """Whether a call that may have been carried out can be carried out again; never for a tool that is gone."""
        tool = self.find(name, guild_id)
        return tool is not None and tool.is_idempotent

    async def call(self, name: str, arguments_json: str, asker: Asker, progress: Callable[[str], None]) -> Result:
        """What came of a call, or what was wrong with it; raises only CancelledError."""
        try:
            policy = await self._policy(asker)
            tool = await self._enabled(name, asker, policy)
            arguments = tool.arguments.read(arguments_json)
            caller = await self._caller(asker, tool, progress)
            tool.check(caller)
            # It was away, or refused, when that was decided, or moderators want it only since.
            if self._need(tool, policy) is Need.APPROVAL and not asker.is_approved:
                raise Refusal(f"{name} needs a person's approval, and nobody was asked. Call it again.")
            said = await tool.run(caller, arguments)
        except Overtime as refusal:
            return self._result(str(refusal), Outcome.TIMED_OUT)
        except ParleyError as refusal:
            return self._result(str(refusal), Outcome.REFUSED)
        except (Exception, asyncio.CancelledError):
            if is_being_cancelled():
                raise
            log.exception("the tool %s failed", name)
            return self._result(f"{name} failed, for a reason that only the host's log tells.", Outcome.FAILED)
        return self._result(said.text, Outcome.DONE, said.files)

    def _result(self, text: str, outcome: Outcome, files: tuple[File, ...] = ()) -> Result:
        """A result whose text fits the limit of bytes in UTF-8; where it was cut, the whole becomes a file."""
        whole = text.encode("utf-8", "replace")
        if len(whole) <= self._max_output_bytes:
            return Result(text=whole.decode(), outcome=outcome, files=files)
        note = f"\n[Cut here: the whole output has {len(whole):,} bytes, and people see it as a file.]"
        cut = whole[: self._max_output_bytes - len(note)].decode("utf-8", "ignore") + note
        return Result(text=cut, outcome=outcome, files=(*files, File(name="output.txt", content=whole)))

    def _for_models(self, asker: Asker) -> list[Tool]:
        if not self._is_offered:
            return []
        tools = [tool for of_source in self._sources.values() for tool in of_source.values()]
        there = [
            tool
            for tool in tools
            if tool.for_model and tool.guild_id in (None, asker.guild_id) and self._is_allowed(tool, asker.guild_id)
        ]
        # A server of the host's may come back with a name that a moderator gave meanwhile: no name is offered twice.
        return list({tool.name: tool for tool in sorted(there, key=is_of_one_guild, reverse=True)}.values())

    def _is_allowed(self, tool: Tool, guild_id: int | None) -> bool:
        return self._limits is None or self._limits.let_use(guild_id, tool.name, tool.group)

    async def _policy(self, asker: Asker) -> Policy:
        """What moderators want where somebody asks.  Raises: Refusal if that cannot be found out."""
        if asker.policy is not None:
            return asker.policy
        if self._rules is None:
            return Policy()
        return Policy(switches=await self._rules.at(asker.guild_id, asker.channel_id))

    def _switched_on(self, asker: Asker, policy: Policy) -> list[Tool]:
        """The tools for models that are on in a place."""
        return [tool for tool in self._for_models(asker) if policy.switches.allow(tool.name, tool.group)]

    async def _enabled(self, name: str, asker: Asker, policy: Policy) -> Tool:
        """The tool of this name.  Raises: Refusal unless models may call it there."""
        tool, on = self.find(name, asker.guild_id), self._switched_on(asker, policy)
        if tool is not None and (tool is self._finder or tool in on):
            return tool
        if tool is not None and tool in self._for_models(asker):
            raise Refusal(f"{name} is switched off here by a moderator.")
        known = [tool.name for tool in sorted(await self._usable(asker), key=name_of)]
        if len(known) > MAX_NAMED:
            known = [*known[:MAX_NAMED], f"and others, which {FIND_TOOL} finds"]
        raise Refusal(f"There is no tool named {one_line(name, 64)}. These exist: {', '.join(known) or 'none'}.")

    async def _usable(self, asker: Asker) -> list[Tool]:
        """The tools that are on where somebody asks and that they may use; who they are is asked only if it matters."""
        try:
            tools = self._switched_on(asker, await self._policy(asker))
        except Refusal as refusal:
            log.warning("run %d: no tools are offered: %s", asker.run_id, refusal)
            return []
        for_everyone = [tool for tool in tools if tool.is_for_everyone]
        if len(for_everyone) == len(tools):
            return tools
        try:
            return allowed(tools, await self._caller(asker, self._finder, unheard))
        except Refusal:
            return for_everyone

    async def _find(self, caller: Caller, query: str) -> str:
        """What `find_tool` says."""
        guild_id = None if caller.guild is None else caller.guild.id
        asker = Asker(
            user_id=caller.user.id, guild_id=guild_id, channel_id=caller.channel.id, run_id=caller.run_id or 0
        )
        on = self._switched_on(asker, await self._policy(asker))
        return listed([tool.spec for tool in allowed(on, caller)], query)

    async def _caller(self, asker: Asker, tool: Tool, progress: Callable[[str], None]) -> Caller:
        if self._people is None:
            raise Refusal("Nobody is known yet.")
        return await self._people.caller(asker, tool.name, progress)


def name_of(tool: Tool) -> str:
    """What tools are ordered by."""
    return tool.name


def is_of_one_guild(tool: Tool) -> bool:
    """Whether a tool exists in one guild alone."""
    return tool.guild_id is not None


def allowed(tools: Iterable[Tool], caller: Caller) -> list[Tool]:
    """Those of the tools that the caller may use."""
    may = []
    for tool in tools:
        try:
            tool.check(caller)
        except Refusal:
            continue
        may.append(tool)
    return may


def unheard(_: str) -> None:
    """The progress of what is not under way."""


def is_being_cancelled() -> bool:
    """Whether somebody wants the task to end; else a CancelledError is one that the tool has met."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def output_of(returned: Returned) -> Output:
    """What a tool returned, with words where it had none; structured data becomes JSON."""
    if not isinstance(returned, str | Output):
        returned = json.dumps(returned, ensure_ascii=False, default=str)
    if isinstance(returned, str):
        returned = Output(text=returned)
    return returned if returned.text.strip() else replace(returned, text=DONE)
