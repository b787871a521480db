"""Ask about this: the menu of a message that opens a form for a question about it."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient, sentence_for
from bot.interactions import respond, tell
from bot.listening.asking import MAX_QUESTION_CHARACTERS, ask_openly, require_askable


class QuestionForm(ui.Modal, title="Ask about this"):
    """The form for the question."""

    def __init__(self, message: discord.Message) -> None:
        super().__init__()
        self.message = message
        self.question: ui.TextInput[QuestionForm] = ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=MAX_QUESTION_CHARACTERS
        )
        self.add_item(ui.Label(text="Your question", component=self.question))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Ask it, for all to see."""
        await ask_openly(interaction, self.question.value, self.message)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]  # as Modal
        """Say why it cannot be asked."""
        await tell(interaction, sentence_for(error))


class Asking(commands.Cog):
    """Questions about single messages."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot
        self.menu = app_commands.ContextMenu(name="Ask about this", callback=self.ask)

    async def cog_load(self) -> None:
        """discord.py adds no context menu of a cog by itself."""
        self.bot.tree.add_command(self.menu)

    async def cog_unload(self) -> None:
        """Nor does it take one away."""
        self.bot.tree.remove_command(self.menu.name, type=self.menu.type)

    async def ask(self, interaction: discord.Interaction[ParleyClient], message: discord.Message) -> None:
        """Open the form, unless nothing could be asked: nobody is to write a question in vain."""
        await require_askable(interaction, message)
        await respond(lambda: interaction.response.send_modal(QuestionForm(message)))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Asking(bot))
