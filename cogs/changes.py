"""What changes after it was said: messages that are edited or deleted, places that the bot loses or gets back."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import discord
from discord.ext import commands

from bot.budgets.model import BudgetReached, Counted
from bot.client import ParleyClient, where
from bot.errors import Refusal
from bot.listening.hearing import is_from_a_person, read, refusal
from bot.runs.changes import PLACE_DELETED, THREAD_LEFT

log = logging.getLogger(__name__)


class Changes(commands.Cog):
    """Tells the runs what is no longer as it was."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A question with other words is answered anew, one without any counts as deleted.

        Most updates are of our own messages, or previews of links, which are no edit of anybody.
        """
        message = payload.message
        if message.edited_at is None or not is_from_a_person(message):
            return
        self.bot.note_change(message.id, message)
        said = read(self.bot, message)
        async with self._heard([message.id]):
            if said.text or said.reply_text is not None:
                await self._reword(message, said.text)
            else:
                await self.bot.changes.forget([message.id])

    async def _reword(self, message: discord.Message, text: str) -> None:
        """Give a question that was taken up other words; to answer it anew is to be asked once more."""
        if not await self.bot.service.knows(message.id):
            return
        try:
            await self.bot.changes.edit(message.id, text, await self._counted(message))
        except BudgetReached as reached:
            await self.bot.turning_away.tell(message, reached)

    async def _counted(self, message: discord.Message) -> Counted | None:
        """What counts for the author of a message; None where they are not answered, or nobody can say."""
        here = where(message.channel, message.guild, message.author.id)
        try:
            chosen = await self.bot.place_settings.at(here.guild_id, here.channel_id)
            if refusal(message, chosen) is not None:
                return None
            return await self.bot.budgets.of(here.guild_id, here.channel_id, here.user_id, chosen)
        except Refusal as why:
            log.warning("an edited question in channel %d is not answered anew: %s", here.channel_id, why)
            return None

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A question that is deleted is no longer answered, nor sent to the model again; nor is an answer."""
        await self._forget([payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many at once."""
        await self._forget(payload.message_ids)

    async def _forget(self, message_ids: Collection[int]) -> None:
        for message_id in message_ids:
            self.bot.note_change(message_id, None)
        async with self._heard(message_ids):
            await self.bot.changes.forget(message_ids)

    @asynccontextmanager
    async def _heard(self, message_ids: Collection[int]) -> AsyncIterator[None]:
        """Do what is in the block after the messages have been taken up, if they are just being heard."""
        async with AsyncExitStack() as turns:
            for message_id in message_ids:
                await turns.enter_async_context(self.bot.turns.of(("message", message_id)))
            yield

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Nothing can be shown in a channel that is gone; discord.py tells of its threads one by one."""
        await self.bot.changes.lose_place(channel.id, PLACE_DELETED)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """The same for a thread."""
        await self.bot.changes.lose_place(payload.thread_id, PLACE_DELETED)

    @commands.Cog.listener()
    async def on_thread_remove(self, thread: discord.Thread) -> None:
        """In a private thread the bot reads and writes only as its member; in others it may stay without."""
        if thread.is_private():
            await self.bot.changes.lose_place(thread.id, THREAD_LEFT)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed from a server; one that is only down is told of by another event."""
        await self.bot.changes.lose_guild(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited, perhaps again."""
        await self.bot.changes.regain_guilds({guild.id})
        await self.bot.changes.regain(places([guild]))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Catch up with removals and invitations that nobody told the bot of, because it was not connected."""
        guilds = self.bot.guilds  # those that are down are among them
        await self.bot.changes.compare({guild.id for guild in guilds}, places(guilds))


def places(guilds: Iterable[discord.Guild]) -> set[int]:
    """The channels and the open threads of servers."""
    return {place.id for guild in guilds for place in (*guild.channels, *guild.threads)}


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Changes(bot))
