"""What people press under a tool call that waits for them, the Tools button, and /submit."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Range
from discord.ext import commands

from bot.client import ParleyClient, sentence_for
from bot.interactions import acknowledge, respond, tell
from bot.pressing import faults_told, presser, private_token
from bot.runs.decisions import MAX_ANSWER_CHARACTERS
from bot.tools.slash import shown

Interaction = discord.Interaction[Any]
Button = ui.Button[ui.View]

OF_CALL = r"(?P<call>[0-9]+):(?P<run>[0-9]+)"
MAX_TITLE_CHARACTERS = 45  # of a form
MAX_CHOICES, MAX_CHOICE_CHARACTERS = 25, 100


class ApprovalButton(ui.DynamicItem[Button], template=rf"parley:(?P<decision>approve|deny|always):{OF_CALL}"):
    """Approve, Deny, or Approve for this conversation."""

    def __init__(self, item: Button, decision: str, call_id: int) -> None:
        super().__init__(item)
        self.decision = decision
        self.call_id = call_id

    @classmethod
    async def from_custom_id(cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that a custom id names."""
        return cls(button(item), match["decision"], int(match["call"]))

    async def callback(self, interaction: Interaction) -> None:
        """Acknowledge, then do it, or say in words why it does not apply."""
        await acknowledge(interaction)
        decisions, who, token = interaction.client.decisions, presser(interaction), private_token(interaction)
        async with faults_told(interaction):
            if self.decision == "deny":
                await decisions.deny(self.call_id, who, interaction_token=token)
            else:
                always = self.decision == "always"
                await decisions.approve(self.call_id, who, for_conversation=always, interaction_token=token)


class ChoiceButton(ui.DynamicItem[Button], template=rf"parley:choice:(?P<number>[0-9]+):{OF_CALL}"):
    """One of the answers that the model offers."""

    def __init__(self, item: Button, call_id: int, number: int) -> None:
        super().__init__(item)
        self.call_id = call_id
        self.number = number

    @classmethod
    async def from_custom_id(cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that a custom id names."""
        return cls(button(item), int(match["call"]), int(match["number"]))

    async def callback(self, interaction: Interaction) -> None:
        """Answer with this."""
        await choose(interaction, self.call_id, self.number)


class ChoiceList(ui.DynamicItem[ui.Select[ui.View]], template=rf"parley:pick:{OF_CALL}"):
    """The answers that the model offers, where they are many."""

    def __init__(self, item: ui.Select[ui.View], call_id: int) -> None:
        super().__init__(item)
        self.call_id = call_id

    @classmethod
    async def from_custom_id(cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The list that a custom id names."""
        if not isinstance(item, ui.Select):
            raise TypeError(item)
        return cls(item, int(match["call"]))

    async def callback(self, interaction: Interaction) -> None:
        """Answer with what was picked."""
        await choose(interaction, self.call_id, int(self.item.values[0]))


class OwnAnswerButton(ui.DynamicItem[Button], template=rf"parley:answer:{OF_CALL}"):
    """Opens a form to answer in one's own words."""

    def __init__(self, item: Button, call_id: int) -> None:
        super().__init__(item)
        self.call_id = call_id

    @classmethod
    async def from_custom_id(cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that a custom id names."""
        return cls(button(item), int(match["call"]))

    async def callback(self, interaction: Interaction) -> None:
        """Show the form to whom it is for."""
        async with faults_told(interaction):
            question = await interaction.client.decisions.question(self.call_id, presser(interaction))
            await respond(lambda: interaction.response.send_modal(AnswerForm(self.call_id, question)))


class AnswerForm(ui.Modal):
    """The form in which a person answers the model."""

    def __init__(self, call_id: int, question: str) -> None:
        is_whole = len(question) <= MAX_TITLE_CHARACTERS
        super().__init__(title=question if is_whole else "A question")
        self.call_id = call_id
        self.text: ui.TextInput[AnswerForm] = ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=MAX_ANSWER_CHARACTERS
        )
        if not is_whole:
            self.add_item(ui.TextDisplay(question))
        self.add_item(ui.Label(text="Your answer", component=self.text))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Answer with what was written."""
        await acknowledge(interaction)
        await interaction.client.decisions.answer(
            self.call_id, presser(interaction), self.text.value, interaction_token=private_token(interaction)
        )

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:  # type: ignore[override]  # as Modal
        """Say why it does not apply any more."""
        await tell(interaction, sentence_for(error))


class ToolsButton(ui.DynamicItem[Button], template=r"parley:calls:(?P<run>[0-9]+)"):
    """Shows all about the tool calls of an answer, to whoever asked and to moderators."""

    def __init__(self, item: Button, run_id: int) -> None:
        super().__init__(item)
        self.run_id = run_id

    @classmethod
    async def from_custom_id(cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button that a custom id names."""
        return cls(button(item), int(match["run"]))

    async def callback(self, interaction: Interaction) -> None:
        """Show them as a message, or as a file where they are long."""
        async with faults_told(interaction):
            told = await interaction.client.decisions.details(self.run_id, presser(interaction))
            now = shown("tools", told, interaction.filesize_limit)
            await respond(lambda: interaction.response.send_message(now.text, files=now.attachments(), ephemeral=True))


class Calls(commands.Cog):
    """Tool calls that wait."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_messages=True)
    @app_commands.describe(call="The tool call that waits", output="What the model is told that came of it")
    async def submit(self, interaction: Interaction, call: int, output: Range[str, 1, MAX_ANSWER_CHARACTERS]) -> None:
        """Give or correct the output of a tool call that an answer here waits for"""
        await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
        await self.bot.decisions.supply(call, interaction.channel_id or 0, presser(interaction), output)
        await tell(interaction, "The model gets this as the output.")

    @submit.autocomplete("call")
    async def waiting(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
        """The calls that wait in this place."""
        calls = await self.bot.decisions.waiting(interaction.channel_id or 0)
        named = [(call.id, f"{call.name} {call.glance}".strip()[:MAX_CHOICE_CHARACTERS]) for call in calls]
        found = [app_commands.Choice(name=name, value=id) for id, name in named if typed.lower() in name.lower()]
        return found[:MAX_CHOICES]


def button(item: ui.Item[Any]) -> Button:
    """A component that a custom id says is a button.  Raises: TypeError if it is none."""
    if not isinstance(item, ui.Button):
        raise TypeError(item)
    return item


async def choose(interaction: Interaction, call_id: int, number: int) -> None:
    """Answer with one of the choices, or say in words why that does not apply."""
    await acknowledge(interaction)
    async with faults_told(interaction):
        await interaction.client.decisions.choose(
            call_id, presser(interaction), number, interaction_token=private_token(interaction)
        )


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(ApprovalButton, ChoiceButton, ChoiceList, OwnAnswerButton, ToolsButton)
    await bot.add_cog(Calls(bot))
