"""What one can do here, by themes with buttons between them: /help.

The buttons carry only a theme and a page, so that they work after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeAlias

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient
from bot.commands.access import is_host_only
from bot.commands.sync import AnyCommand
from bot.interactions import CANNOT_WRITE, acknowledge, may_write, respond
from bot.place_settings.table import Trigger
from bot.pressing import faults_told
from bot.reply.characters import units

Interaction: TypeAlias = discord.Interaction[ParleyClient]

# Of a message of 2000 characters, beside what stands around a list.
MAX_LIST_CHARACTERS = 1200
MENU = "**"  # with which the lines of context menus begin; they stand last
BUTTONS = (
    "Under an answer are buttons, for the person who asked and for moderators: **Stop** while it is written, then "
    "**Regenerate**, and **Continue** if it was cut. Some tools wait until one of you approves them."
)


class Theme(StrEnum):
    """What commands are about, as the buttons say it and in their order."""

    CHATTING = "Chatting"
    TOOLS = "Tools"
    DATA = "Your data"
    MODERATORS = "For moderators"
    HOST = "For the host"


BEGINNINGS: Mapping[Theme, str] = {
    Theme.TOOLS: "Tools, for you and for the model:",
    Theme.DATA: "What is kept of you, and what you used:",
    Theme.MODERATORS: "What you may do because you look after this place:",
    Theme.HOST: "What only you may do, who host this bot:",
}
# Commands and menus that everybody may use; all others that are no tools are for chatting.
ABOUT_DATA = frozenset({"privacy", "usage", "allowance", "history", "Forget this"})


@dataclass(frozen=True, slots=True)
class Aim:
    """What a person wants to see."""

    theme: Theme
    page: int = 0


class Help(commands.Cog):
    """Telling what the bot can do."""

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """What I can do here"""
        text, view = await look(interaction, Aim(Theme.CHATTING))
        await respond(lambda: interaction.response.send_message(text, view=view, ephemeral=True))


async def look(interaction: Interaction, aim: Aim) -> tuple[str, ui.View]:
    """A page, and the buttons under it."""
    themes: dict[Theme, list[str]] = {Theme.CHATTING: []}
    for command in await interaction.client.command_access.usable(interaction):
        themes.setdefault(theme_of(interaction, command), []).append(line(interaction, command))
    theme = aim.theme if aim.theme in themes else Theme.CHATTING
    pages = list(paged(sorted(themes[theme], key=lambda each: (each.startswith(MENU), each))))
    number = min(aim.page, len(pages) - 1)
    before, after = await guide(interaction) if theme is Theme.CHATTING else ([BEGINNINGS[theme]], [])
    counted = [f"-# Page {number + 1} of {len(pages)}"] if len(pages) > 1 else []
    text = "\n".join([*before, *(f"- {each}" for each in pages[number]), *after, *counted])
    return text, buttons([each for each in Theme if each in themes], Aim(theme, number), len(pages))


async def guide(interaction: Interaction) -> tuple[list[str], list[str]]:
    """What stands before and after the commands for chatting: how one is answered in this place, by which model."""
    chosen = await interaction.client.setting_desk.chosen(interaction.guild_id, interaction.channel_id or 0)
    said = "What you write to me is sent to its provider, with your display name."
    model = f"-# The model here is `{chosen.model}`. {said}"
    return [how(interaction, chosen.trigger), BUTTONS], [model, *([] if may_write(interaction) else [CANNOT_WRITE])]


def how(interaction: Interaction, trigger: Trigger) -> str:
    """What one has to do in this place to be answered."""
    if interaction.guild is None:
        return "Write to me here; I answer every message."
    is_thread = isinstance(interaction.channel, discord.Thread)
    match trigger:
        case Trigger.MENTION | Trigger.THREADS if is_thread:
            return "Mention me once in this thread; from then on I answer every message in it."
        case Trigger.MENTION:
            mention = interaction.client.mention
            return f"Mention {mention} in a message, reply to one of mine, or write me a direct message."
        case Trigger.ALL:
            return f"Write in this {'thread' if is_thread else 'channel'}; I answer every message."
        case Trigger.REPLY:
            return "Ask with `/ask`, or reply to one of my messages; I answer no others here."
        case Trigger.THREADS:
            return "Open a thread here and mention me in it; in the channel itself I answer only `/ask`."
        case Trigger.OFF:
            return "Ask with `/ask`; I answer no messages here."


def theme_of(interaction: Interaction, command: AnyCommand) -> Theme:
    """Where a command stands."""
    if is_host_only(command):
        return Theme.HOST
    is_slash_command = not isinstance(command, app_commands.ContextMenu)
    if is_slash_command and interaction.client.toolbox.find(command.name, interaction.guild_id) is not None:
        return Theme.TOOLS
    if command.default_permissions is not None:
        return Theme.MODERATORS
    return Theme.DATA if command.name in ABOUT_DATA else Theme.CHATTING


def line(interaction: Interaction, command: AnyCommand) -> str:
    """A command and what it does, in the language of the person as far as that is known."""
    words, locale = interaction.client.words, interaction.locale
    name = words.name(locale, command)
    if isinstance(command, app_commands.ContextMenu):
        target = "message" if command.type is discord.AppCommandType.message else "person"
        return f"{MENU}{name}**, in the menu of a {target} under Apps"
    told = f"`/{name}`: {words.description(locale, command)}"
    if isinstance(command, app_commands.Group):
        told += f" ({', '.join(f'`{words.name(locale, each)}`' for each in command.commands)})"
    return told


def paged(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines on as many pages as they need, at least one."""
    page, room = list[str](), MAX_LIST_CHARACTERS
    for each in lines:
        room -= units(each) + 3
        if page and room < 0:
            yield page
            page, room = [], MAX_LIST_CHARACTERS - units(each) - 3
        page.append(each)
    yield page


def buttons(themes: Iterable[Theme], here: Aim, page_count: int) -> ui.View:
    """Buttons to the other themes, and below them to the pages before and after this one."""
    view = ui.View(timeout=None)
    for theme in themes:
        view.add_item(button(theme, Aim(theme), is_here=theme is here.theme))
    if here.page:
        view.add_item(button("Back", Aim(here.theme, here.page - 1), row=1))
    if here.page + 1 < page_count:
        view.add_item(button("More", Aim(here.theme, here.page + 1), row=1))
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def button(label: str, aim: Aim, *, row: int = 0, is_here: bool = False) -> ui.Button[ui.View]:
    """A button that shows a page."""
    style = discord.ButtonStyle.primary if is_here else discord.ButtonStyle.secondary
    custom_id = f"parley:help:{row}:{aim.theme.name}:{aim.page}"
    return ui.Button(label=label, custom_id=custom_id, style=style, row=row, disabled=is_here)


class HelpButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=rf"parley:help:[01]:(?P<theme>{'|'.join(Theme.__members__)}):(?P<page>[0-9]{{1,6}})",
):
    """One of the buttons, whatever message it is under."""

    def __init__(self, aim: Aim) -> None:
        super().__init__(button(aim.theme, aim))
        self.aim = aim

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(Aim(Theme[match["theme"]], int(match["page"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in the same message, or say in words why not."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            text, view = await look(interaction, self.aim)
            await interaction.edit_original_response(content=text, view=view)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(HelpButton)
    await bot.add_cog(Help())
