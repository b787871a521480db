"""What a person can see of a server: nobody learns through the bot of what Discord hides from them."""

from __future__ import annotations

from typing import Any

import discord


def may_view(channel: Any, member: discord.Member) -> bool:
    """Whether their roles let a member see a channel; of a private thread that is not enough."""
    return bool(channel.permissions_for(member).view_channel)


def is_closed(channel: Any, member: discord.Member) -> bool:
    """Whether this is a private thread that the member sees only if they were let in."""
    return (
        isinstance(channel, discord.Thread)
        and channel.is_private()
        and not channel.permissions_for(member).manage_threads
    )


async def is_inside(thread: discord.Thread, user_id: int) -> bool:
    """Whether somebody was let into a thread.  Raises: discord.HTTPException where Discord does not say."""
    try:
        await thread.fetch_member(user_id)
    except discord.NotFound:
        return False
    return True
