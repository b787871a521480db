"""What changes after it was said: messages that are deleted."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.client import ParleyClient


class Changes(commands.Cog):
    """Tells the runs what is no longer there."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A question that is deleted is no longer answered, nor sent to the model again."""
        await self.bot.service.forget(payload.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many at once."""
        for message_id in payload.message_ids:
            await self.bot.service.forget(message_id)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Changes(bot))
