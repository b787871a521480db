"""Who and what is here, as every member can see it anyway: /user_info and /server_info."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands
from discord.utils import escape_markdown, format_dt

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.messages import one_line
from bot.tools.caller import Caller
from bot.tools.declare import tool
from bot.tools.sight import may_view

MAX_NAME_CHARACTERS = 100  # the longest that Discord allows: of a server, a role or a channel
MAX_ROLES = 15  # the highest; with all of these the text fits one message
UNAVAILABLE = "Discord does not tell of this server now. Try again in a moment."


class Directory(commands.Cog):
    """Tells what is known of people and servers; the bot has no more to tell of anybody than Discord shows."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @tool(idempotent=True, timeout_seconds=2, group="server")
    async def user_info(self, caller: Caller, member: discord.User | None = None) -> str:
        """Show when somebody joined Discord and this server, and which roles they have

        Args:
            member: Whom to show; if left out, you
        """
        person = member or caller.user
        lines = [
            f"**{plain(person.display_name)}** ({plain(person.name)}, id {person.id}) {person.mention}",
            f"On Discord since {when(person.created_at)}",
        ]
        if isinstance(person, discord.Member):
            lines += [*of_member(person)]
        elif caller.guild is not None:
            lines.append("Not a member of this server")
        badges = [flag.name.replace("_", " ") for flag in person.public_flags.all()]
        if person.bot:
            badges.append("bot")
        return "\n".join([*lines, *([f"Badges: {', '.join(badges)}"] if badges else [])])

    @app_commands.guild_only()
    @tool(idempotent=True, group="server")
    async def server_info(self, caller: Caller) -> str:
        """Show how old and how large this server is, and what there is in it that you can see"""
        guild, member = caller.guild, caller.user
        if guild is None or not isinstance(member, discord.Member) or guild.unavailable:
            raise Refusal(UNAVAILABLE)
        seen = Counter(channel.type.name for channel in guild.channels if may_view(channel, member))
        del seen[discord.ChannelType.category.name]
        channels = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(seen.items()))
        lines = [
            f"**{plain(guild.name)}** (id {guild.id})",
            *([plain(guild.description)] if guild.description else []),
            f"Since {when(guild.created_at)}, owned by <@{guild.owner_id}>",
            f"Members: about {await self.members(guild):,}",
            f"Channels that you can see: {channels or 'none'}",
            f"Roles: {len(guild.roles) - 1}",  # without @everyone
        ]
        if guild.premium_subscription_count:
            lines.append(f"Boosts: {guild.premium_subscription_count} (level {guild.premium_tier})")
        return "\n".join(lines)

    async def members(self, guild: discord.Guild) -> int:
        """How many there are now; of those who come and go after the start the bot is not told.  Raises: Refusal."""
        try:
            counted = await self.bot.fetch_guild(guild.id, with_counts=True)
        except NOT_TAKEN as error:
            raise Refusal(UNAVAILABLE) from error
        return counted.approximate_member_count or guild.member_count or 0


def of_member(member: discord.Member) -> list[str]:
    """What a server's members see of one of them."""
    lines = [] if member.joined_at is None else [f"Member since {when(member.joined_at)}"]
    if member.premium_since is not None:
        lines.append(f"Boosts this server since {when(member.premium_since)}")
    names = [plain(role.name) for role in reversed(member.roles) if not role.is_default()]
    more = [f"{len(names) - MAX_ROLES} more"] if len(names) > MAX_ROLES else []
    return [*lines, f"Roles: {', '.join([*names[:MAX_ROLES], *more]) or 'none'}"]


def when(moment: datetime) -> str:
    """A day, in each reader's own calendar, and how long ago it was."""
    return f"{format_dt(moment, 'D')} ({format_dt(moment, 'R')})"


def plain(name: str) -> str:
    """A name that somebody chose, on one line and without effect."""
    return escape_markdown(one_line(name, MAX_NAME_CHARACTERS))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Directory(bot))
