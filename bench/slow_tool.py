"""A tool that takes its time, and a record of the bot's commits: loaded into a measured bot by TOOL_MODULES."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from discord.ext import commands
from sqlalchemy import Connection, Engine, event

from bot.store.database import driver_of
from bot.tools.caller import Caller
from bot.tools.declare import tool

PAUSE_SECONDS = 0.1
COMMITS = "commits.json"  # in the working directory, once the bot has stopped


class SlowTool(commands.Cog):
    """One tool; the times of the commits are those of `time.monotonic`, which all processes share."""

    def __init__(self) -> None:
        self._commits: list[float] = []
        event.listen(Engine, "commit", self._commit)

    async def cog_unload(self) -> None:
        """Say when there was a commit."""
        event.remove(Engine, "commit", self._commit)
        await asyncio.to_thread(Path(COMMITS).write_text, json.dumps(self._commits), "utf-8")

    @tool(idempotent=True)
    async def pause(self, caller: Caller, number: int) -> str:  # noqa: ARG002  # the same call thrice ends a run
        """Wait for a tenth of a second

        Args:
            number: Which of the pauses it is
        """
        await asyncio.sleep(PAUSE_SECONDS)
        return f"That was pause {number}."

    def _commit(self, connection: Connection) -> None:
        if not driver_of(connection).only_reads:
            self._commits.append(time.monotonic())


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(SlowTool())
