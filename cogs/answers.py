"""The buttons under an answer: Stop, Regenerate, Continue, Retry.

They carry only the run's id, so that they work after a restart, and are checked when they are pressed.
"""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.client import ParleyClient, sentence_for
from bot.interactions import acknowledge, tell
from bot.reply.content import Action, Button
from bot.reply.drawing import drawn
from bot.runs.service import Presser, RunService


async def press(service: RunService, button: Button, presser: Presser, *, interaction_token: str | None) -> None:
    """Do what a button says.  Raises: Refusal."""
    match button.action:
        case Action.STOP:
            await service.stop(button.run_id, presser)
        case Action.CONTINUE:
            await service.go_on(button.run_id, presser, interaction_token=interaction_token)
        case Action.REGENERATE | Action.RETRY:
            await service.again(button.run_id, presser, interaction_token=interaction_token)


class AnswerButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=r"parley:(?P<action>stop|regenerate|continue|retry):(?P<run>[0-9]+)",
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
        return cls(Button(Action(match["action"]), int(match["run"])))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge, then do it, or say in words why it does not apply."""
        await acknowledge(interaction)
        presser = Presser(user_id=interaction.user.id, is_moderator=interaction.permissions.manage_messages)
        is_private = interaction.message is not None and interaction.message.flags.ephemeral
        token = interaction.token if is_private else None
        try:
            await press(interaction.client.service, self.button, presser, interaction_token=token)
        except Exception as error:
            await tell(interaction, sentence_for(error))


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(AnswerButton)
