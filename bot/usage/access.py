"""Who may see whose usage, as they are now."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.place_settings.managing import allowed_in
from bot.places import Place, PlaceKind
from bot.usage.subject import Subject, Whose

HOST_ONLY = (
    "Only the host of this bot can see this: the owner of its application at Discord, or an admin or developer of its "
    "team there."
)
HOST_UNKNOWN = "Discord does not say who the host of this bot is. Try again in a moment."
SERVER_ONLY = "Only who manages this server can see this: that takes Manage Server."
CHANNEL_ONLY = "Only who manages this channel can see this: that takes Manage Channels there, or Manage Server."
NO_SERVER = "That is for servers. Here you can see your own usage: `/usage`."

Interaction = discord.Interaction[Any]


async def is_host(interaction: Interaction) -> bool:
    """Whether the person hosts the bot.  Raises: Refusal where Discord does not say."""
    try:
        return bool(await interaction.client.is_owner(interaction.user))
    except NOT_TAKEN as error:
        raise Refusal(HOST_UNKNOWN) from error


async def subject_of(interaction: Interaction, whose: Whose, id: int) -> Subject:
    """Whose usage it is that a person wishes to see.  Raises: Refusal unless they may see it, as they are now."""
    guild_id = interaction.guild_id
    if whose is Whose.ME:
        return Subject(whose=Whose.ME, id=interaction.user.id)
    if whose is Whose.HOST:
        if not await is_host(interaction):
            raise Refusal(HOST_ONLY)
        return Subject(whose=Whose.HOST)
    if guild_id is None:
        raise Refusal(NO_SERVER)
    if whose is Whose.CHANNEL and not manages_channel(interaction, id):
        raise Refusal(CHANNEL_ONLY)
    if whose is not Whose.CHANNEL and not interaction.permissions.manage_guild:
        raise Refusal(SERVER_ONLY)
    return Subject(whose=whose, id=id, guild_id=guild_id)


def manages_channel(interaction: Interaction, channel_id: int) -> bool:
    """Whether a person manages a channel, or the whole server."""
    here = interaction.permissions
    if here.manage_guild or channel_id == interaction.channel_id:
        return here.manage_guild or here.manage_channels
    return allowed_in(interaction, Place(kind=PlaceKind.CHANNEL, id=channel_id)).manage_channels


async def offered(interaction: Interaction) -> list[Whose]:
    """Whose usage a person may see here; whether they host the bot may not be known."""
    may = interaction.permissions if interaction.guild_id is not None else discord.Permissions.none()
    is_theirs = {
        Whose.ME: True,
        Whose.CHANNEL: may.manage_channels or may.manage_guild,
        Whose.SERVER: may.manage_guild,
    }
    found = [whose for whose, may_see in is_theirs.items() if may_see]
    try:
        return [*found, Whose.HOST] if await is_host(interaction) else found
    except Refusal:
        return found
