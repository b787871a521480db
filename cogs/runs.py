"""The runs of a place for its moderators: /runs, and what stands under it.

Buttons and menu carry only ids, so that they work after a restart, and are checked when they are used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import acknowledge, respond
from bot.pressing import faults_told, presser
from bot.runs.overview import RunPage, RunView
from bot.runs.summary import RunSummary
from bot.runs.summary_text import SIGNS, option_text

MODERATORS_ONLY = "Only moderators can see the runs: that takes Manage Messages here."


class Step(StrEnum):
    """Where a button leads."""

    LIST = "list"
    SHOW = "show"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Aim:
    """What a person wants to see or do; `page` is the page of the list that they came from."""

    step: Step
    page: int
    run_id: int = 0

    @property
    def custom_id(self) -> str:
        """How a button carries it."""
        return f"parley:runs:{self.step}:{self.run_id}:{self.page}"


def require_moderator(interaction: discord.Interaction[Any]) -> None:
    """Raises: Refusal unless the person moderates the place."""
    if not interaction.permissions.manage_messages:
        raise Refusal(MODERATORS_ONLY)


async def look(interaction: discord.Interaction[ParleyClient], aim: Aim) -> ui.LayoutView:
    """Do what is aimed at, and what the person sees then.  Raises: Refusal."""
    require_moderator(interaction)
    client, place_id = interaction.client, interaction.channel_id or 0
    if aim.step is Step.LIST:
        return list_view(await client.overview.page(place_id, aim.page), aim.page)
    shown = await client.overview.run(place_id, aim.run_id)
    if aim.step is Step.CANCEL:
        await client.service.stop(aim.run_id, presser(interaction))
        shown = await client.overview.run(place_id, aim.run_id)
    return run_view(shown, aim.page)


async def show(interaction: discord.Interaction[ParleyClient], aim: Aim) -> None:
    """Acknowledge, then show it in the same message, or say in words why it does not apply."""
    await acknowledge(interaction)
    async with faults_told(interaction):
        await interaction.edit_original_response(view=await look(interaction, aim))


def list_view(page: RunPage, number: int) -> ui.LayoutView:
    """A page of runs, of which one can be opened."""
    menu = [ui.ActionRow[ui.LayoutView](drawn_menu(page.runs, number))] if page.runs else []
    buttons = [drawn("Refresh", Aim(Step.LIST, number))]
    if number:
        buttons.insert(0, drawn("Newer", Aim(Step.LIST, number - 1)))
    if page.has_older:
        buttons.append(drawn("Older", Aim(Step.LIST, number + 1)))
    return laid_out(page.text, *menu, ui.ActionRow(*buttons))


def run_view(shown: RunView, page: int) -> ui.LayoutView:
    """One run, which can be cancelled while it is live."""
    run = shown.run
    buttons = [drawn("Back", Aim(Step.LIST, page)), drawn("Refresh", Aim(Step.SHOW, page, run.id))]
    if run.is_live and run.cancel_requested_at is None:
        buttons.append(drawn("Cancel", Aim(Step.CANCEL, page, run.id), discord.ButtonStyle.danger))
    return laid_out(shown.text, ui.ActionRow(*buttons))


def laid_out(text: str, *rows: ui.ActionRow[ui.LayoutView]) -> ui.LayoutView:
    """A text in a box with rows of buttons below it."""
    view = ui.LayoutView(timeout=None)
    for item in (ui.Container[ui.LayoutView](ui.TextDisplay(text)), *rows):
        view.add_item(item)
    view.stop()  # discord.py need not keep it: what is under it is found by its custom id
    return view


def drawn(label: str, aim: Aim, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> ui.Button[ui.LayoutView]:
    """A button that leads to what is aimed at."""
    return ui.Button(label=label, style=style, custom_id=aim.custom_id)


def drawn_menu(runs: tuple[RunSummary, ...], page: int) -> ui.Select[ui.LayoutView]:
    """A menu of the runs on a page."""
    options = [discord.SelectOption(label=option_text(run), value=str(run.id), emoji=SIGNS[run.status]) for run in runs]
    return ui.Select(placeholder="Open a run", options=options, custom_id=f"parley:runs:open:{page}")


class RunsButton(
    ui.DynamicItem[ui.Button[ui.LayoutView]],
    template=r"parley:runs:(?P<step>list|show|cancel):(?P<run>[0-9]+):(?P<page>[0-9]+)",
):
    """One of the buttons, whatever message it is under."""

    def __init__(self, aim: Aim) -> None:
        super().__init__(drawn("", aim))
        self.aim = aim

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(Aim(Step(match["step"]), int(match["page"]), int(match["run"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Go where it leads."""
        await show(interaction, self.aim)


class RunsMenu(ui.DynamicItem[ui.Select[ui.LayoutView]], template=r"parley:runs:open:(?P<page>[0-9]+)"):
    """The menu that opens a run."""

    def __init__(self, page: int) -> None:
        super().__init__(drawn_menu((), page))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The menu that a custom id names."""
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the run that was chosen."""
        await show(interaction, Aim(Step.SHOW, self.page, int(self.item.values[0])))


class Runs(commands.Cog):
    """Seeing the runs."""

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_messages=True)
    async def runs(self, interaction: discord.Interaction[ParleyClient]) -> None:
        """See the answers in the making and the latest ones here, what they took, and cancel one"""
        view = await look(interaction, Aim(Step.LIST, 0))
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(RunsButton, RunsMenu)
    await bot.add_cog(Runs())
