"""The people for whom models call: who they are now, and what they may do."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.recent import Recent
from bot.tools.caller import Caller, PlaceSettings
from bot.tools.model import Asker
from bot.tools.sight import is_closed, is_inside, may_view

log = logging.getLogger(__name__)

GONE = "The person who asked, or the place where they did, cannot be found any more, so nothing can be done for them."
UNKNOWN_ROLES = "It cannot be found out which roles you have, and so what you may use. Please try again in a moment."

T = TypeVar("T")


class People:
    """Knows members as they were seen lately, and asks Discord for the others and for channels.

    Discord tells of no change of a member without a privileged intent, so nobody is known for longer than a minute.
    """

    def __init__(self, client: discord.Client, *, model: Callable[[int | None, int], Awaitable[str]]) -> None:
        """`model` tells which model answers in a channel of a guild."""
        self._client = client
        self._model = model
        self._recent: Recent[Any] = Recent()

    def remember(self, user: discord.Member | discord.User, channel: object) -> None:
        """Somebody did something in a channel just now, and this is what Discord told of them with it."""
        if isinstance(user, discord.Member):
            self._recent.keep((user.guild.id, user.id), user)
        if isinstance(channel, discord.Thread):
            self._recent.keep((channel.id, user.id), True)

    async def caller(self, asker: Asker, tool_name: str, progress: Callable[[str], None]) -> Caller:
        """The person as they are now, with their permissions.  Raises: Refusal if they are not there any more."""
        try:
            channel = await self._channel(asker.channel_id)
            user = None if channel is None else await self._user(channel, asker.user_id)
        except (*NOT_TAKEN, discord.ClientException) as error:
            log.info("no caller for run %d: %s", asker.run_id, type(error).__name__)
            raise Refusal(GONE) from error
        if channel is None or user is None:
            raise Refusal(GONE)
        return Caller(
            user=user,
            guild=getattr(channel, "guild", None),
            channel=channel,
            permissions=channel.permissions_for(user),
            place=PlaceSettings(model=asker.model or await self._model(asker.guild_id, asker.channel_id)),
            log=logging.LoggerAdapter(log, {"tool": tool_name, "run": asker.run_id}),
            progress=progress,
            run_id=asker.run_id,
            question_id=asker.question_id,
            call_id=asker.call_id,
        )

    async def roles(self, guild_id: int, user_id: int) -> frozenset[int]:
        """The ids of a member's roles; of who is no member there are none.  Raises: Refusal if nobody can say."""
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise Refusal(UNKNOWN_ROLES)
        try:
            member = await self._known(guild_id, user_id, lambda: guild.fetch_member(user_id))
        except NOT_TAKEN as error:
            log.warning("the roles of a member of guild %d are not known: %s", guild_id, type(error).__name__)
            raise Refusal(UNKNOWN_ROLES) from error
        return frozenset() if member is None else frozenset(role.id for role in member.roles)

    async def _channel(self, channel_id: int) -> Any:
        channel = self._client.get_channel(channel_id)
        return channel or await self._known(0, channel_id, lambda: self._client.fetch_channel(channel_id))

    async def _user(self, channel: Any, user_id: int) -> discord.Member | discord.User | None:
        """The person, if they are in the channel's server and can see the channel."""
        guild: discord.Guild | None = getattr(channel, "guild", None)
        if guild is None:
            recipient: discord.User | None = getattr(channel, "recipient", None)
            return recipient or await self._known(0, user_id, lambda: self._client.fetch_user(user_id))
        member = await self._known(guild.id, user_id, lambda: guild.fetch_member(user_id))
        if member is None or not may_view(channel, member):
            return None
        if is_closed(channel, member) and not await self._known(
            channel.id, user_id, lambda: is_inside(channel, user_id)
        ):
            return None
        return member

    async def _known(self, place_id: int, id: int, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What is known of this id in a place, else what Discord says; None where there is nothing."""

        async def asked() -> T | None:
            try:
                return await ask()
            except discord.NotFound:
                return None

        return await self._recent.get((place_id, id), asked)
