"""Real discord.py bots for the sandbox's tests, and how they log in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.world import Sandbox


def point_discord_at(sandbox: Sandbox) -> None:
    """Let every client of this process talk to a sandbox."""
    Route.BASE = sandbox.api_base_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sandbox.gateway_url)


@asynccontextmanager
async def logged_in(client: discord.Client, sandbox: Sandbox) -> AsyncIterator[None]:
    """A client that is connected for the length of the block."""
    point_discord_at(sandbox)
    async with client, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(client.start(sandbox.token))
        await sandbox.bot_ready()
        await client.wait_until_ready()
        try:
            yield
        finally:
            await client.close()
            await running


class Echo(discord.Client):
    """A bot that answers every message of a person with its text, and keeps what it heard."""

    def __init__(self, **options: Any) -> None:
        # No second wait for more guilds: the sandbox sends them at once
        super().__init__(intents=discord.Intents.all(), guild_ready_timeout=0.05, **options)
        self.heard: list[discord.Message] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Log in again at once; discord.py waits five seconds for a limit that the sandbox does not have."""

    async def on_message(self, message: discord.Message) -> None:
        """Answer a person."""
        if message.author.bot:
            return
        self.heard.append(message)
        await message.reply(f"you said: {message.content}")


class Form(discord.ui.Modal, title="Tell us"):
    """A form with one line of text."""

    what: discord.ui.TextInput[Form] = discord.ui.TextInput(label="What", custom_id="what", max_length=20)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was written, to the writer only."""
        await interaction.response.send_message(f"noted: {self.what.value}", ephemeral=True)


class Panel(discord.ui.View):
    """Two buttons and two menus."""

    @discord.ui.button(label="Count", custom_id="count")
    async def count(self, interaction: discord.Interaction, _button: discord.ui.Button[Panel]) -> None:
        """Change the message in place."""
        await interaction.response.edit_message(content="counted")

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, _button: discord.ui.Button[Panel]) -> None:
        """Open the form."""
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, interaction: discord.Interaction, _button: discord.ui.Button[Panel]) -> None:
        """Never reached."""
        raise AssertionError(interaction.id)

    @discord.ui.select(
        custom_id="fruit", options=[discord.SelectOption(label="Pear"), discord.SelectOption(label="Fig")]
    )
    async def fruit(self, interaction: discord.Interaction, menu: discord.ui.Select[Panel]) -> None:
        """Acknowledge, then write."""
        await interaction.response.defer()
        await interaction.followup.send(f"{interaction.user.name} likes {menu.values[0]}")

    @discord.ui.select(custom_id="who", cls=discord.ui.UserSelect)
    async def who(self, interaction: discord.Interaction, menu: discord.ui.UserSelect[Panel]) -> None:
        """Name the chosen member."""
        await interaction.response.send_message(f"chose {menu.values[0].display_name}")


class Workshop(commands.Bot):
    """A bot with one of each kind of command."""

    def __init__(self) -> None:
        super().__init__("!", intents=discord.Intents.all(), guild_ready_timeout=0.05)

    async def setup_hook(self) -> None:
        """Register everything."""
        tools = app_commands.Group(name="tools", description="Tools")
        tools.command(name="add", description="Add numbers")(add)
        self.tree.add_command(tools)
        self.tree.command(name="ask", description="Ask")(ask)
        self.tree.add_command(quiet)
        self.tree.add_command(late)
        self.tree.add_command(quote)
        self.tree.add_command(tell)
        self.tree.add_command(greet)
        await self.tree.sync()


async def add(interaction: discord.Interaction, first: int, second: float) -> None:
    """Answer with a sum."""
    await interaction.response.send_message(str(first + second))


async def ask(
    interaction: discord.Interaction,
    question: str,
    friend: discord.Member | None = None,
    where: discord.TextChannel | None = None,
    loud: bool = False,
    paper: discord.Attachment | None = None,
) -> None:
    """Defer, then answer with everything that was filled in."""
    await interaction.response.defer(ephemeral=not loud)
    text = (await paper.read()).decode() if paper is not None else None
    await interaction.followup.send(f"{question}|{friend and friend.name}|{where and where.name}|{text}")


@app_commands.command(description="Show the panel")
@app_commands.default_permissions(manage_messages=True)
async def quiet(interaction: discord.Interaction) -> None:
    """Show the panel to everybody."""
    await interaction.response.send_message("panel", view=Panel(timeout=None))


@app_commands.command(description="Never answers")
async def late(_interaction: discord.Interaction, word: str) -> None:
    """Let the deadline pass."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError(word)


@late.autocomplete("word")
async def suggest(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Two words that begin with what was typed."""
    return [app_commands.Choice(name=f"{typed}{end}", value=f"{typed}{end}") for end in ("a", "b")]


@app_commands.context_menu(name="Quote this")
async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    """Repeat a message."""
    await interaction.response.send_message(f"> {message.content}", ephemeral=True)


@app_commands.context_menu(name="Tell us")
async def tell(interaction: discord.Interaction, _message: discord.Message) -> None:
    """Open the form."""
    await interaction.response.send_modal(Form())


@app_commands.context_menu(name="Greet")
async def greet(interaction: discord.Interaction, member: discord.Member) -> None:
    """Name a member and their highest role."""
    await interaction.response.send_message(f"hello {member.display_name}, {member.top_role.name}", ephemeral=True)
