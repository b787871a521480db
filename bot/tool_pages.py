"""The list of tools with its buttons, which carry only a page's number, so that they work after a restart."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.client import ParleyClient
from bot.http_tools.panel import require_manager
from bot.interactions import acknowledge
from bot.pressing import faults_told
from bot.tool_overview import ToolOverview, ToolPage


def overview_of(client: ParleyClient) -> ToolOverview:
    """What can be shown and switched."""
    return ToolOverview(
        client.toolbox,
        client.tool_rules,
        client.notices,
        is_offered=client.settings.tools_enabled,
        servers=client.mcp.statuses,
        model_of=client.setting_desk.model,
    )


async def look(interaction: discord.Interaction[ParleyClient], number: int) -> ui.LayoutView:
    """What a page of the list looks like now.  Raises: Refusal."""
    guild_id = require_manager(interaction)
    return drawn(await overview_of(interaction.client).page(guild_id, interaction.channel_id or 0, number))


def drawn(page: ToolPage) -> ui.LayoutView:
    """A page in a box, with buttons to those before and after it below."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container[ui.LayoutView](ui.TextDisplay(page.text)))
    if page.page_count > 1:
        view.add_item(ui.TextDisplay(f"-# Page {page.number + 1} of {page.page_count}"))
    row = ui.ActionRow[ui.LayoutView]()
    if page.number:
        row.add_item(button("Back", page.number - 1))
    row.add_item(button("Refresh", page.number))
    if page.number + 1 < page.page_count:
        row.add_item(button("More", page.number + 1))
    view.add_item(row)
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def button(label: str, number: int) -> ui.Button[ui.LayoutView]:
    """A button that shows a page."""
    return ui.Button(label=label, custom_id=f"parley:tools:{label.lower()}:{number}")


class ToolsButton(
    ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"parley:tools:(?:back|refresh|more):(?P<page>[0-9]{1,6})"
):
    """One of the buttons, whatever message it is under."""

    def __init__(self, number: int) -> None:
        super().__init__(button("Refresh", number))
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in the same message, or say in words why not."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            await interaction.edit_original_response(view=await look(interaction, self.number))
