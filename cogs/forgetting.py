"""Forget this: the menu of a message that takes it out of the history, and the button that puts it back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient
from bot.interactions import acknowledge, in_time, respond
from bot.pressing import faults_told, presser
from bot.runs.removal import Forgotten

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)  # the database knows a time no closer
QUESTION = "I forgot this message: no model reads it any more. What I answered to it stays; you can forget that too."
ANSWER = "I forgot this answer: no model reads it any more."
FOR_GOOD = "-# It is deleted for good after the next /reset, or at once with /history clear. It stays in Discord."


class UndoButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=r"parley:forgotten:(?P<kind>message|answer):(?P<message>[0-9]+):(?P<at>[0-9]+)",
):
    """Undo, whatever message it is under."""

    def __init__(self, forgotten: Forgotten) -> None:
        kind, at = "answer" if forgotten.is_answer else "message", (forgotten.at - UNIX_EPOCH) // MILLISECOND
        super().__init__(ui.Button(label="Undo", custom_id=f"parley:forgotten:{kind}:{forgotten.message_id}:{at}"))
        self.forgotten = forgotten

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        at = UNIX_EPOCH + int(match["at"]) * MILLISECOND
        return cls(Forgotten(message_id=int(match["message"]), is_answer=match["kind"] == "answer", at=at))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Put it back, or say in words why that does not apply."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            await interaction.client.removal.restore(self.forgotten, presser(interaction))
            await interaction.edit_original_response(content="It is in the history again.", view=None)


class Forgetting(commands.Cog):
    """Takes single messages out of the history."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot
        self.menu = app_commands.ContextMenu(name="Forget this", callback=self.forget)

    async def cog_load(self) -> None:
        """discord.py adds no context menu of a cog by itself."""
        self.bot.tree.add_command(self.menu)

    async def cog_unload(self) -> None:
        """Nor does it take one away."""
        self.bot.tree.remove_command(self.menu.name, type=self.menu.type)

    async def forget(self, interaction: discord.Interaction[ParleyClient], message: discord.Message) -> None:
        """Take a message out of the history, and say what was done."""
        removal = self.bot.removal.forget(interaction.channel_id or 0, presser(interaction), message.id)
        forgotten = await in_time(interaction, removal, ephemeral=True)
        view = ui.View(timeout=None)
        view.add_item(UndoButton(forgotten))
        view.stop()
        sentence = f"{ANSWER if forgotten.is_answer else QUESTION}\n{FOR_GOOD}"
        if interaction.response.is_done():
            await interaction.followup.send(sentence, view=view, ephemeral=True)
            return
        await respond(lambda: interaction.response.send_message(sentence, view=view, ephemeral=True))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(UndoButton)
    await bot.add_cog(Forgetting(bot))
