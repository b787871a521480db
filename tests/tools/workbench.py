"""A cog with tools of every kind, which the bot loads like its own."""

from __future__ import annotations

import asyncio
from typing import Literal

from discord.app_commands import Range
from discord.ext import commands

from bot.errors import Refusal
from bot.tools.caller import Caller
from bot.tools.declare import tool


class Workbench(commands.Cog):
    """Tools that do what a test needs."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    @tool(idempotent=True)
    async def measure(
        self,
        caller: Caller,  # noqa: ARG002 - interface
        text: str,
        pace: Literal["slow", "fast"],
        count: Range[int, 1, 9] = 3,
        share: Range[float, 0, 1] | None = None,
        copy: bool = False,
        name: Range[str, 2, 5] = "Ada",
    ) -> str:
        """Measure a text

        It is never wrong.

        Args:
            text: What to measure
            pace: How fast
            count: How often
            share: How much of it
            copy: Whether to keep a copy
            name: Who measures
        """
        return f"{text} {pace} {count} {share} {copy} {name}"

    @tool(idempotent=False, timeout_seconds=2)
    async def whoami(self, caller: Caller) -> str:
        """Tell who called"""
        return f"{caller.user.id} {caller.guild and caller.guild.id} {caller.channel.id} {caller.run_id}"

    @tool(idempotent=True, timeout_seconds=2)
    async def write(self, caller: Caller, length: int) -> str:  # noqa: ARG002 - interface
        """Write as much as you like

        Args:
            length: How many letters
        """
        return "ž" * length

    @tool(idempotent=False, timeout_seconds=0.05)
    async def hang(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Take longer than allowed"""
        await asyncio.Event().wait()
        return "never"

    @tool(idempotent=False)
    async def wait(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Wait to be cancelled"""
        self.begun.set()
        await asyncio.Event().wait()
        return "never"

    @tool(idempotent=True)
    async def refuse(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Say no"""
        raise Refusal("Not on Sundays.")

    @tool(idempotent=True)
    async def fail(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Break"""
        raise RuntimeError("with a secret in it")

    @tool(idempotent=True)
    async def quit(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Wait for what somebody else gave up"""
        given_up = asyncio.get_running_loop().create_future()
        given_up.cancel()
        await given_up
        return "never"


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Workbench())
