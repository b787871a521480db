"""Messages in channels, threads and DMs: which ones are meant for the bot, and what they say."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.errors import ParleyError
from bot.reply.characters import has_content
from bot.runs.service import Said
from bot.settings import Trigger

log = logging.getLogger(__name__)

ORDINARY = (discord.MessageType.default, discord.MessageType.reply)
GREETING = "I am here. Ask me something; `/help` says what I can do."


class Chat(commands.Cog):
    """Hands what is said to the bot to the runs."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is addressed to the bot; bots and webhooks are never answered, so that two bots never talk."""
        if message.author.bot or message.webhook_id is not None or message.type not in ORDINARY:
            return
        try:
            if not await self.is_addressed(message):
                return
            said = self.read(message)
            if not said.text and said.reply_text is None:
                if message.guild is None or self.mention in message.content:
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

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A question that is deleted is no longer answered, nor sent to the model again."""
        await self.bot.service.forget(payload.message_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many at once."""
        for message_id in payload.message_ids:
            await self.bot.service.forget(message_id)

    async def is_addressed(self, message: discord.Message) -> bool:
        """Whether a message is for the bot: a DM, its mention, a reply to it, or said where it takes part."""
        if message.guild is None or self.mention in message.content:
            return True
        if self.bot.settings.trigger is Trigger.ALL or await self.is_reply_to_bot(message):
            return True
        thread = message.channel
        if not isinstance(thread, discord.Thread):
            return False
        return thread.me is not None or await self.bot.service.takes_part(thread.id)

    async def is_reply_to_bot(self, message: discord.Message) -> bool:
        """Whether a message replies to the bot; where Discord does not send the other message, our own record says."""
        reference = message.reference
        if (
            reference is None
            or reference.message_id is None
            or reference.type is not discord.MessageReferenceType.reply
        ):
            return False
        if isinstance(reference.resolved, discord.Message):
            return reference.resolved.author == self.bot.user
        return await self.bot.service.wrote(reference.message_id)

    @property
    def mention(self) -> str:
        """How people mention the bot."""
        return f"<@{self.bot.own_id}>"

    def read(self, message: discord.Message) -> Said:
        """What a message says, with names for mentions and a line for each attachment."""
        resolved = message.reference.resolved if message.reference is not None else None
        replied = resolved if isinstance(resolved, discord.Message) else None
        return Said(
            message_id=message.id,
            author_id=message.author.id,
            author_name=message.author.display_name,
            text=self.words(message),
            reply_author=replied.author.display_name if replied is not None else None,
            reply_text=self.words(replied) if replied is not None else None,
        )

    def words(self, message: discord.Message) -> str:
        """A message's text without the bot's mention; empty if nothing visible is left."""
        own = message.content.replace(self.mention, "").replace(f"<@!{self.bot.own_id}>", "")
        lines = [named(own, message.mentions).strip()]
        lines += [f"[attached file: {attachment.filename}]" for attachment in message.attachments]
        text = "\n".join(line for line in lines if line)
        return text if has_content(text) else ""


def named(text: str, mentions: Sequence[discord.abc.User]) -> str:
    """The text with people's names where it mentions them."""
    for user in mentions:
        text = text.replace(f"<@{user.id}>", f"@{user.display_name}").replace(f"<@!{user.id}>", f"@{user.display_name}")
    return text


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Chat(bot))
