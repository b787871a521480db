"""What tools cost: declaring many of them, and a step of many calls."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.steps import measure_steps
from bot.app import assembled
from bot.endpoints import point_discord_at
from bot.settings import Settings
from bot.tools.model import Asker
from sandbox.world import Sandbox

DECLARED = 200
SLASH_COMMANDS = 60  # Discord allows 100 of a bot, and some are there already; the others are for models alone
STARTS = 7
TARGET_MS = 300
MODULE = "bench_declared_tools"
ASKER = Asker(user_id=1, guild_id=None, channel_id=1, run_id=1)

HEAD = '''\
"""Tools that a benchmark wrote."""

from __future__ import annotations

from typing import Literal

from discord.app_commands import Range
from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool


async def setup(bot):
    """Called by discord.py."""
    await bot.add_cog(Declared())


class Declared(commands.Cog):
    """Many tools."""
'''
TOOL = '''
    @tool(idempotent=True, for_people={for_people})
    async def tool_{number}(
        self, caller: Caller, words: str, pace: Literal["slow", "fast"] = "slow", count: Range[int, 1, 9] = 3
    ) -> str:
        """Do thing number {number}

        Args:
            words: What to do it with
            pace: How fast to do it
            count: How often to do it
        """
        return words
'''


async def measure_tools() -> str:
    """Tables of times, in Markdown.  Raises: BotFailed."""
    return f"{await measure_declaring()}\n\n{await measure_steps()}"


async def measure_declaring() -> str:
    """What many declared tools add to a start, from the first import of a cog until Discord knows the commands."""
    with TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        write_tools(folder / f"{MODULE}.py")
        sys.path.insert(0, name)
        try:
            async with Sandbox.open() as sandbox:
                settings = settings_for(sandbox, folder)
                point_discord_at(settings.discord_api_base_url, settings.discord_gateway_url)
                await start(settings, [])  # imports that are made late, and the database's tables
                pairs = [(await start(settings, []), await start(settings, [MODULE])) for _ in range(STARTS)]
        finally:
            sys.path.remove(name)
    added_ms = median(many.ready - few.ready for few, many in pairs) * 1000
    told_ms = median(many.told - few.told for few, many in pairs) * 1000
    rows = (
        f"| Start with {DECLARED} more tools: what they add, median, ms | {added_ms:.0f} ({TARGET_MS}) |",
        f"| The first question after it: what they add, median, ms | {told_ms:.0f} |",
    )
    return "\n".join(("| Declaring tools | |", "| --- | --- |", *rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long a start took, and telling the tools for the first time, in seconds."""

    ready: float
    told: float


async def start(settings: Settings, modules: Sequence[str]) -> Times:
    """One start of the bot as far as its log-in, with the tools of these modules besides its own."""
    async with assembled(settings) as parley:
        began = time.perf_counter()
        await parley.client.load(modules)
        await parley.client.login(settings.discord_token.get_secret_value())
        ready = time.perf_counter()
        await parley.client.toolbox.offered(ASKER)
        told = time.perf_counter()
        await parley.client.close()
    return Times(ready=ready - began, told=told - ready)


def write_tools(file: Path) -> None:
    """Write a cog with many tools."""
    tools = (TOOL.format(number=number, for_people=number < SLASH_COMMANDS) for number in range(DECLARED))
    file.write_text(HEAD + "".join(tools), encoding="utf-8")


def settings_for(sandbox: Sandbox, folder: Path) -> Settings:
    """What a host would set to run the bot there; nothing else of this machine's environment matters here."""
    given = {
        "discord_token": sandbox.token,
        "discord_api_base_url": sandbox.api_base_url,
        "discord_gateway_url": sandbox.gateway_url,
        "provider_base_url": "http://127.0.0.1:9/v1",
        "provider_model": "none",
        "database_url": f"sqlite+aiosqlite:///{folder}/parley.db",
    }
    return Settings.model_validate(given)
