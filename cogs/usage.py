"""What answers took: /usage, for oneself, for moderators and for the host."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Self
from zoneinfo import ZoneInfo

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.interactions import acknowledge, respond
from bot.messages import one_line
from bot.pressing import faults_told
from bot.tools.slash import Shown
from bot.usage.access import offered, subject_of
from bot.usage.chart import By
from bot.usage.names import Names
from bot.usage.panel import AIM, OFFERED, USUAL, Aim, Period, controls, drawn, drawn_menu, laid_out
from bot.usage.subject import Subject, Whose

ONE_ONLY = "Choose a channel or a member, or say whose usage you mean: one of the three."
NOBODY = "There is no usage of “{whose}”. Write me, channel, server or host."
MAX_WISH_CHARACTERS = 20

Interaction = discord.Interaction[ParleyClient]


async def zone_of(interaction: Interaction) -> tzinfo:
    """Where days begin, as the server has it.  Raises: Refusal, StoreError."""
    values = await interaction.client.place_settings.at(interaction.guild_id, interaction.channel_id or 0)
    return ZoneInfo(values.time_zone)


def names_for(interaction: Interaction, subject: Subject) -> Names:
    """What the places of a subject are called."""
    return Names(interaction.client, of_servers=subject.whose is Whose.HOST)


async def look(interaction: Interaction, aim: Aim) -> tuple[ui.LayoutView, list[discord.File]]:
    """What is aimed at, as a person sees it.  Raises: Refusal."""
    subject = await subject_of(interaction, aim.whose, aim.id)
    zone, names = await zone_of(interaction), names_for(interaction, subject)
    page = await interaction.client.usage_reports.page(subject, aim.days, aim.by, zone, names)
    files = Shown(text="", files=() if page.picture is None else (page.picture,)).attachments()
    return laid_out(page, files, controls(aim, await offered(interaction), interaction.channel_id or 0)), files


async def show(interaction: Interaction, aim: Aim) -> None:
    """Acknowledge, then show it in the same message, or say in words why it does not apply."""
    await acknowledge(interaction)
    async with faults_told(interaction):
        view, files = await look(interaction, aim)
        await interaction.edit_original_response(view=view, attachments=files)


def aim_of(match: re.Match[str]) -> Aim:
    """What a control carries."""
    return Aim(whose=Whose(match["whose"]), id=int(match["id"]), days=int(match["days"]), by=By(match["by"]))


class UsageButton(
    ui.DynamicItem[ui.Button[ui.LayoutView]],
    template=rf"parley:usage:(?P<control>days|by|csv|providers):{AIM}",
):
    """One of the buttons, whatever message it is under."""

    def __init__(self, control: str, aim: Aim) -> None:
        super().__init__(drawn("", aim, control))
        self.control = control
        self.aim = aim

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(match["control"], aim_of(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show what it leads to here, or hand it over."""
        if self.control in ("days", "by"):
            await show(interaction, self.aim)
            return
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        async with faults_told(interaction):
            await (self._tell_of_providers if self.control == "providers" else self._hand_over)(interaction)

    async def _tell_of_providers(self, interaction: Interaction) -> None:
        await subject_of(interaction, Whose.HOST, 0)
        await interaction.followup.send(await interaction.client.spending.for_host(), ephemeral=True)

    async def _hand_over(self, interaction: Interaction) -> None:
        subject = await subject_of(interaction, self.aim.whose, self.aim.id)
        zone, names = await zone_of(interaction), names_for(interaction, subject)
        file, note = await interaction.client.usage_reports.table(subject, self.aim.days, zone, names)
        files = Shown(text="", files=(file,)).attachments()
        await interaction.followup.send(note, files=files, ephemeral=True)


class UsageMenu(
    ui.DynamicItem[ui.Select[ui.LayoutView]],
    template=r"parley:usage:whose:(?P<days>7|30|90):(?P<by>day|model|place)",
):
    """The menu of whose usage is shown."""

    def __init__(self, aim: Aim) -> None:
        super().__init__(drawn_menu(aim, [Whose.ME], 0))
        self.aim = aim

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The menu that a custom id names."""
        return cls(Aim(whose=Whose.ME, days=int(match["days"]), by=By(match["by"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the usage that was chosen."""
        whose = Whose(self.item.values[0])
        if whose is Whose.CHANNEL:
            by = By.DAY if self.aim.by is By.PLACE else self.aim.by
            await show(interaction, Aim(whose=whose, id=interaction.channel_id or 0, days=self.aim.days, by=by))
        else:
            await show(interaction, replace(self.aim, whose=whose))


class Usage(commands.Cog):
    """Telling what answers took."""

    @app_commands.command()
    @app_commands.describe(
        of="Whose usage: your own unless you say otherwise",
        days="How many days: 30 unless you say otherwise",
        channel="For moderators: one channel",
        member="For moderators: one member",
    )
    async def usage(
        self,
        interaction: discord.Interaction[Any],
        of: str | None = None,
        days: Period = USUAL,
        channel: discord.abc.GuildChannel | discord.Thread | None = None,
        member: discord.Member | None = None,
    ) -> None:
        """See how many tokens answers took and what they cost, by day, model and channel"""
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        aim = aimed(interaction, of, None if channel is None else channel.id, None if member is None else member.id)
        view, files = await look(interaction, replace(aim, days=days))
        await interaction.followup.send(view=view, files=files, ephemeral=True)

    @usage.autocomplete("of")
    async def whose(self, interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        """Whose usage the person may see."""
        named = [(OFFERED[whose], whose) for whose in await offered(interaction)]
        return [app_commands.Choice(name=name, value=whose) for name, whose in named if typed.lower() in name.lower()]


def aimed(interaction: Interaction, of: str | None, channel_id: int | None, member_id: int | None) -> Aim:
    """What the options of the command mean.  Raises: Refusal."""
    if sum(option is not None for option in (of, channel_id, member_id)) > 1:
        raise Refusal(ONE_ONLY)
    if channel_id is not None:
        return Aim(whose=Whose.CHANNEL, id=channel_id)
    if member_id is not None:
        return Aim(whose=Whose.MEMBER, id=member_id)
    wished = (of or Whose.ME).strip().lower()
    if wished not in OFFERED:
        raise Refusal(NOBODY.format(whose=one_line(wished, MAX_WISH_CHARACTERS)))
    whose = Whose(wished)
    return Aim(whose=whose, id=(interaction.channel_id or 0) if whose is Whose.CHANNEL else 0)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(UsageButton, UsageMenu)
    await bot.add_cog(Usage())
