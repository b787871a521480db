"""The bot's command line as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


async def bot_process(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    """`python -m bot` with these settings and no others, away from any `.env`."""
    given = {name.upper(): getattr(settings, name) for name in settings.model_fields_set}
    given["DISCORD_TOKEN"] = settings.discord_token.get_secret_value()
    environment = {name: str(value) for name, value in given.items()}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--env-file", os.devnull, *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
