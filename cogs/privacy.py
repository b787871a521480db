"""What is stored about a person, and what they decide about it: /privacy.

The buttons carry no id: each acts for whoever presses it, and works after a restart.
"""

from __future__ import annotations

import asyncio
import re
from enum import StrEnum
from typing import Any, Self, TypeAlias

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient
from bot.interactions import acknowledge, in_time, respond, tell
from bot.pressing import faults_told
from bot.privacy.service import BEFORE_DELETION, PrivacyView

Interaction: TypeAlias = discord.Interaction[ParleyClient]
Button: TypeAlias = ui.Button[ui.LayoutView]

# Discord takes what follows an acknowledgement for 15 minutes; most of what there is to delete goes in seconds.
WAIT_SECONDS = 60.0
DELETED = "{count:,} entries about you were deleted or are nobody's now."
BEING_DELETED = "It is being deleted. That goes on without you, also after a restart; look at `/privacy` later."
OPTED_OUT = (
    "From now on I neither answer you nor read what you write. What was stored before stays until you delete it."
)
OPTED_IN = "I answer you again, and read what you write to me."
WHOLE = "This is everything that is stored about you; docs/privacy.md says what is what in it."
NEWEST = (
    "There is more than Discord lets me send: these are the newest {count:,} of each kind. Ask the host for the rest."
)


class Act(StrEnum):
    """What a button does."""

    SHOW = "show"
    EXPORT = "export"
    ASK = "ask"
    DELETE = "delete"
    OPT_OUT = "out"
    OPT_IN = "in"


LABELS = {
    Act.SHOW: "Refresh",
    Act.EXPORT: "Export",
    Act.ASK: "Delete my data…",
    Act.DELETE: "Delete all of it",
    Act.OPT_OUT: "Opt out",
    Act.OPT_IN: "Opt in again",
}
DANGEROUS = frozenset({Act.ASK, Act.DELETE})


def drawn(act: Act, label: str | None = None) -> Button:
    """A button that does something."""
    style = discord.ButtonStyle.danger if act in DANGEROUS else discord.ButtonStyle.secondary
    return ui.Button(label=label or LABELS[act], style=style, custom_id=f"parley:privacy:{act}")


def laid_out(text: str, *buttons: Button) -> ui.LayoutView:
    """A text in a box with buttons below it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container[ui.LayoutView](ui.TextDisplay(text)))
    if buttons:
        view.add_item(ui.ActionRow(*buttons))
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def panel(client: ParleyClient, shown: PrivacyView) -> ui.LayoutView:
    """What a person sees, and what they can do."""
    choice = Act.OPT_IN if shown.has_opted_out else Act.OPT_OUT
    buttons = [drawn(act) for act in (Act.EXPORT, Act.ASK, choice, Act.SHOW)]
    if client.privacy.page_url is not None:
        buttons.append(ui.Button(label="All of it, in words", url=client.privacy.page_url))
    return laid_out(shown.text, *buttons)


async def look(interaction: Interaction) -> ui.LayoutView:
    """The panel of whoever asks.  Raises: Refusal, StoreError."""
    client = interaction.client
    shown = await client.privacy.view(interaction.user.id, interaction.guild_id, interaction.channel_id or 0)
    return panel(client, shown)


async def export(interaction: Interaction) -> None:
    """Send a person their file."""
    found = await interaction.client.privacy.exporting.export(interaction.user.id, interaction.filesize_limit)
    sentence = WHOLE if found.newest is None else NEWEST.format(count=found.newest)
    with found.file:
        await interaction.followup.send(sentence, file=discord.File(found.file, found.name), ephemeral=True)


async def delete(interaction: Interaction) -> ui.LayoutView:
    """Delete a person's data, and what they see then."""
    forgetting = interaction.client.privacy.forgetting
    job_id = await forgetting.ask(interaction.user.id)
    await interaction.edit_original_response(view=laid_out(BEING_DELETED, drawn(Act.SHOW)))
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            count = await forgetting.finished(job_id)
    except TimeoutError:
        return laid_out(BEING_DELETED, drawn(Act.SHOW))
    return laid_out(DELETED.format(count=count), drawn(Act.SHOW))


async def perform(interaction: Interaction, act: Act) -> ui.LayoutView | None:
    """Do what a button says: what the person sees then in place of the panel, None where that stays."""
    opt_outs = interaction.client.privacy.opt_outs
    match act:
        case Act.EXPORT:
            await export(interaction)
            return None
        case Act.ASK:
            return laid_out(BEFORE_DELETION, drawn(Act.DELETE), drawn(Act.SHOW, "Keep it"))
        case Act.DELETE:
            return await delete(interaction)
        case Act.OPT_OUT:
            await opt_outs.leave(interaction.user.id)
            await tell(interaction, OPTED_OUT)
        case Act.OPT_IN:
            await opt_outs.join(interaction.user.id)
            await tell(interaction, OPTED_IN)
        case Act.SHOW:
            return await look(interaction)
    return await look(interaction)


class PrivacyButton(ui.DynamicItem[Button], template=r"parley:privacy:(?P<act>show|export|ask|delete|out|in)"):
    """One of the buttons, for whoever presses it."""

    def __init__(self, act: Act) -> None:
        super().__init__(drawn(act))
        self.act = act

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(Act(match["act"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge, then do it, or say in words why it does not apply."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            view = await perform(interaction, self.act)
            if view is not None:
                await interaction.edit_original_response(view=view)


class Privacy(commands.Cog):
    """Seeing what is stored."""

    @app_commands.command()
    async def privacy(self, interaction: Interaction) -> None:
        """See what is stored about you, export or delete it, or opt out"""
        view = await in_time(interaction, look(interaction), ephemeral=True)
        if interaction.response.is_done():
            await interaction.followup.send(view=view, ephemeral=True)
        else:
            await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(PrivacyButton)
    await bot.add_cog(Privacy())
