"""`make demo`: the sandbox's Discord, a model and the real bot, on one machine, with one address to open."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from sandbox import weather
from sandbox.model import DemoModel
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story
from sandbox.world import Sandbox

FOLDER = Path("data/demo")
KEY_FILE = FOLDER / "secrets-key"
PROVIDERS_FILE = FOLDER / "providers.toml"
# A second model for moderators to choose, told from the embedded one at a glance; its price is there to be counted.
SECOND_MODEL = "hello"
SECOND_STORY = Story(text="Hello! I am the other model, and this is all that I ever say.", usage=None)
SECOND_PROVIDER = """\
[providers.scripted]
base_url = "{base_url}"
prices = {{"*" = {{input = 1.0, output = 4.0}}}}
"""
# The embedded model is small enough to ramble, where a short answer shows as much, and keeps to the point best with a
# prompt that is close to the one its makers trained it with.
DEMO_MODEL_SETTINGS = {
    "MAX_OUTPUT_TOKENS": "512",
    # Of all the tools, the model's template writes down only those that a message names.
    "TOOL_WINDOW_SHARE": "0.5",
    "HISTORY_MAX_MESSAGES": "8",
    "SYSTEM_PROMPT": "You are a helpful AI assistant named Parley.",
}
BOT_STOPS_WITHIN_SECONDS = 15.0


async def demo(port: int, stopped: asyncio.Event) -> int:
    """Run everything until `stopped` or until the bot ends by itself: the exit code."""
    state, database = FOLDER / "discord.json", FOLDER / "parley.db"
    async with (
        Sandbox.open(port=port, state_file=state, bot_database=database) as sandbox,
        provider() as provider_settings,
    ):
        settings = {
            "DISCORD_TOKEN": sandbox.token,
            "DISCORD_API_BASE_URL": sandbox.api_base_url,
            "DISCORD_GATEWAY_URL": sandbox.gateway_url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
            "PRIVACY_URL": configured().get("PRIVACY_URL") or f"{sandbox.address}/privacy",
            **provider_settings,
            **tool_settings(sandbox.address),
        }
        async with running_bot(settings) as bot:
            ended, told = asyncio.create_task(bot.wait()), asyncio.create_task(stopped.wait())
            ready = asyncio.create_task(sandbox.bot_ready(timeout_seconds=60))
            await asyncio.wait({ended, told, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() and not told.done():
                print(
                    f"\nOpen {sandbox.address} and say hello to @Parley, or ask it to roll a die.  Ctrl+C stops it.\n",
                    flush=True,
                )
                await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
            for task in (ended, told, ready):
                task.cancel()
            return 0 if stopped.is_set() else (bot.returncode or 1)


def tool_settings(address: str) -> Mapping[str, str]:
    """What lets moderators add the sandbox's own tool, and nothing else of this machine; what the host set stays."""
    place = urlsplit(address).netloc
    settings = {"TOOL_HTTP_HOSTS": place, "TOOL_UNSAFE_ADDRESSES": place, "SECRETS_KEY": secrets_key()}
    print(
        f"Tools that moderators add may ask {place}, this sandbox, though it is loopback without https: see "
        f"{address}{weather.PATH}.\nTheir secrets are encrypted with {KEY_FILE}, made for this demo.",
        flush=True,
    )
    return {name: value for name, value in settings.items() if name not in configured()}


def secrets_key() -> str:
    """The key under which the demo's bot keeps its tools' secrets, made at the first start."""
    if not KEY_FILE.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        KEY_FILE.touch(mode=0o600)
        KEY_FILE.write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
    return KEY_FILE.read_text(encoding="ascii")


def configured() -> Mapping[str, str | None]:
    """What the host has set."""
    return {**dotenv_values(".env"), **os.environ}


@asynccontextmanager
async def provider() -> AsyncIterator[Mapping[str, str]]:
    """The settings of the host's provider where PROVIDER_BASE_URL is set, else of the embedded model."""
    host = configured()
    if host.get("PROVIDER_BASE_URL"):
        print(f"The model: {host.get('PROVIDER_MODEL')} at {host['PROVIDER_BASE_URL']}", flush=True)
        yield {}
        return
    async with DemoModel() as model, second_provider() as second:
        print(f"The model: {model.model}, embedded. It is tiny and made for trying things out: expect it to ramble.")
        yield {
            "PROVIDER_BASE_URL": model.base_url,
            "PROVIDER_MODEL": model.model,
            "PROVIDER_API_KEY": "",
            **second,
            **{name: value for name, value in DEMO_MODEL_SETTINGS.items() if name not in host},
        }


@asynccontextmanager
async def second_provider() -> AsyncIterator[Mapping[str, str]]:
    """The setting that names another provider beside the embedded model, unless the host lists providers."""
    if lists_providers():
        yield {}
        return
    async with ScriptedProvider(default=SECOND_STORY) as scripted:
        scripted.models = (SECOND_MODEL,)
        list_provider(scripted.base_url)
        yield {"PROVIDERS_FILE": str(PROVIDERS_FILE)}


def lists_providers() -> bool:
    """Whether the host has a file of providers."""
    return "PROVIDERS_FILE" in configured() or Path("providers.toml").exists()


def list_provider(base_url: str) -> None:
    """Write the file that lists the other provider, whose address is another one at each start."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    PROVIDERS_FILE.write_text(SECOND_PROVIDER.format(base_url=base_url), encoding="utf-8")


@asynccontextmanager
async def running_bot(settings: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot as a process of its own, which is asked to stop at the end of the block."""
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env={**os.environ, **settings}, start_new_session=True
    )
    try:
        yield bot
    finally:
        if bot.returncode is None:
            bot.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bot.wait(), BOT_STOPS_WITHIN_SECONDS)
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
