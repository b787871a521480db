"""What the doctor says about a Discord that is fine, and about each way in which one is not."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port
from discord import Intents, Permissions
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from bot.doctor import FEW_TOKENS, doctor
from bot.errors import ConfigurationError, StartupError
from bot.inspection import Inspection
from bot.permissions import NEEDED, NEEDED_BITS, invite_link, missing
from bot.settings import Settings
from bot.store.migrate import migrate
from sandbox.provider import MODEL, ScriptedProvider
from sandbox.stories import Story
from sandbox.world import Sandbox
from tests.host.stand_in import NOW, TOKEN, StandIn, guild

KEY = "a-key-for-tests"
NAMES = [
    "settings",
    "database",
    "tools",
    "mcp",
    "limits",
    "token",
    "intents",
    "invite",
    "permissions",
    "sessions",
    "gateway",
    "clock",
    "provider",
    "key",
    "model",
    "answer",
]

Examine = Callable[..., Awaitable[tuple[int, dict[str, str]]]]


@pytest.fixture(autouse=True)
def process_as_before() -> Iterator[None]:
    """discord.py's addresses and the logging are the process's own, so what a test changes is put back."""
    base, gateway, root = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
    root.handlers[:] = handlers
    root.setLevel(level)


def settings_for(discord: StandIn, **changes: object) -> Settings:
    """The settings of a host of this Discord."""
    values: dict[str, object] = {
        "discord_token": SecretStr(TOKEN),
        "discord_api_base_url": discord.api_base_url,
        "discord_gateway_url": discord.gateway_url,
        "provider_base_url": "https://provider.test/v1",
        "provider_model": "a-model",
    }
    return Settings.model_validate(values | changes)


@pytest.fixture
async def discord() -> AsyncIterator[StandIn]:
    """A Discord in which everything is as it should be."""
    async with StandIn.open() as stand_in:
        yield stand_in


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """A model provider that accepts one key."""
    async with ScriptedProvider(api_key=KEY) as scripted:
        yield scripted


@pytest.fixture
def examine(discord: StandIn, provider: ScriptedProvider, tmp_path: Path) -> Examine:
    """Runs the doctor and returns the exit code and the line of each check by its name."""

    async def run(**changes: object) -> tuple[int, dict[str, str]]:
        defaults = {
            "database_url": f"sqlite:///{tmp_path}/parley.db",
            "provider_base_url": provider.base_url,
            "provider_api_key": SecretStr(KEY),
            "provider_model": MODEL,
            "tools_file": str(tmp_path / "tools.toml"),
        }
        settings = settings_for(discord, **defaults | changes)
        out = io.StringIO()
        code = await doctor(lambda: settings, out, now=lambda: NOW)
        lines = out.getvalue().splitlines()
        return code, {line[2:].split(":")[0]: line for line in lines}

    return run


async def test_all_is_well(examine: Examine, provider: ScriptedProvider, tmp_path: Path) -> None:
    """Each check is a tick with the fact that it found, and the exit code is 0."""
    await migrate(f"sqlite:///{tmp_path}/parley.db")
    code, lines = await examine()
    assert list(lines) == NAMES
    assert all(line.startswith("✓") for line in lines.values())
    assert lines["database"] == "✓ database: writable and up to date"
    assert lines["tools"] == (
        "✓ tools: the model may use them; those that moderators add may ask no host; pages are read of no host"
    )
    assert lines["mcp"] == f"✓ mcp: {tmp_path}/tools.toml lists no server"
    assert lines["token"] == "✓ token: logged in as Parley#1234"
    assert lines["invite"] == f"✓ invite: {invite_link(77)}"
    assert lines["permissions"].startswith("✓ permissions: complete in its server")
    assert lines["sessions"] == "✓ sessions: 1000 of 1000 gateway sessions are left today"
    assert lines["provider"] == f"✓ provider: {provider.base_url} answers"
    assert lines["model"] == f"✓ model: {MODEL} is listed"
    assert code == 0


async def test_new_database_is_a_warning(examine: Examine) -> None:
    """Before the first start there are no tables, which is no reason not to start."""
    code, lines = await examine()
    assert lines["database"].startswith("! database: writable, without this version's tables yet")
    assert code == 0


async def test_wrong_token_says_where_to_get_one(examine: Examine) -> None:
    """A refused token is one cross; what depends on it is not asked, and the rest still is."""
    code, lines = await examine(discord_token=SecretStr("another-token"))
    assert lines["token"].startswith("✗ token: Discord does not accept DISCORD_TOKEN: copy it again")
    assert lines["intents"].startswith("- ")
    assert lines["gateway"].startswith("✓")
    assert lines["clock"].startswith("✓")
    assert code == 1


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"tool_unsafe_addresses": "127.0.0.1:8080"}, "! tools: TOOL_UNSAFE_ADDRESSES opens 127.0.0.1:8080 to tools"),
        ({"tool_http_hosts": "api.example.org"}, "! tools: tools that moderators add can have no secret: set SECRETS"),
        (
            {"tool_fetch_hosts": "*", "tools_enabled": False},
            "✓ tools: only people have them (TOOLS_ENABLED); those that moderators add may ask no host; "
            "pages are read of every public host",
        ),
    ],
)
async def test_settings_of_tools_are_told(examine: Examine, changes: dict[str, object], line: str) -> None:
    """What they open, and what is missing for secrets."""
    code, lines = await examine(**changes)
    assert lines["tools"].startswith(line)
    assert code == 0


async def test_mcp_servers_are_tried(examine: Examine, tmp_path: Path) -> None:
    """Each in a sentence: how many tools it has, or why it is away, which keeps no bot from starting."""
    command = [sys.executable, str(Path(__file__).parents[1] / "tools" / "mcp_plain.py")]
    listed = f"[servers.shop]\ncommand = {json.dumps(command)}\n[servers.gone]\ncommand = ['/no/such/program']\n"
    (tmp_path / "tools.toml").write_text(listed, encoding="utf-8")
    code, lines = await examine()
    assert re.fullmatch(r"✓ mcp shop: answers, with [0-9]+ tools?", lines["mcp shop"])
    assert lines["mcp gone"].startswith("! mcp gone: is away. ")
    assert code == 0


async def test_mistakes_in_the_file_of_servers_are_named(examine: Examine, tmp_path: Path) -> None:
    """With them the bot does not start."""
    (tmp_path / "tools.toml").write_text("[servers.shop]\ncommand = ['x']\nslashes = true\n", encoding="utf-8")
    code, lines = await examine()
    assert lines["mcp"].startswith(f"✗ mcp: {tmp_path}/tools.toml: the server shop: slashes is unknown")
    assert code == 1


async def test_missing_intent_says_what_to_tick(examine: Examine, discord: StandIn) -> None:
    """The sentence holds the page of this very application."""
    discord.flags = 0
    code, lines = await examine()
    assert lines["intents"].startswith("✗ intents: tick Message Content Intent at ")
    assert "/applications/77/bot" in lines["intents"]
    assert code == 1


async def test_missing_permissions_are_named_with_their_server(examine: Examine, discord: StandIn) -> None:
    """A host of two servers learns which one lacks what."""
    without = NEEDED_BITS & ~NEEDED["Attach Files"] & ~NEEDED["Create Polls"]
    discord.guilds = [guild("Complete", guild_id=1), guild("Lacking\x1b[2J", without, guild_id=2)]
    code, lines = await examine()
    assert lines["permissions"].startswith("✗")
    assert "(Lacking\N{REPLACEMENT CHARACTER}[2J: Attach Files, Create Polls)" in lines["permissions"]
    assert "Complete" not in lines["permissions"]
    assert code == 1


async def test_bot_without_a_server_is_pointed_to_the_invite(examine: Examine, discord: StandIn) -> None:
    """A new bot is fine, with something left to do."""
    discord.guilds = []
    code, lines = await examine()
    assert lines["permissions"].startswith("! permissions: the bot is in no server yet")
    assert code == 0


async def test_servers_of_every_page_are_looked_at(examine: Examine, discord: StandIn) -> None:
    """Discord lists 200 servers at a time, and the one that lacks something is on the second page."""
    discord.guilds = [guild(f"Server {number}", guild_id=number) for number in range(1, 201)]
    discord.guilds.append(guild("Last", 0, guild_id=201))
    _, lines = await examine()
    assert "(Last: View Channels" in lines["permissions"]
    assert len([path for path in discord.requests if "guilds" in path]) == 2


async def test_few_sessions_left_is_a_warning(examine: Examine, discord: StandIn) -> None:
    """A bot that restarts in a loop would lose its token."""
    discord.sessions_left = 3
    code, lines = await examine()
    assert lines["sessions"].startswith("! sessions: 3 of 1000")
    assert "1.5 hours" in lines["sessions"]
    assert code == 0


@pytest.mark.parametrize(("seconds", "words"), [(-90, "90 seconds ahead of"), (90, "90 seconds behind")])
async def test_wrong_clock_is_a_warning(examine: Examine, discord: StandIn, seconds: int, words: str) -> None:
    """The clock is compared with the one that Discord's answers carry."""
    discord.clock = NOW + timedelta(seconds=seconds)
    code, lines = await examine()
    assert lines["clock"].startswith("! clock")
    assert words in lines["clock"]
    assert code == 0


async def test_unreachable_discord_is_a_sentence(examine: Examine) -> None:
    """No connection names the address and the variable, and nothing is made up about the rest."""
    address = f"http://127.0.0.1:{unused_port()}/api/v10"
    code, lines = await examine(discord_api_base_url=address)
    assert lines["token"] == f"✗ token: {address} cannot be reached: check the network and DISCORD_API_BASE_URL."
    assert lines["clock"].startswith("- clock")
    assert code == 1


async def test_unreachable_gateway_is_a_sentence(examine: Examine) -> None:
    """A firewall that lets requests through and no websockets is found."""
    code, lines = await examine(discord_gateway_url=f"ws://127.0.0.1:{unused_port()}/gateway")
    assert lines["gateway"].startswith("✗ gateway: ws://127.0.0.1:")
    assert lines["token"].startswith("✓")
    assert code == 1


async def test_web_page_is_not_taken_for_discord(examine: Examine, discord: StandIn) -> None:
    """A wrong address that answers 200 with HTML is a sentence and not an exception."""
    discord.web_page = True
    code, lines = await examine()
    assert "is not Discord: check DISCORD_API_BASE_URL" in lines["token"]
    assert code == 1


async def test_something_else_than_a_gateway_is_a_sentence(examine: Examine, discord: StandIn) -> None:
    """A websocket that does not say hello is another service."""
    discord.gateway_says = {"welcome": True}
    code, lines = await examine()
    assert "is not Discord: check DISCORD_GATEWAY_URL" in lines["gateway"]
    assert code == 1


async def test_outage_is_a_sentence_with_the_status(examine: Examine, discord: StandIn) -> None:
    """A 503 is passed on as what it is."""
    discord.status = 503
    code, lines = await examine()
    assert "Discord answered with 503" in lines["token"]
    assert code == 1


async def test_wrong_key_is_a_sentence(examine: Examine) -> None:
    """The provider is there, and what to change is the key."""
    code, lines = await examine(provider_api_key=SecretStr("another-key"))
    assert lines["provider"].startswith("✓")
    assert lines["key"].startswith("✗ key: the provider does not accept PROVIDER_API_KEY")
    assert "another-key" not in "".join(lines.values())
    assert code == 1


async def test_misspelt_model_is_a_sentence_with_the_right_name(examine: Examine, provider: ScriptedProvider) -> None:
    """A model that is neither listed nor answers is a cross that names what may have been meant."""
    provider.play(Story(status=404, body=b'{"error": {"code": "model_not_found", "message": "no such model"}}'))
    code, lines = await examine(provider_model=MODEL[:-1])
    assert lines["model"].startswith(f"✗ model: PROVIDER_MODEL: the provider does not list {MODEL[:-1]}")
    assert lines["model"].endswith(f"did you mean {MODEL}?")
    assert "no such model" in lines["answer"]
    assert code == 1


async def test_unreachable_provider_is_a_sentence(examine: Examine) -> None:
    """A server that is not running is one cross, and its questions are not asked."""
    address = f"http://127.0.0.1:{unused_port()}/v1"
    code, lines = await examine(provider_base_url=address)
    assert lines["provider"].startswith(f"✗ provider: {address} does not answer: check PROVIDER_BASE_URL")
    assert lines["answer"].startswith("- ")
    assert code == 1


async def test_model_is_asked_for_a_few_words_only(examine: Examine, provider: ScriptedProvider) -> None:
    """The doctor's own request is cheap, and its stream is closed at the first word."""
    provider.play(Story(text="word " * 1000, tokens_per_second=50))
    await examine()
    (performance,) = provider.requests
    assert performance.body["max_tokens"] == FEW_TOKENS
    await asyncio.wait_for(performance.disconnected.wait(), timeout=5)
    assert performance.token_count < 100


async def test_silence_is_a_sentence(discord: StandIn) -> None:
    """A Discord that takes the question and says nothing does not hold up the host for ever."""
    discord.silent = True
    async with Inspection.open(settings_for(discord), lambda: NOW, answer_seconds=0.05) as inspection:
        with pytest.raises(StartupError, match="did not answer in time: check the network"):
            await inspection.log_in()


@pytest.mark.parametrize(("granted", "sign"), [(True, "✓"), (False, "✗")])
async def test_sandbox_is_looked_at_like_discord(examine: Examine, granted: bool, sign: str) -> None:
    """The answers that the doctor understands are those of a whole Discord, not only of the stand-in."""
    intents = Intents.all() if granted else Intents.default()
    async with Sandbox.open(granted_intents=intents.value) as sandbox:
        _, lines = await examine(
            discord_token=SecretStr(sandbox.token),
            discord_api_base_url=sandbox.api_base_url,
            discord_gateway_url=sandbox.gateway_url,
        )
    assert lines["token"] == "✓ token: logged in as Parley"
    assert lines["intents"].startswith(sign)
    assert lines["gateway"].startswith("✓")


async def test_wrong_settings_end_with_2() -> None:
    """Every sentence about settings becomes a cross, and nothing is asked."""

    def load() -> Settings:
        raise ConfigurationError("A is not set.\nB must be a number.")

    out = io.StringIO()
    assert await doctor(load, out) == 2
    assert out.getvalue() == "✗ settings: A is not set.\n✗ settings: B must be a number.\n"


async def test_colour_is_for_terminals() -> None:
    """A terminal gets coloured signs, and nothing else does."""

    class Terminal(io.StringIO):
        """A stream that says it is a terminal."""

        def isatty(self) -> bool:
            return True

    def load() -> Settings:
        raise ConfigurationError("A is not set.")

    out = Terminal()
    await doctor(load, out)
    assert out.getvalue() == "\x1b[31m✗\x1b[0m settings: A is not set.\n"


def test_needed_permissions_are_discords_bits() -> None:
    """The bits are those that discord.py gives the same names."""
    names = {name.lower().replace(" ", "_").replace("view_channels", "view_channel") for name in NEEDED}
    assert Permissions(NEEDED_BITS) == Permissions(**dict.fromkeys(names, True))


def test_administrator_lacks_nothing() -> None:
    """Discord lets an administrator do everything, whatever else is ticked."""
    assert missing(1 << 3) == ()
    assert missing(0) == tuple(NEEDED)


def test_invite_link_carries_scopes_and_permissions() -> None:
    """Opening it asks for the bot, its commands, and exactly what is needed."""
    assert invite_link(77) == (
        f"https://discord.com/oauth2/authorize?client_id=77&permissions={NEEDED_BITS}&scope=bot+applications.commands"
    )
