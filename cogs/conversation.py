"""Slash commands of a conversation: /ask, /reset, /help."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ParleyClient, where
from bot.interactions import in_time, respond, tell
from bot.place_settings.table import Trigger
from bot.runs.service import Said

AnyCommand = app_commands.Command[Any, Any, Any] | app_commands.Group

MAX_QUESTION_CHARACTERS = 1800  # with the name before it, the question fits one message
# Of the parts of /help, which is one message of 2000: commands with what they do, and tools by their names alone.
MAX_LIST_CHARACTERS = 800
MAX_TOOLS_CHARACTERS = 400
CANNOT_WRITE = "I may not write in this channel. A moderator can give me Send Messages here; `private` works already."


class Conversation(commands.Cog):
    """Asking, beginning anew, and what the bot can do here."""

    def __init__(self, bot: ParleyClient) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        question="What you want to know",
        private="Only you see question and answer, and they stay out of the channel's conversation",
    )
    async def ask(
        self,
        interaction: discord.Interaction[ParleyClient],
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARACTERS],
        private: bool = False,
    ) -> None:
        """Ask a question, openly or so that only you see the answer"""
        place = where(interaction.channel, interaction.guild, interaction.user.id)
        name = interaction.user.display_name
        if private:
            await respond(lambda: interaction.response.defer(ephemeral=True, thinking=True))
            said = Said(message_id=None, author_id=interaction.user.id, author_name=name, text=question)
            await self.bot.service.receive(place, said, private_token=interaction.token)
            return
        if not may_write(interaction):
            await tell(interaction, CANNOT_WRITE)
            return
        words = f"**{discord.utils.escape_markdown(name)}** asks: {question}"
        shown = await respond(lambda: interaction.response.send_message(words))
        message_id = (await interaction.original_response()).id if shown is None else shown.message_id
        said = Said(message_id=message_id, author_id=interaction.user.id, author_name=name, text=question)
        await self.bot.service.receive(place, said)

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction[ParleyClient]) -> None:
        """Start a new conversation here: what was said before is no longer sent to the model"""
        place = where(interaction.channel, interaction.guild, interaction.user.id)
        is_moderator = interaction.permissions.manage_messages
        await in_time(interaction, self.bot.service.reset(place, is_moderator=is_moderator))
        await tell(interaction, "A new conversation starts here.", ephemeral=False)

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[ParleyClient]) -> None:
        """What I can do here"""
        model = await self.bot.setting_desk.model(interaction.guild_id, interaction.channel_id or 0)
        await tell(interaction, self.guide(interaction, model))

    def guide(self, interaction: discord.Interaction[ParleyClient], model: str) -> str:
        """What the bot answers in this place, with which model, and its commands."""
        if interaction.guild is None:
            how = "Write to me here; I answer every message."
        elif isinstance(interaction.channel, discord.Thread):
            how = "Mention me once in this thread; from then on I answer every message in it."
        elif self.bot.settings.place_defaults["trigger"] == Trigger.ALL:
            how = "Write in this channel; I answer every message."
        else:
            how = f"Mention <@{self.bot.own_id}> in a message, reply to one of mine, or write me a direct message."
        offered = [command for command in self.known(interaction.guild) if is_offered(interaction, command)]
        tools = [command for command in offered if self.bot.toolbox.find(command.name, interaction.guild_id)]
        others = [f"`/{command.name}`: {command.description}" for command in offered if command not in tools]
        names = sorted(f"`/{command.name}`" for command in tools)
        lines = [
            how,
            "Under an answer are buttons, for the person who asked and for moderators: **Stop** while it is written, "
            "then **Regenerate**, and **Continue** if it was cut. Some tools wait until one of you approves them.",
            *(f"- {each}" for each in beginning(others, MAX_LIST_CHARACTERS)),
            f"Tools, for you and for the model: {', '.join(beginning(names, MAX_TOOLS_CHARACTERS))}",
            f"-# The model here is `{model}`. What you write to me is sent to its provider, with your display name.",
        ]
        if not may_write(interaction):
            lines.append(CANNOT_WRITE)
        return "\n".join(lines)

    def known(self, guild: discord.abc.Snowflake | None) -> list[AnyCommand]:
        """The commands of everywhere and of a server, those for moderators last."""
        places = (None,) if guild is None else (None, guild)
        lists = [self.bot.tree.get_commands(guild=place, type=discord.AppCommandType.chat_input) for place in places]
        found = [command for listed in lists for command in listed]
        return sorted(found, key=lambda command: command.default_permissions is not None)


def beginning(entries: list[str], max_characters: int) -> list[str]:
    """As many of the entries as fit, with what stands between them, and how many are left out."""
    kept, room = list[str](), max_characters
    for entry in entries:
        room -= len(entry) + 3
        if room < 0:
            return [*kept, f"and {len(entries) - len(kept)} more, which Discord lists when you type `/`"]
        kept.append(entry)
    return kept


def is_offered(interaction: discord.Interaction[ParleyClient], command: AnyCommand) -> bool:
    """Whether Discord offers a command here to this person, as long as the server has not changed that."""
    if interaction.guild is None and command.guild_only:
        return False
    return command.default_permissions is None or interaction.permissions >= command.default_permissions


def may_write(interaction: discord.Interaction[ParleyClient]) -> bool:
    """Whether the bot can post its answer where the command was used."""
    allowed = interaction.app_permissions
    if interaction.guild is None:
        return True
    if isinstance(interaction.channel, discord.Thread):
        return allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages


async def setup(bot: ParleyClient) -> None:
    """Called by discord.py."""
    await bot.add_cog(Conversation(bot))
