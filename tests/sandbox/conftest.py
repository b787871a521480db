"""A running sandbox, and real discord.py clients logged into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.world import Sandbox

Connect = Callable[[discord.Client], Awaitable[None]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox with the default world and limits."""
    async with Sandbox.open() as running:
        yield running


@pytest.fixture(autouse=True)
def discord_addresses() -> Iterator[None]:
    """Give discord.py its own addresses back after each test."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


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


@pytest.fixture
async def connect(sandbox: Sandbox) -> AsyncIterator[Connect]:
    """Log a client in until the test ends."""
    async with AsyncExitStack() as stack:

        async def enter(client: discord.Client) -> None:
            await stack.enter_async_context(logged_in(client, sandbox))

        yield enter


class Echo(discord.Client):
    """A bot that answers every message of a person with its text, and keeps what it heard."""

    def __init__(self) -> None:
        # No second wait for more guilds: the sandbox sends them at once
        super().__init__(intents=discord.Intents.all(), guild_ready_timeout=0.05)
        self.heard: list[discord.Message] = []

    async def on_message(self, message: discord.Message) -> None:
        """Answer a person."""
        if message.author.bot:
            return
        self.heard.append(message)
        await message.reply(f"you said: {message.content}")


@pytest.fixture
async def echo(connect: Connect) -> Echo:
    """The echoing bot, logged in."""
    client = Echo()
    await connect(client)
    return client
