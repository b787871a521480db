"""What is stored of the conversations here: /history shows, searches, exports, clears and rewinds it.

Buttons carry a page's number and what is looked for, or what is to be done and who may do it, so that they work after a
restart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.errors import Refusal
from bot.interactions import acknowledge, respond
from bot.pressing import faults_told, presser
from bot.runs.export import Export, exported
from bot.runs.export_text import About, ExportFormat
from bot.runs.history import HistoryPage
from bot.runs.history_text import counted

MAX_WORDS_CHARACTERS = 64  # a button carries them, in the 100 characters of its custom id
CLEAR = (
    "Delete all {messages} of this conversation that I store, for good? What stands in Discord stays there. An answer "
    "that is being written is stopped."
)
REWIND = "Take the {messages} after that one out of my history? What stands in Discord stays there."
NOT_IN_NAMES = r"[^\w-]+"
NOT_ASKED = "Only the person who was asked can answer this."
NO_MESSAGE = (
    "That is no message of this channel. Pick one that is offered while you type, or paste its link, for example "
    "https://discord.com/channels/1/2/3, or its id."
)
NO_SIGHT = "What is stored of a conversation is for those who may read this channel: that takes Read Message History."

Interaction = discord.Interaction[ParleyClient]


class Deed(StrEnum):
    """What somebody may be asked whether to do."""

    CLEAR = "clear"
    CLEAR_PRIVATE = "clear_private"
    REWIND = "rewind"
    NOTHING = "nothing"


LABELS = {
    Deed.CLEAR: ("Delete for good", discord.ButtonStyle.danger),
    Deed.CLEAR_PRIVATE: ("Delete for good", discord.ButtonStyle.danger),
    Deed.REWIND: ("Rewind", discord.ButtonStyle.danger),
    Deed.NOTHING: ("Keep everything", discord.ButtonStyle.secondary),
}


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


class DoButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=r"parley:history:(?P<deed>clear|clear_private|rewind|nothing):(?P<message>[0-9]+):(?P<user>[0-9]+)",
):
    """The answer to the question whether to do what cannot be undone; only who was asked can give it."""

    def __init__(self, deed: Deed, message_id: int, user_id: int) -> None:
        label, style = LABELS[deed]
        custom_id = f"parley:history:{deed}:{message_id}:{user_id}"
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.deed = deed
        self.message_id = message_id
        self.user_id = user_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(Deed(match["deed"]), int(match["message"]), int(match["user"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, or say in words why it does not apply."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            if interaction.user.id != self.user_id:
                raise Refusal(NOT_ASKED)
            done = await carried_out(interaction, self.deed, self.message_id)
            await interaction.edit_original_response(content=done, view=None)


async def carried_out(interaction: discord.Interaction[ParleyClient], deed: Deed, message_id: int) -> str:
    """Do it, and say what was done.  Raises: Refusal."""
    here, who = where(interaction.channel, interaction.guild, interaction.user.id), presser(interaction)
    removal = interaction.client.removal
    match deed:
        case Deed.CLEAR | Deed.CLEAR_PRIVATE:
            count = await removal.clear(here, who, is_private=deed is Deed.CLEAR_PRIVATE)
            return f"{counted(count, 'message')} were deleted for good. A new conversation starts here."
        case Deed.REWIND:
            count = await removal.rewind(here, who, message_id)
            return f"{counted(count, 'message')} left the history. The conversation goes on after the one you chose."
        case Deed.NOTHING:
            return "Nothing was changed."


def asked(deed: Deed, interaction: discord.Interaction[Any], message_id: int = 0) -> ui.View:
    """The buttons under the question whether to do something."""
    view = ui.View(timeout=None)
    for each in (deed, Deed.NOTHING):
        view.add_item(DoButton(each, message_id, interaction.user.id))
    view.stop()
    return view


def message_id_in(text: str, channel_id: int) -> int:
    """The id of a message, given as a link to it or as the id.  Raises: Refusal unless it is one of this channel."""
    found = re.fullmatch(
        r"(?:https://(?:\w+\.)?discord(?:app)?\.com/channels/(?:\d+|@me)/(\d+)/)?(\d{1,20})", text.strip()
    )
    if found is None or (found[1] is not None and int(found[1]) != channel_id):
        raise Refusal(NO_MESSAGE)
    return int(found[2])


class History(commands.GroupCog, name="history", description="See, export or clear what is stored of the conversation"):
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

    @app_commands.command()
    @app_commands.describe(
        format="JSON for programs, Markdown for people",
        private="Your private questions here instead of the common conversation",
    )
    async def export(self, interaction: Interaction, format: ExportFormat, private: bool = False) -> None:
        """Get all that is stored of the conversation here, also before a reset, as a file that only you see"""
        require_sight(interaction)
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        here, now = where(interaction.channel, interaction.guild, interaction.user.id), interaction.created_at
        channel = getattr(interaction.channel, "name", None) or "direct message"
        about = About(
            server=None if interaction.guild is None else interaction.guild.name,
            channel=channel,
            is_private=private,
            at=now,
        )
        is_moderator = interaction.permissions.manage_messages
        entries = self.bot.history.whole(here, is_private=private, is_moderator=is_moderator)
        named = f"{re.sub(NOT_IN_NAMES, '-', channel)}-{now:%Y-%m-%d}"
        async with exported(entries, format, about, max_bytes=interaction.filesize_limit) as export:
            attached = discord.File(export.file, f"{named}.{export.suffix}")
            await interaction.edit_original_response(content=told(export), attachments=[attached])

    @app_commands.command()
    @app_commands.describe(private="Your private questions here instead of the common conversation")
    async def clear(self, interaction: Interaction, private: bool = False) -> None:
        """Delete all that is stored of the conversation here for good, and begin anew"""
        deed = Deed.CLEAR_PRIVATE if private else Deed.CLEAR
        here = where(interaction.channel, interaction.guild, interaction.user.id)
        count = await self.bot.removal.clearing(here, presser(interaction), is_private=private)
        question = CLEAR.format(messages=counted(count, "message"))
        view = asked(deed, interaction)
        await respond(lambda: interaction.response.send_message(question, view=view, ephemeral=True))

    @app_commands.command()
    @app_commands.describe(message="The last message that stays: pick it, or paste its link or id")
    async def rewind(self, interaction: Interaction, message: str) -> None:
        """Take everything after a message out of the history, as if it had not been said"""
        here = where(interaction.channel, interaction.guild, interaction.user.id)
        message_id = message_id_in(message, here.channel_id)
        count = await self.bot.removal.rewinding(here, presser(interaction), message_id)
        question, view = REWIND.format(messages=counted(count, "message")), asked(Deed.REWIND, interaction, message_id)
        await respond(lambda: interaction.response.send_message(question, view=view, ephemeral=True))

    @rewind.autocomplete("message")
    async def latest(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The newest messages of the conversation."""
        require_sight(interaction)
        here = where(interaction.channel, interaction.guild, interaction.user.id)
        found = await self.bot.history.latest(here, typed)
        return [app_commands.Choice(name=name, value=str(message_id)) for name, message_id in found]

    async def _show(self, interaction: Interaction, look: Look) -> None:
        require_sight(interaction)
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        await interaction.edit_original_response(view=await looked(interaction, look))


def told(export: Export) -> str:
    """What is said with a file."""
    if not export.count:
        return "Nothing is stored of this conversation; the file is empty."
    if export.omitted:
        kept = export.count - export.omitted
        return f"Discord takes no larger file: these are the newest {kept:,} of {export.count:,} messages, packed."
    return f"{counted(export.count, 'message')}{', packed' if export.suffix.endswith('gz') else ''}."


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(PageButton, DoButton)
    await bot.add_cog(History(bot))
