"""The channel in which a server's moderators are told what happened."""

from __future__ import annotations

import logging

import discord

from bot.interactions import NOT_TAKEN
from bot.messages import one_line

log = logging.getLogger(__name__)

MAX_CHARACTERS = 2000


async def post(client: discord.Client, guild_id: int, channel_id: int, text: str) -> bool:
    """Post a text that pings nobody in a channel of this guild: whether Discord took it.  Raises nothing.

    A channel of another guild is none, whatever number moderators set.
    """
    guild = client.get_guild(guild_id)
    channel = None if guild is None else guild.get_channel_or_thread(channel_id)
    if not isinstance(channel, discord.abc.Messageable):
        log.info("guild %d has no log channel %d", guild_id, channel_id)
        return False
    shown = text if len(text) <= MAX_CHARACTERS else one_line(text, MAX_CHARACTERS)
    try:
        await channel.send(shown, allowed_mentions=discord.AllowedMentions.none(), suppress_embeds=True)
    except NOT_TAKEN as error:
        log.info("nothing can be told in channel %d: %s", channel_id, type(error).__name__)
        return False
    return True
