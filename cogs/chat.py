"""Messages in channels, threads and DMs, as they come."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.client import ParleyClient
from bot.listening.hearing import hear


class Chat(commands.Cog):
    """Hears what is said."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is addressed to the bot."""
        await hear(self.bot, message)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Chat(bot))
