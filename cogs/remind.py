"""Reminders: /remind, and /reminders to see and cancel them.

The buttons carry only ids, so that they work after a restart, and are checked when they are pressed.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.errors import Refusal
from bot.interactions import acknowledge, respond, tell
from bot.messages import one_line
from bot.pressing import faults_told
from bot.reply.characters import has_content
from bot.tools.caller import Caller
from bot.tools.declare import tool
from bot.zones import MAX_CHARACTERS as MAX_ZONE_CHARACTERS
from bot.zones import Zones

MAX_TEXT_CHARACTERS = 1000  # half a message: the rest says who asked for it, and when
MAX_WHEN_CHARACTERS = 100
MAX_LISTED_CHARACTERS = 45  # 25 of these with their times fit a message
NOT_THERE = "This reminder is not there any more: it was sent, or cancelled."
NONE_PENDING = "You have no reminders. `/remind` makes one."


class CancelButton(ui.DynamicItem[ui.Button[ui.View]], template=r"parley:reminder:cancel:(?P<id>[0-9]+)"):
    """Cancels one reminder of whoever presses it."""

    def __init__(self, reminder_id: int, label: str = "") -> None:
        style = discord.ButtonStyle.secondary
        super().__init__(ui.Button(label=label, style=style, custom_id=f"parley:reminder:cancel:{reminder_id}"))
        self.reminder_id = reminder_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        return cls(int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel it, show what is left, and say in words why where it cannot be cancelled."""
        await acknowledge(interaction)
        client, user_id = interaction.client, interaction.user.id
        async with faults_told(interaction):
            if not await client.reminders.cancel(self.reminder_id, user_id):
                await tell(interaction, NOT_THERE)
            await interaction.edit_original_response(**await listed(client, user_id))


class Remind(commands.Cog):
    """Reminding people."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot
        self.zones = Zones()

    @tool(idempotent=True, group="reminders")
    async def remind(
        self,
        caller: Caller,
        when: Range[str, 1, MAX_WHEN_CHARACTERS],
        what: Range[str, 1, MAX_TEXT_CHARACTERS],
        zone: Range[str, 1, MAX_ZONE_CHARACTERS] = "UTC",
    ) -> str:
        """Remind the person who asks, at a time, in this place

        Args:
            when: in 20 minutes, 2h30m, 18:30, tomorrow 9:00, friday 6pm or 2026-12-24 18:30
            what: What to be reminded of
            zone: Where it is that time: a large city, a country, an IANA name such as Europe/Berlin, or UTC+2
        """
        if not has_content(what):
            raise Refusal("Say what to remind you of: there is nothing to read in it.")
        text = discord.utils.escape_mentions(" ".join(what.split()))[:MAX_TEXT_CHARACTERS]
        place = where(caller.channel, caller.guild, caller.user.id)
        _, info = self.zones.find(zone)
        made = await self.bot.reminders.add(place, text, when, info, call_id=caller.call_id)
        name = discord.utils.escape_markdown(caller.user.display_name)
        times = f"{discord.utils.format_dt(made.due_at, 'F')} ({discord.utils.format_dt(made.due_at, 'R')})"
        return f"{name} will be reminded on {times}: {made.text}"

    @tool(idempotent=True, group="reminders", for_people=False)
    async def list_reminders(self, caller: Caller) -> str:
        """Tell what the person who asks will be reminded of in this channel"""
        here = where(caller.channel, caller.guild, caller.user.id).channel_id  # all who are here read it
        pending = await self.bot.reminders.pending(caller.user.id)
        lines = (line(each.due_at, each.text) for each in pending if each.channel_id == here)
        return "\n".join(lines) or "There is nothing."

    @app_commands.command()
    async def reminders(self, interaction: discord.Interaction[ParleyClient]) -> None:
        """See what you will be reminded of, and cancel it"""
        shown = await listed(self.bot, interaction.user.id)
        await respond(lambda: interaction.response.send_message(**shown, ephemeral=True))


async def listed(client: ParleyClient, user_id: int) -> dict[str, Any]:
    """A message with a person's reminders, soonest first, and a button for each."""
    pending = await client.reminders.pending(user_id)
    view = ui.View(timeout=None)
    for number, reminder in enumerate(pending, start=1):
        view.add_item(CancelButton(reminder.id, f"Cancel {number}"))
    view.stop()  # discord.py need not keep it: presses go to the dynamic item
    lines = (f"{number}. {line(reminder.due_at, reminder.text)}" for number, reminder in enumerate(pending, start=1))
    return {"content": "\n".join(lines) or NONE_PENDING, "view": view}


def line(due_at: datetime, text: str) -> str:
    """One reminder in a list."""
    return f"{discord.utils.format_dt(due_at, 'f')} {one_line(text, MAX_LISTED_CHARACTERS)}"


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(CancelButton)
    await bot.add_cog(Remind(bot))
