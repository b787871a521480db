"""The people for whom models call: who they are now, and what they may do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import discord

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.tools.caller import Caller, PlaceSettings
from bot.tools.model import Asker

log = logging.getLogger(__name__)

GONE = "The person who asked, or the place where they did, cannot be found any more, so nothing can be done for them."


class People:
    """Asks Discord for members and channels."""

    def __init__(self, client: discord.Client, *, model: str) -> None:
        self._client = client
        self._place = PlaceSettings(model=model)

    async def caller(self, asker: Asker, tool_name: str, progress: Callable[[str], None]) -> Caller:
        """The person as they are now, with their permissions.  Raises: Refusal if they are not there any more."""
        try:
            channel = await self._channel(asker.channel_id)
            user = await self._user(channel, asker.user_id)
        except (*NOT_TAKEN, discord.InvalidData) as error:
            log.info("no caller for run %d: %s", asker.run_id, type(error).__name__)
            raise Refusal(GONE) from error
        return Caller(
            user=user,
            guild=getattr(channel, "guild", None),
            channel=channel,
            permissions=channel.permissions_for(user),
            place=self._place,
            log=logging.LoggerAdapter(log, {"tool": tool_name, "run": asker.run_id}),
            progress=progress,
            run_id=asker.run_id,
            question_id=asker.question_id,
            call_id=asker.call_id,
        )

    async def _channel(self, channel_id: int) -> Any:
        return self._client.get_channel(channel_id) or await self._client.fetch_channel(channel_id)

    async def _user(self, channel: Any, user_id: int) -> discord.Member | discord.User:
        guild: discord.Guild | None = getattr(channel, "guild", None)
        if guild is None:
            return self._client.get_user(user_id) or await self._client.fetch_user(user_id)
        return await guild.fetch_member(user_id)
