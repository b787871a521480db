"""What is stored of the conversations here: /history shows, searches, exports, clears and rewinds it.

Buttons carry a page's number and what is looked for, so that they work after a restart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.errors import Refusal
from bot.interactions import acknowledge, respond
from bot.pressing import faults_told
from bot.runs.history import HistoryPage

MAX_WORDS_CHARACTERS = 64  # a button carries them, in the 100 characters of its custom id
NO_SIGHT = "What is stored of a conversation is for those who may read this channel: that takes Read Message History."

Interaction = discord.Interaction[ParleyClient]


@dataclass(frozen=True, slots=True)
class Look:
    """A page that somebody wants to see: of their private talk or of the common one, or of what holds some words."""

    page: int = 0
    is_private: bool = False
    words: str = ""

    @property
    def custom_id(self) -> str:
        """How a button carries it."""
        return f"parley:history:{'private' if self.is_private else 'common'}:{self.page}:{self.words}"


def require_sight(interaction: discord.Interaction[Any]) -> None:
    """Raises: Refusal unless the person may read what was said in this place."""
    allowed = interaction.permissions
    if interaction.guild_id is not None and not (allowed.view_channel and allowed.read_message_history):
        raise Refusal(NO_SIGHT)


async def looked(interaction: discord.Interaction[ParleyClient], look: Look) -> ui.LayoutView:
    """What a page looks like now.  Raises: Refusal."""
    require_sight(interaction)
    here = where(interaction.channel, interaction.guild, interaction.user.id)
    history = interaction.client.history
    if look.words:
        return drawn(await history.search(here, look.words, look.page), look)
    return drawn(await history.page(here, look.page, is_private=look.is_private), look)


def drawn(page: HistoryPage, look: Look) -> ui.LayoutView:
    """A page in a box, with buttons to those before and after it below."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container[ui.LayoutView](ui.TextDisplay(page.text)))
    row = ui.ActionRow[ui.LayoutView]()
    if look.page:
        row.add_item(button("Newer", replace(look, page=look.page - 1)))
    if page.has_older:
        row.add_item(button("Older", replace(look, page=look.page + 1)))
    if row.children:
        view.add_item(row)
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def button(label: str, look: Look) -> ui.Button[ui.LayoutView]:
    """A button that shows a page."""
    return ui.Button(label=label, custom_id=look.custom_id)


class PageButton(
    ui.DynamicItem[ui.Button[ui.LayoutView]],
    template=r"parley:history:(?P<whose>private|common):(?P<page>[0-9]{1,6}):(?P<words>.{0,64})",
):
    """Newer or Older, whatever message it is under."""

    def __init__(self, look: Look) -> None:
        super().__init__(button("", look))
        self.look = look

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(Look(int(match["page"]), match["whose"] == "private", match["words"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in the same message, or say in words why not."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            await interaction.edit_original_response(view=await looked(interaction, self.look))


class History(commands.GroupCog, name="history"):
    """What is stored of the conversation here."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot
        super().__init__()

    @app_commands.command()
    @app_commands.describe(private="Your private questions here instead of the common conversation")
    async def show(self, interaction: Interaction, private: bool = False) -> None:
        """See what is stored of the conversation here since the last reset, and what the model still reads"""
        await self._show(interaction, Look(is_private=private))

    @app_commands.command()
    @app_commands.describe(words="Words that are all in the message, in any order; a phrase in quotes")
    async def search(self, interaction: Interaction, words: Range[str, 1, MAX_WORDS_CHARACTERS]) -> None:
        """Find what was said to me and answered here, also before a reset"""
        await self._show(interaction, Look(words=words))

    async def _show(self, interaction: Interaction, look: Look) -> None:
        require_sight(interaction)
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        await interaction.edit_original_response(view=await looked(interaction, look))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(PageButton)
    await bot.add_cog(History(bot))
