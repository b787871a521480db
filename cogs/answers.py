"""The buttons under an answer: Stop, Regenerate, Continue, Retry, ← and →.

They carry only the run's id, and which of its answers they lead to, so that they work after a restart, and are checked
when they are pressed.
"""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.client import ParleyClient
from bot.interactions import acknowledge
from bot.listening.admission import admitted
from bot.pressing import faults_told, presser, private_token
from bot.reply.content import Action, Button
from bot.reply.drawing import drawn

ASK_A_MODEL = frozenset({Action.CONTINUE, Action.REGENERATE, Action.RETRY})


async def press(interaction: discord.Interaction[Any], button: Button) -> None:
    """Do what a button says.  Raises: Refusal."""
    service, who, token = interaction.client.service, presser(interaction), private_token(interaction)
    if button.action in ASK_A_MODEL:
        await admitted(interaction)
    match button.action:
        case Action.STOP:
            await service.stop(button.run_id, who)
        case Action.CONTINUE:
            await service.go_on(button.run_id, who, interaction_token=token)
        case Action.REGENERATE | Action.RETRY:
            await service.again(button.run_id, who, interaction_token=token)
        case Action.PREVIOUS | Action.NEXT if button.number is not None:
            await service.pick(button.run_id, button.number, who, interaction_token=token)


class AnswerButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=r"parley:(?P<action>stop|regenerate|continue|retry|previous|next)(?::(?P<number>[0-9]+))?:(?P<run>[0-9]+)",
):
    """One of the buttons, whatever message it is under."""

    def __init__(self, button: Button) -> None:
        super().__init__(drawn(button))
        self.button = button

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button that a custom id names."""
        number = match["number"]
        return cls(Button(Action(match["action"]), int(match["run"]), None if number is None else int(number)))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge, then do it, or say in words why it does not apply."""
        await acknowledge(interaction)
        async with faults_told(interaction):
            await press(interaction, self.button)


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(AnswerButton)
