"""Slash commands of a conversation: /ask, /reset."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.interactions import in_time, respond, tell
from bot.listening.admission import admitted
from bot.listening.asking import MAX_QUESTION_CHARACTERS, ask_openly
from bot.runs.service import Said


class Conversation(commands.Cog):
    """Asking, and beginning anew."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        question="What you want to know",
        private="Only you see question and answer, and they stay out of the channel's conversation",
    )
    async def ask(
        self,
        interaction: discord.Interaction[ParleyClient],
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARACTERS],
        private: bool = False,
    ) -> None:
        """Ask a question, openly or so that only you see the answer"""
        if not private:
            await ask_openly(interaction, question)
            return
        await self.bot.opt_outs.require_in(interaction.user.id)
        place = where(interaction.channel, interaction.guild, interaction.user.id)
        name = interaction.user.display_name
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        chosen = await admitted(interaction)
        said = Said(message_id=None, author_id=interaction.user.id, author_name=name, text=question)
        await self.bot.service.receive(place, said, private_token=interaction.token, chosen=chosen)

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction[ParleyClient]) -> None:
        """Start a new conversation here: what was said before is no longer sent to the model"""
        place = where(interaction.channel, interaction.guild, interaction.user.id)
        is_moderator = interaction.permissions.manage_messages
        async with self.bot.turns.of(("channel", place.channel_id)):  # what was said before belongs to what ends
            await in_time(interaction, self.bot.service.reset(place, is_moderator=is_moderator))
        await tell(interaction, "A new conversation starts here.", ephemeral=False)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Conversation(bot))
