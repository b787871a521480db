"""Budgets of tokens, money and questions: /budget for those who manage a place, /allowance for everybody."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.budgets.desk import NO_SUCH, label
from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import acknowledge, in_time, respond, tell
from bot.matching import holds, terms
from bot.place_settings.budget_names import BudgetName, Period, Subject, Unit
from bot.place_settings.managing import require_manager
from bot.place_settings.records import tell_kept
from bot.places import Place, PlaceKind, Reach
from bot.pressing import faults_told

Interaction = discord.Interaction[ParleyClient]

MAX_SUGGESTIONS, MAX_SUGGESTION_CHARACTERS = 25, 100  # as Discord allows
WHERE = "How far it reaches, this channel or thread if you do not say; all budgets around count together"
ROLE_OR_MEMBER = "A budget is for a role or for a member, not for both."
NEEDS_ROLE = "Say which role it is for: `role`."
NEEDS_MEMBER = "Say which member it is for: `member`."


class Whom(StrEnum):
    """For whom a budget is."""

    EVERYBODY = "everybody"
    EACH = "each"
    ROLE = "role"
    MEMBER = "member"


@app_commands.guild_only()
@app_commands.default_permissions(manage_channels=True)
class Budget(commands.GroupCog, name="budget", description="Limit what may be used here"):
    """Limiting what may be used in a place."""

    def __init__(self, bot: ParleyClient) -> None:
        self.desk = bot.budget_desk

    @app_commands.command()
    @app_commands.rename(whom="for")
    @app_commands.describe(
        amount="How much: 50000 tokens, 0.50 dollars, 20 questions; 0 allows nothing",
        unit="What is counted",
        period="How long it counts, by the server's calendar",
        whom="Who uses it, everybody together if you do not say; each with a role: each of its members",
        role="The role, for a budget of its members",
        member="The member, for a budget of their own",
        where=WHERE,
    )
    async def set(
        self,
        interaction: Interaction,
        amount: Range[str, 1, 30],
        unit: Unit,
        period: Period,
        whom: Whom | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
        where: Reach = Reach.HERE,
    ) -> None:
        """Set the most that may be used here in some time; one that is there already is replaced"""
        subject, id = chosen(whom, role, member)
        name = BudgetName(subject=subject, id=id, unit=unit, period=period)
        guild_id, channel_id = here(interaction)
        place = await self.desk.place(guild_id, channel_id, where)
        require_manager(interaction, place)
        work = self.desk.set(guild_id, place, name, amount, interaction.user.id)
        await tell_kept(interaction, await in_time(interaction, work, ephemeral=True))

    @app_commands.command(name="list")
    async def show(self, interaction: Interaction) -> None:
        """See the budgets that count here, how much of each is used, and when it begins anew"""
        view = await drawn(interaction, 0)
        await respond(lambda: interaction.response.send_message(view=view, ephemeral=True))

    @app_commands.command()
    @app_commands.describe(budget="The budget")
    async def remove(self, interaction: Interaction, budget: Range[str, 1, MAX_SUGGESTION_CHARACTERS]) -> None:
        """Take a budget of this place away"""
        place, name = parsed(budget)
        require_manager(interaction, place)
        work = self.desk.remove(here(interaction)[0], place, name, interaction.user.id)
        await tell_kept(interaction, await in_time(interaction, work, ephemeral=True))

    @remove.autocomplete("budget")
    async def suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """The budgets around here that hold what was typed."""
        guild, wanted = interaction.guild, terms(typed)
        if guild is None:
            return []
        names = {each.id: f"@{each.name}" for each in guild.roles} | {
            each.id: f"#{each.name}" for each in guild.channels
        }
        rules = await self.desk.rules(*here(interaction))
        labelled = [(label(each, names), f"{each.place.kind}:{each.place.id}:{each.name}") for each in rules]
        fitting = [(text[:MAX_SUGGESTION_CHARACTERS], value) for text, value in labelled if holds(text, wanted)]
        return [Choice(name=text, value=value) for text, value in fitting][:MAX_SUGGESTIONS]


class Allowance(commands.Cog):
    """Telling people what is left for them."""

    @app_commands.command()
    async def allowance(self, interaction: Interaction) -> None:
        """See how much you can still use here, and when it begins anew"""
        desk, channel_id = interaction.client.budget_desk, interaction.channel_id or 0
        work = desk.mine(interaction.guild_id, channel_id, interaction.user.id)
        await tell(interaction, await in_time(interaction, work, ephemeral=True))


def chosen(whom: Whom | None, role: discord.Role | None, member: discord.Member | None) -> tuple[Subject, int]:
    """For whom a budget is; a role or a member that was named says it too.  Raises: Refusal."""
    if role is not None and member is not None:
        raise Refusal(ROLE_OR_MEMBER)
    if member is not None or whom is Whom.MEMBER:
        if member is None:
            raise Refusal(NEEDS_MEMBER)
        return Subject.MEMBER, member.id
    if role is not None:
        return (Subject.EACH_OF_ROLE if whom is Whom.EACH else Subject.ROLE), role.id
    if whom is Whom.ROLE:
        raise Refusal(NEEDS_ROLE)
    return (Subject.EACH if whom is Whom.EACH else Subject.ALL), 0


def parsed(value: str) -> tuple[Place, BudgetName]:
    """The budget that was chosen of those that were offered.  Raises: Refusal."""
    kind, _, rest = value.partition(":")
    id, _, name = rest.partition(":")
    try:
        return Place(kind=PlaceKind(kind), id=int(id)), BudgetName.parse(name)
    except ValueError:
        raise Refusal(NO_SUCH) from None


def here(interaction: discord.Interaction[Any]) -> tuple[int, int]:
    """The server and the channel."""
    return interaction.guild_id or 0, interaction.channel_id or 0


async def drawn(interaction: Interaction, page: int) -> ui.LayoutView:
    """A page of the list.  Raises: Refusal unless the person manages the channel."""
    guild_id, channel_id = here(interaction)
    desk = interaction.client.budget_desk
    require_manager(interaction, await desk.place(guild_id, channel_id, Reach.HERE))
    roles = () if interaction.guild is None else [role.id for role in interaction.guild.roles]
    text, has_more = await desk.page(guild_id, channel_id, page, roles)
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container[ui.LayoutView](ui.TextDisplay(text)))
    pages = [("Back", page - 1)] if page else []
    pages += [("Refresh", page), *([("More", page + 1)] if has_more else [])]
    view.add_item(ui.ActionRow[ui.LayoutView](*(turning(label, number) for label, number in pages)))
    view.stop()  # what is under it is found by its custom id
    return view


def turning(label: str, page: int) -> ui.Button[ui.LayoutView]:
    """A button that leads to a page."""
    return ui.Button(label=label, custom_id=f"parley:budgets:{label.lower()}:{page}")


class BudgetsButton(
    ui.DynamicItem[ui.Button[ui.LayoutView]], template=r"parley:budgets:(?P<label>[a-z]+):(?P<page>[0-9]{1,4})"
):
    """One of the buttons, whatever message it is under."""

    def __init__(self, label: str, page: int) -> None:
        super().__init__(turning(label, page))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(match["label"], int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in the same message."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            await interaction.edit_original_response(view=await drawn(interaction, self.page))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(BudgetsButton)
    await bot.add_cog(Budget(bot))
    await bot.add_cog(Allowance())
