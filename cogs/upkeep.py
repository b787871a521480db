"""What a server's log channel is told of changed settings, and what becomes of those of deleted roles and places."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import ParleyError
from bot.log_channel import post
from bot.place_settings.log import Act
from bot.place_settings.strangers import lost_places, named_roles, without_roles
from bot.places import Place, PlaceKind

log = logging.getLogger(__name__)


class Upkeep(commands.Cog):
    """Hears of changes, and of deleted roles and places."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_settings_changed(self, act: Act) -> None:
        """Tell the server's moderators, where they chose a channel for it."""
        guild_id = act.changes[0].guild_id
        if guild_id is None:
            return
        try:
            values = await self.bot.place_settings.around((Place(kind=PlaceKind.GUILD, id=guild_id),))
        except ParleyError as error:
            log.warning("a change in guild %d could not be told: %s", guild_id, error)
            return
        if values.log_channel is not None:
            await post(self.bot, guild_id, values.log_channel, act.text)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel or a category takes along what was chosen for it."""
        await self._forget({Place(kind=kind, id=channel.id) for kind in (PlaceKind.CHANNEL, PlaceKind.CATEGORY)})

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """So does a thread."""
        await self._forget({Place(kind=PlaceKind.THREAD, id=payload.thread_id)})

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """A rule that names a role is without it from now on."""
        await self._let_go_of_roles(role.guild.id, {role.id})

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Catch up with what was deleted while the bot was not connected."""
        try:
            chosen = await self.bot.place_settings.guilds()
        except ParleyError as error:
            log.warning("what was deleted meanwhile is not looked for: %s", error)
            return
        for guild in self.bot.guilds:
            if guild.id in chosen and not guild.unavailable:
                await self._compare(guild)

    async def _compare(self, guild: discord.Guild) -> None:
        try:
            known = await self.bot.place_settings.of_guild(guild.id)
        except ParleyError as error:
            log.warning("what was deleted in guild %d is not looked for: %s", guild.id, error)
            return
        lost = lost_places(known, {channel.id for channel in guild.channels})
        if lost:
            await self._forget(lost)
        gone = named_roles(known) - {role.id for role in guild.roles}
        if gone:
            await self._let_go_of_roles(guild.id, gone)

    async def _forget(self, places: frozenset[Place] | set[Place]) -> None:
        try:
            await self.bot.place_settings.forget(places)
        except ParleyError as error:
            log.warning("settings of deleted places are still kept: %s", error)

    async def _let_go_of_roles(self, guild_id: int, gone: frozenset[int] | set[int]) -> None:
        try:
            allowed = self.bot.place_settings.limits.of(guild_id)
            found = without_roles(await self.bot.place_settings.of_guild(guild_id), gone)
            # What the host does not allow does not count, and can only be taken back.
            edits = [each for each in found if each.value is None or not allowed.objection(each.name, each.value)]
            if edits:
                await self.bot.place_settings.change(guild_id, edits, self.bot.own_id)
        except ParleyError as error:
            log.warning("settings in guild %d still name deleted roles: %s", guild_id, error)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Upkeep(bot))
