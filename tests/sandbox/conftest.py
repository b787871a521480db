"""A running sandbox, and real discord.py clients logged into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, logged_in

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


@pytest.fixture
async def connect(sandbox: Sandbox) -> AsyncIterator[Connect]:
    """Log a client in until the test ends."""
    async with AsyncExitStack() as stack:

        async def enter(client: discord.Client) -> None:
            await stack.enter_async_context(logged_in(client, sandbox))

        yield enter


@pytest.fixture
async def echo(connect: Connect) -> Echo:
    """The echoing bot, logged in."""
    client = Echo()
    await connect(client)
    return client
