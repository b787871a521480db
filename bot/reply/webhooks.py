"""The webhooks by which the bot answers under another name: one for each channel, which its threads share.

Nothing of them is stored: Discord tells which there are, with their tokens.
"""

from __future__ import annotations

import logging
from typing import TypeAlias

import aiohttp
import discord

from bot.errors import Refusal
from bot.locks import Locks
from bot.reply.calls import translated

log = logging.getLogger(__name__)

NAME = "Parley"
TOO_MANY = 30007  # webhooks: a channel holds 15 at the most
UNUSED = "The persona that is chosen here is not used: "
NOT_ALLOWED = UNUSED + "I need Manage Webhooks and Read Message History in this channel."
FULL = UNUSED + "this channel has as many webhooks as Discord allows. Delete one under Integrations."
NOT_HERE = UNUSED + "Discord takes no webhooks in this channel."

Room: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel
FAILURES = (discord.DiscordException, aiohttp.ClientError, OSError)


class Webhooks:
    """Finds our webhooks, and makes those that are missing."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._of_rooms: dict[int, discord.Webhook] = {}
        self._locks = Locks()

    async def of(self, channel_id: int) -> discord.Webhook:
        """Ours in a channel, or in the one that a thread is in.

        Raises: Refusal, in a sentence for moderators, if there can be none; ReplyError if it cannot be found now.
        """
        try:
            return await self._of(await self._room(channel_id))
        except discord.Forbidden as error:
            raise Refusal(NOT_ALLOWED) from error
        except discord.HTTPException as error:
            if error.status in (401, 429) or error.status >= 500:
                raise translated(error) from error
            raise Refusal(FULL if error.code == TOO_MANY else NOT_HERE) from error
        except FAILURES as error:
            raise translated(error) from error

    async def known(self, webhook_id: int, channel_id: int) -> discord.Webhook | None:
        """The one that posted a message in a channel; None if it is gone, or out of our reach.

        Raises: ReplyError if it cannot be found now.
        """
        try:
            room = await self._room(channel_id)
            found = self._of_rooms.get(room.id)
            if found is None or found.id != webhook_id:
                found = next((webhook for webhook in await self._ours(room) if webhook.id == webhook_id), None)
            return found
        except (discord.Forbidden, discord.NotFound, Refusal):
            return None
        except FAILURES as error:
            raise translated(error) from error

    def forget(self, webhook: discord.Webhook) -> None:
        """One is gone, as Discord says."""
        log.warning("webhook %d is gone", webhook.id)
        self._of_rooms = {room_id: known for room_id, known in self._of_rooms.items() if known.id != webhook.id}

    async def _of(self, room: Room) -> discord.Webhook:
        me = room.guild.me
        if me is not None:  # what discord.py says of it is not so before the server has been told of
            allowed = room.permissions_for(me)
            if not (allowed.manage_webhooks and allowed.read_message_history):
                raise Refusal(NOT_ALLOWED)
        async with self._locks.of(room.id):  # who comes meanwhile gets the same
            if room.id not in self._of_rooms:
                ours = await self._ours(room)
                self._of_rooms[room.id] = ours[0] if ours else await room.create_webhook(name=NAME)
            return self._of_rooms[room.id]

    async def _ours(self, room: Room) -> list[discord.Webhook]:
        """Those that we made, oldest first: buttons work only under messages of an application's own webhooks."""
        own_id = 0 if self._client.user is None else self._client.user.id
        found = [each for each in await room.webhooks() if each.user is not None and each.user.id == own_id]
        return sorted((each for each in found if each.token is not None), key=lambda webhook: webhook.id)

    async def _room(self, channel_id: int) -> Room:
        """The channel itself, or the one that a thread is in."""
        channel = await self._channel(channel_id)
        if isinstance(channel, discord.Thread):
            channel = await self._channel(channel.parent_id)
        if not isinstance(channel, Room):
            raise Refusal(NOT_HERE)
        return channel

    async def _channel(self, channel_id: int) -> object:
        return self._client.get_channel(channel_id) or await self._client.fetch_channel(channel_id)
