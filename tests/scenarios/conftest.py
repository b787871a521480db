"""What every scenario starts with: a Discord and a provider on loopback, and the real bot between them."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.store.migrate import migrate
from sandbox.provider import ScriptedProvider
from sandbox.world import Sandbox
from tests.scenarios.scene import Scene
from tests.scenarios.workroom import Workroom

# Who log as errors what is none of ours: each lost gateway, and each reader who hangs up on the provider.
OTHERS = ("discord.client", "aiohttp.server")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A Discord with the default world and limits."""
    async with Sandbox.open() as running:
        yield running


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """A provider that says hello unless it is told otherwise."""
    async with ScriptedProvider() as running:
        yield running


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with our tables and nothing in them: making it takes longer than most scenarios."""
    file = tmp_path_factory.mktemp("empty") / "parley.db"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def scene(
    sandbox: Sandbox,
    provider: ScriptedProvider,
    empty_database: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Scene]:
    """Everything but the bot, which the test starts with settings of its own; no error may be in its log."""
    shutil.copy(empty_database, tmp_path)
    async with Scene(sandbox, provider, tmp_path) as prepared:
        yield prepared
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    errors = [record for record in records if record.levelno >= logging.ERROR and record.name not in OTHERS]
    assert [record.getMessage() for record in errors] == []


@pytest.fixture
async def parley(scene: Scene) -> Scene:
    """The scene with the bot running."""
    await scene.start()
    return scene


@pytest.fixture
async def workroom(
    sandbox: Sandbox, provider: ScriptedProvider, empty_database: Path, tmp_path: Path
) -> AsyncIterator[Workroom]:
    """The scene with the bot running, and with the tools of the tests."""
    shutil.copy(empty_database, tmp_path)
    async with Workroom(sandbox, provider, tmp_path) as prepared:
        await prepared.start()
        yield prepared


@pytest.fixture(autouse=True)
def discord_addresses() -> Iterator[None]:
    """Give discord.py its own addresses back after each test."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
