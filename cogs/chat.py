"""Messages in channels, threads and DMs: which ones are taken up."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.errors import ParleyError
from bot.hearing import is_addressed, is_from_a_person, is_mentioned, read

log = logging.getLogger(__name__)

GREETING = "I am here. Ask me something; `/help` says what I can do."


class Chat(commands.Cog):
    """Hands what is said to the bot to the runs."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is addressed to the bot."""
        if not is_from_a_person(message):
            return
        try:
            if not await is_addressed(self.bot, message):
                return
            said = read(self.bot, message)
            if not said.text and said.reply_text is None:
                if message.guild is None or is_mentioned(self.bot, message):
                    await self.reply(message, GREETING)
                return
            await self.bot.service.receive(where(message.channel, message.guild, message.author.id), said)
        except ParleyError as error:
            log.error("a message could not be taken up: %s", error)
            await self.reply(message, str(error))

    @staticmethod
    async def reply(message: discord.Message, sentence: str) -> None:
        """Answer in our own words, where that is possible."""
        try:
            await message.reply(sentence, mention_author=False)
        except discord.HTTPException as error:
            log.info("no reply in channel %d: %s", message.channel.id, error)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Chat(bot))
