"""Who may change the settings of a place."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import Refusal
from bot.places import Place, PlaceKind

MANAGERS_ONLY = "Only those who manage the channel can change its settings: that takes Manage Channels there."
SERVER_MANAGERS_ONLY = "Only those who manage the server can change its settings: that takes Manage Server."
# Moderators see what is set where they are; a panel was opened by somebody whom Discord let use the command.
SOMEBODY_ELSES = "This panel was opened by somebody else. `/settings` opens one of your own."


def require_manager(interaction: discord.Interaction[Any], place: Place) -> None:
    """Raises: Refusal unless the person manages the place, in their server; a direct message is theirs."""
    if not manages(interaction, place):
        raise Refusal(SERVER_MANAGERS_ONLY if place.kind is PlaceKind.GUILD else MANAGERS_ONLY)


def manages(interaction: discord.Interaction[Any], place: Place) -> bool:
    """Whether the person may change what is set for a place, which has to be in the server or the talk they are in."""
    if interaction.guild_id is None:
        return place == Place(kind=PlaceKind.CHANNEL, id=interaction.channel_id or 0)
    if place.kind is PlaceKind.GUILD:
        return place.id == interaction.guild_id and interaction.permissions.manage_guild
    return allowed_in(interaction, place).manage_channels


def allowed_in(interaction: discord.Interaction[Any], place: Place) -> discord.Permissions:
    """What the person may do in a channel, a thread or a category of their server; where they are, Discord says so."""
    if place.id == interaction.channel_id:
        return interaction.permissions
    channel = None if interaction.guild is None else interaction.guild.get_channel_or_thread(place.id)
    if channel is None or not isinstance(interaction.user, discord.Member):
        return discord.Permissions.none()
    try:
        allowed = channel.permissions_for(interaction.user)
    except discord.ClientException:  # a thread in a channel that the bot does not see
        return discord.Permissions.none()
    # Nobody may do anything in what they do not see; discord.py says so of channels, and not of categories.
    is_seen = allowed.view_channel and not (is_private_thread(channel) and not allowed.manage_threads)
    return allowed if is_seen else discord.Permissions.none()


def is_private_thread(channel: object) -> bool:
    """Whether only its members see it, and who manages threads; the bot is not told who its members are."""
    return isinstance(channel, discord.Thread) and channel.is_private()


def require_looker(interaction: discord.Interaction[Any], place: Place) -> None:
    """Raises: Refusal unless the person has opened what they press, or manages the place."""
    opened = None if interaction.message is None else interaction.message.interaction_metadata
    if (opened is None or opened.user.id != interaction.user.id) and not manages(interaction, place):
        raise Refusal(SOMEBODY_ELSES)
