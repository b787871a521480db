"""Ask about this: the menu of a message that opens a form for a question about it."""

from __future__ import annotations

import logging
import re
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.listening.asking import MAX_QUESTION_CHARACTERS, ask_openly, require_askable
from bot.place_settings.forms import open_form, submitted
from bot.pressing import faults_told

log = logging.getLogger(__name__)


FORM = re.compile(r"parley:ask:(?P<message>[0-9]{1,20})")
QUESTION = "question"
MAX_REMEMBERED = 100  # of the messages whose forms are open; others are asked for, which takes Read Message History
GONE = "I cannot read that message any more, so nothing was asked. Your question was: {question}"


def question_form(message_id: int) -> ui.Modal:
    """The form for the question; what is submitted is found by its custom id."""
    form = ui.Modal(title="Ask about this", custom_id=f"parley:ask:{message_id}")
    words: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=QUESTION, style=discord.TextStyle.paragraph, max_length=MAX_QUESTION_CHARACTERS
    )
    form.add_item(ui.Label(text="Your question", component=words))
    return form


class Asking(commands.Cog):
    """Questions about single messages."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot
        self.messages: dict[int, discord.Message] = {}
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
        self.messages[message.id] = message
        if len(self.messages) > MAX_REMEMBERED:
            del self.messages[next(iter(self.messages))]
        await open_form(interaction, question_form(message.id))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Ask what was written into a form, for all to see, also where it was open over a restart."""
        data: Any = interaction.data or {}
        found = FORM.fullmatch(str(data.get("custom_id", "")))
        if found is not None:
            async with faults_told(interaction):
                question = str(submitted(interaction)[QUESTION])
                about = await self.message(interaction, int(found["message"]), question)
                await ask_openly(interaction, question, about)

    async def message(self, interaction: discord.Interaction[Any], message_id: int, question: str) -> discord.Message:
        """The message that a question is about.  Raises: Refusal, which hands the question back."""
        known = self.messages.get(message_id)
        if known is not None:
            return known
        try:
            if isinstance(interaction.channel, discord.abc.Messageable):
                return await interaction.channel.fetch_message(message_id)
        except NOT_TAKEN as error:
            log.info("a message that is asked about is not to be had: %s", type(error).__name__)
        raise Refusal(GONE.format(question=question))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Asking(bot))
