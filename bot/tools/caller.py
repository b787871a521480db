"""For whom a tool acts, and where: what every tool gets before its arguments."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import discord

from bot.tools.model import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSettings:
    """What holds where a tool is called."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person in a channel, who uses a slash command or for whom a model calls.

    A tool acts with this person's rights, never with the bot's: `permissions` are theirs in this channel.  `progress`
    takes a short text on how far it has come, which is shown live.  `run_id`, `question_id` (the Discord message) and
    `call_id` (the same in each attempt to carry one call out) are None for a slash command.
    """

    user: discord.Member | discord.User
    guild: discord.Guild | None
    channel: Any
    permissions: discord.Permissions
    place: PlaceSettings
    log: logging.LoggerAdapter[logging.Logger]
    progress: Callable[[str], None]
    run_id: int | None = None
    question_id: int | None = None
    call_id: int | None = None

    @property
    def is_timed_out(self) -> bool:
        """Whether the server keeps the person from doing anything for now."""
        return isinstance(self.user, discord.Member) and self.user.is_timed_out()


class People(Protocol):
    """Finds whom a model calls for."""

    async def caller(self, asker: Asker, tool_name: str, progress: Callable[[str], None]) -> Caller:
        """The person as they are now, with their permissions.  Raises: Refusal if they are not there any more."""
