"""What moderators fill in and press: the form of a tool, its menus of roles and channels, and the last question.

Menus and the button to remove carry only a tool's id, so that they work after a restart; what was typed into a form
and was not right is kept in memory, for as long as Discord takes answers to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import discord
from discord import ui

from bot.client import ParleyClient, sentence_for
from bot.errors import Refusal
from bot.http_tools.card import card_text
from bot.http_tools.entry import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_ENDPOINT_CHARACTERS,
    MAX_PARAMETERS_CHARACTERS,
    MAX_SECRET_CHARACTERS,
    NO_SECRET,
    Entry,
    shown_parameters,
)
from bot.http_tools.service import Traits
from bot.interactions import acknowledge, respond, tell
from bot.pressing import faults_told
from bot.store.http_tools import HttpTool
from bot.tools.options import MAX_NAME_CHARACTERS

MANAGERS_ONLY = "Only moderators can change tools: that takes Manage Server."
NOT_SYNCED = "Discord has not taken the slash command yet; I try again until it does."
KEPT_SECRET = f"Signs each request. Left empty it stays as it is; {NO_SECRET} takes it away"
NOT_SAVED = "Nothing was saved yet."
# As long as Discord takes answers to what a person did: interactions/receiving-and-responding.mdx.
KEPT_SECONDS = 900.0
MAX_MESSAGE_CHARACTERS = 2000
MAX_CHOSEN = 25
CHANNELS = (
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
)

Interaction = discord.Interaction[ParleyClient]


def require_manager(interaction: discord.Interaction[Any]) -> int:
    """The guild that the person manages.  Raises: Refusal."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise Refusal(MANAGERS_ONLY)
    return interaction.guild_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a form is for: a new tool with these traits, or the tool of this id."""

    tool_id: int | None = None
    traits: Traits = field(default_factory=Traits)

    async def save(self, interaction: Interaction, entry: Entry) -> tuple[HttpTool, bool]:
        """The tool as it is kept, and whether Discord took its command.  Raises: Refusal."""
        guild_id, http_tools = require_manager(interaction), interaction.client.http_tools
        if self.tool_id is None:
            return await http_tools.add(guild_id, interaction.user.id, entry, self.traits)
        return await http_tools.edit(guild_id, self.tool_id, entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form."""

    label: str
    hint: str
    max_characters: int
    is_long: bool = False
    is_required: bool = True


FIELDS = {
    "name": Field(label="Name", hint="a-z, 0-9, - and _; people type / and this", max_characters=MAX_NAME_CHARACTERS),
    "description": Field(
        label="Description",
        hint="What it does, for people and for the model",
        max_characters=MAX_DESCRIPTION_CHARACTERS,
    ),
    "parameters": Field(
        label="Parameters",
        hint='One on each line, such as days?: integer 1..7 = 3 "How many"; or a JSON schema',
        max_characters=MAX_PARAMETERS_CHARACTERS,
        is_long=True,
        is_required=False,
    ),
    "endpoint": Field(
        label="Endpoint",
        hint="GET, POST, PUT, PATCH or DELETE, and an https address",
        max_characters=MAX_ENDPOINT_CHARACTERS,
    ),
    "secret": Field(
        label="Secret",
        hint="16 to 200 characters that sign each request; without one they are not signed",
        max_characters=MAX_SECRET_CHARACTERS,
        is_required=False,
    ),
}


class ToolForm(ui.Modal):
    """The form of a tool, with what is known of it filled in; a secret is never shown again."""

    def __init__(self, draft: Draft, entry: Entry) -> None:
        super().__init__(title="Add a tool" if draft.tool_id is None else "Edit a tool", timeout=KEPT_SECONDS)
        self._draft, self._entry = draft, entry
        self._inputs = {name: text_input(name, getattr(replace(entry, secret=""), name)) for name in FIELDS}
        hints = {name: known.hint for name, known in FIELDS.items()}
        if draft.tool_id is not None:
            hints["secret"] = KEPT_SECRET
        for name, given in self._inputs.items():
            self.add_item(ui.Label(text=FIELDS[name].label, description=hints[name], component=given))

    async def on_submit(self, interaction: Interaction, /) -> None:  # type: ignore[override]  # it is always our client
        """Save it, or say what is wrong and offer what was typed again."""
        typed = {name: given.value for name, given in self._inputs.items()}
        entry = Entry(**typed | {"secret": typed["secret"] or self._entry.secret})
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        try:
            tool, is_synced = await self._draft.save(interaction, entry)
        except Exception as error:
            sentence = f"{NOT_SAVED}\n{sentence_for(error)}"[:MAX_MESSAGE_CHARACTERS]
            await interaction.edit_original_response(content=sentence, view=Correction(self._draft, entry))
            return
        await interaction.edit_original_response(content=card(tool, is_synced), view=menus(tool))

    async def on_error(  # type: ignore[override]  # as discord.py 2.7.1 declares it for modals
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Tell the person in a sentence."""
        await tell(interaction, sentence_for(error))


def text_input(name: str, value: str) -> ui.TextInput[ToolForm]:
    """What a field is typed into."""
    known = FIELDS[name]
    return ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if known.is_long else discord.TextStyle.short,
        default=value[: known.max_characters] or None,
        max_length=known.max_characters,
        required=known.is_required,
    )


def entry_of(tool: HttpTool) -> Entry:
    """A tool as its form shows it."""
    return Entry(
        name=tool.name,
        description=tool.description,
        parameters=shown_parameters(tool.parameters),
        endpoint=f"{tool.method} {tool.url}",
    )


class Correction(ui.View):
    """Under what is wrong with a form: the same form again, as it was typed."""

    def __init__(self, draft: Draft, entry: Entry) -> None:
        super().__init__(timeout=KEPT_SECONDS)
        self._draft, self._entry = draft, entry

    @ui.button(label="Correct it", style=discord.ButtonStyle.primary)
    async def correct(self, interaction: discord.Interaction[Any], _: ui.Button[Self]) -> None:
        """Open the form."""
        await respond(lambda: interaction.response.send_modal(ToolForm(self._draft, self._entry)))


def card(tool: HttpTool, is_synced: bool) -> str:
    """How a tool stands now."""
    return card_text(tool) if is_synced else f"{card_text(tool)}\n{NOT_SYNCED}"


def menus(tool: HttpTool) -> ui.View:
    """The menus under a tool's card."""
    view = ui.View(timeout=None)
    view.add_item(roles_menu(tool.id, tool.role_ids))
    view.add_item(channels_menu(tool.id, tool.channel_ids))
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def roles_menu(tool_id: int, chosen: Iterable[int] = ()) -> ui.RoleSelect[ui.View]:
    """The menu of the roles that may use a tool."""
    return ui.RoleSelect(
        custom_id=f"parley:http:roles:{tool_id}",
        placeholder="Who may use it: everybody",
        min_values=0,
        max_values=MAX_CHOSEN,
        default_values=[discord.SelectDefaultValue.from_role(discord.Object(each)) for each in chosen],
    )


def channels_menu(tool_id: int, chosen: Iterable[int] = ()) -> ui.ChannelSelect[ui.View]:
    """The menu of the channels where a tool can be used."""
    return ui.ChannelSelect(
        custom_id=f"parley:http:channels:{tool_id}",
        placeholder="Where it can be used: everywhere",
        channel_types=list(CHANNELS),
        min_values=0,
        max_values=MAX_CHOSEN,
        default_values=[discord.SelectDefaultValue.from_channel(discord.Object(each)) for each in chosen],
    )


async def restrict(interaction: Interaction, tool_id: int, traits: Traits) -> None:
    """Let only certain roles, or only certain channels, have a tool, and show how it stands then."""
    await acknowledge(interaction)
    async with faults_told(interaction):
        tool, is_synced = await interaction.client.http_tools.change(require_manager(interaction), tool_id, traits)
        await interaction.edit_original_response(content=card(tool, is_synced), view=menus(tool))


class RolesMenu(ui.DynamicItem[ui.RoleSelect[ui.View]], template=r"parley:http:roles:(?P<tool>[0-9]+)"):
    """The menu of roles, whatever message it is under."""

    def __init__(self, tool_id: int) -> None:
        super().__init__(roles_menu(tool_id))
        self.tool_id = tool_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The menu that a custom id names."""
        return cls(int(match["tool"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep what was chosen."""
        await restrict(interaction, self.tool_id, Traits(role_ids=tuple(role.id for role in self.item.values)))


class ChannelsMenu(ui.DynamicItem[ui.ChannelSelect[ui.View]], template=r"parley:http:channels:(?P<tool>[0-9]+)"):
    """The menu of channels, whatever message it is under."""

    def __init__(self, tool_id: int) -> None:
        super().__init__(channels_menu(tool_id))
        self.tool_id = tool_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The menu that a custom id names."""
        return cls(int(match["tool"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep what was chosen."""
        await restrict(interaction, self.tool_id, Traits(channel_ids=tuple(each.id for each in self.item.values)))


class RemoveButton(ui.DynamicItem[ui.Button[ui.View]], template=r"parley:http:remove:(?P<tool>[0-9]+)"):
    """The last question before a tool is removed."""

    def __init__(self, tool_id: int) -> None:
        custom_id = f"parley:http:remove:{tool_id}"
        super().__init__(ui.Button(label="Remove it", style=discord.ButtonStyle.danger, custom_id=custom_id))
        self.tool_id = tool_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(int(match["tool"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Remove the tool."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            await interaction.client.http_tools.remove(require_manager(interaction), self.tool_id)
            await interaction.edit_original_response(content="The tool was removed, with its command.", view=None)


def last_question(tool_id: int) -> ui.View:
    """The button that removes a tool."""
    view = ui.View(timeout=None)
    view.add_item(RemoveButton(tool_id))
    view.stop()
    return view
