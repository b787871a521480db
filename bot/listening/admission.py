"""Who is answered in a place, as moderators wish by the roles of members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord

from bot.errors import Refusal
from bot.place_settings.chosen import PlaceValues

ONLY_FOR = "Here I answer only members who have {}. A moderator can change that with `/set allowed_roles`."
NOT_FOR = "Here I do not answer members who have {}. A moderator can change that with `/set blocked_roles`."
ROLES_GONE = (
    "The roles that I answer here do not exist any more, so I answer moderators only. One of them can choose others "
    "with `/set allowed_roles`, or let everybody ask with `/unset allowed_roles`."
)
UNKNOWN = "I answer only some members here, and cannot find out whether you are one. Please try again in a moment."


def objection(
    chosen: PlaceValues, person: discord.abc.User, permissions: Callable[[], discord.Permissions]
) -> str | None:
    """Why somebody is not answered in a server; None if they are, as those who manage the channel always are.

    A list of roles that are all gone lets nobody in: who is not meant must not come in by a mistake of another's.
    """
    allowed, blocked = chosen.allowed_roles, chosen.blocked_roles
    if not (allowed or blocked) or permissions().manage_channels:
        return None
    if not isinstance(person, discord.Member):
        return UNKNOWN
    own = {role.id for role in person.roles}
    if own & blocked:
        return NOT_FOR.format(listed(own & blocked))
    if not allowed or own & allowed:
        return None
    known = allowed & {role.id for role in person.guild.roles}
    return ONLY_FOR.format(listed(known)) if known else ROLES_GONE


def listed(role_ids: frozenset[int] | set[int]) -> str:
    """Roles as Discord draws them; naming them so pings nobody in what the bot says."""
    return " or ".join(f"<@&{role_id}>" for role_id in sorted(role_ids))


async def admitted(interaction: discord.Interaction[Any]) -> PlaceValues:
    """What moderators chose where somebody uses a command or a button.  Raises: Refusal if they are not answered."""
    chosen: PlaceValues = await interaction.client.place_settings.at(interaction.guild_id, interaction.channel_id or 0)
    if interaction.guild is not None:
        require_answered(chosen, interaction.user, interaction.permissions)
    return chosen


def require_answered(chosen: PlaceValues, person: discord.abc.User, permissions: discord.Permissions) -> None:
    """Raises: Refusal if somebody is not answered in a server."""
    why_not = objection(chosen, person, lambda: permissions)
    if why_not is not None:
        raise Refusal(why_not)
