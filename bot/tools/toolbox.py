"""All tools at once: what a model may call, and what each call gives, always as a text for the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.errors import Refusal
from bot.messages import ToolSpec, one_line
from bot.tools.arguments import Arguments

log = logging.getLogger(__name__)

# About 4000 tokens: half of the default window, and more than a model reads with care.
MAX_OUTPUT_BYTES = 16_000
DONE = "Done."


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """For whom a tool acts, and where: a person in a channel, with `run_id` if a model calls for them."""

    user_id: int
    guild_id: int | None
    channel_id: int
    run_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One function; what it may say no to, it raises as Refusal, in a sentence for people and models alike.

    `is_idempotent` says that carrying it out twice is as good as once.  It gets the caller and then its arguments.
    """

    name: str
    description: str
    arguments: Arguments
    is_idempotent: bool
    timeout_seconds: float
    carry_out: Callable[..., Awaitable[str]]

    @property
    def spec(self) -> ToolSpec:
        """What a model is told of it."""
        return ToolSpec(name=self.name, description=self.description, parameters=self.arguments.schema)

    def of(self, cog: object) -> Tool:
        """The tool as a method of this cog."""
        return replace(self, carry_out=partial(self.carry_out, cog))

    async def run(self, caller: Caller, arguments: Mapping[str, Any]) -> str:
        """What the tool says, never nothing.  Raises: what the tool raises, and Refusal when its time is over."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                said = await self.carry_out(caller, **arguments)
        except TimeoutError as exc:
            raise Refusal(f"{self.name} took longer than {self.timeout_seconds:g} seconds and was stopped.") from exc
        return said if said.strip() else DONE


class Toolbox:
    """The tools of all loaded cogs, as models may use them."""

    def __init__(self, *, is_offered: bool = True) -> None:
        """With `is_offered` false there are none for models; people have their slash commands all the same."""
        self._is_offered = is_offered
        self._tools: dict[str, Tool] = {}

    def fill(self, tools: Iterable[Tool]) -> None:
        """Hold these tools from now on, instead of those before."""
        self._tools = {tool.name: tool for tool in tools if self._is_offered}

    def specs(self) -> tuple[ToolSpec, ...]:
        """What a model is told, in the same order each time, so that providers can cache it."""
        return tuple(self._tools[name].spec for name in sorted(self._tools))

    def is_idempotent(self, name: str) -> bool:
        """Whether a call that may have been carried out can be carried out again; never for a tool that is gone."""
        return name in self._tools and self._tools[name].is_idempotent

    async def call(self, name: str, arguments_json: str, caller: Caller) -> str:
        """What came of a call, or what was wrong with it, in at most 16,000 bytes; raises only CancelledError."""
        tool = self._tools.get(name)
        if tool is None:
            return (
                f"There is no tool named {one_line(name, 64)}. These exist: {', '.join(sorted(self._tools)) or 'none'}."
            )
        try:
            return capped(await tool.run(caller, tool.arguments.read(arguments_json)))
        except Refusal as refusal:
            return capped(str(refusal))
        except (Exception, asyncio.CancelledError):
            if is_being_cancelled():
                raise
            log.exception("the tool %s failed", name)
            return f"{name} failed, for a reason that only the host's log tells."


def is_being_cancelled() -> bool:
    """Whether somebody wants the task to end; else a CancelledError is one that the tool has met."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def capped(text: str) -> str:
    """The text as it fits the limit of bytes in UTF-8, with a note where it was cut."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= MAX_OUTPUT_BYTES:
        return whole.decode()
    note = f"\n[Cut here: the whole output has {len(whole):,} bytes.]"
    return whole[: MAX_OUTPUT_BYTES - len(note)].decode("utf-8", "ignore") + note
