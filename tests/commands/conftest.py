"""The real bot in simcord's Discord: no sockets to Discord, but its permissions and rules for every interaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import simcord
from discord.ext import commands
from simcord.http.router import route

from bot.settings import Settings
from sandbox.command_routes import IN_GUILD, command_routes
from sandbox.provider import MODEL, ScriptedProvider
from tests.commands.council import Council
from tests.commands.desk import Desk
from tests.commands.process import Process
from tests.commands.town import Town
from tests.scenarios.given import GivenSettings
from tests.tools.endpoint import Endpoint, endpoint, reply, saying


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """A provider that says hello unless it is told otherwise."""
    async with ScriptedProvider() as running:
        yield running


@pytest.fixture
def settings(provider: ScriptedProvider, tmp_path: Path) -> Settings:
    """What a host would set; simcord asks for no token."""
    return GivenSettings.model_validate(
        {
            "discord_token": "none",
            "provider_base_url": provider.base_url,
            "provider_model": MODEL,
            "provider_max_retries": 0,
            "database_url": f"sqlite+aiosqlite:///{tmp_path}/parley.db",
        }
    )


@pytest.fixture
async def process(settings: Settings) -> AsyncIterator[Process]:
    """The bot's process, not started yet."""
    async with Process(settings) as prepared:
        yield prepared


@pytest.fixture
async def simcord_bot(process: Process) -> commands.Bot:
    """The bot that simcord's plugin attaches."""
    return await process.start()


@pytest.fixture(autouse=True, scope="session")
def routes_that_simcord_lacks() -> None:
    """What a server has set of who may use commands; Discord tells it of all commands at once."""
    (answer,) = [handler for path, handler in command_routes()["GET"] if path[-1] == "permissions"]
    route("GET", f"{IN_GUILD}/permissions")(answer)


@pytest.fixture
def town(simcord_env: simcord.Env, provider: ScriptedProvider) -> Town:
    """A server with its people."""
    return Town(simcord_env, provider)


@pytest.fixture
def answers() -> list[bytes]:
    """What the endpoint answers, one after the other."""
    return [reply(body=b'{"text": "Sunny in Bern."}', content_type="application/json")]


@pytest.fixture
async def weather(answers: list[bytes]) -> AsyncIterator[Endpoint]:
    """An endpoint on loopback."""
    async with endpoint(saying(*answers)) as running:
        yield running


@pytest.fixture
def desk(town: Town, weather: Endpoint, tmp_path: Path) -> Desk:
    """Ida's desk."""
    manager = town.guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
    ida = town.guild.add_member(town.env.create_user("ida"), roles=[manager])
    return Desk(town, ida, weather, tmp_path / "parley.db")


@pytest.fixture
def council(town: Town, tmp_path: Path) -> Council:
    """The people who decide."""
    permissions = {"nora": discord.Permissions(manage_channels=True)}
    permissions["olaf"] = discord.Permissions(manage_channels=True, manage_guild=True)
    roles = {name: town.guild.create_role(name, permissions=allowed) for name, allowed in permissions.items()}
    nora, olaf = (town.guild.add_member(town.env.create_user(name), roles=[role]) for name, role in roles.items())
    parlour = town.guild.create_text_channel("parlour", category=town.guild.create_category("Rooms"))
    return Council(town, nora, olaf, parlour, tmp_path / "parley.db")
