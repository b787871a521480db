"""A cog with tools that need a person, for the scenarios."""

from __future__ import annotations

import asyncio

from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool
from bot.tools.model import File, Output


class Errands(commands.Cog):
    """Tools that act; `may_end` lets those end that heed nothing else."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()

    async def cog_unload(self) -> None:
        """The bot is about to end."""
        self.may_end.set()

    @tool(idempotent=True, timeout_seconds=60)
    async def cling(self, caller: Caller) -> str:
        """Heed no one"""
        caller.progress("clinging")
        while not self.may_end.is_set():
            try:
                await self.may_end.wait()
            except asyncio.CancelledError:
                caller.progress("still clinging")
        return "let go"

    @tool(idempotent=True)
    async def think(self, caller: Caller) -> str:
        """Work in a thread"""
        for times in range(8):
            await asyncio.to_thread(caller.progress, f"thinking hard, {times}")
            await asyncio.sleep(0.3)
        return "thought"

    @tool(idempotent=False, approval=True)
    async def order(self, caller: Caller, dish: str, count: int = 1) -> str:  # noqa: ARG002 - interface
        """Order something to eat

        Args:
            dish: What to order
            count: How many
        """
        return f"{count} {dish} on the way"

    @tool(idempotent=True)
    async def slow(self, caller: Caller, seconds: float) -> str:
        """Take a while

        Args:
            seconds: How long
        """
        caller.progress("half way")
        await asyncio.sleep(seconds)
        return "slept"

    @tool(idempotent=True)
    async def draw(self, caller: Caller, shape: str) -> Output:  # noqa: ARG002 - interface
        """Draw something

        Args:
            shape: What to draw
        """
        return Output(text=f"A drawing of a {shape}", files=(File(name="drawing.txt", content=b"()"),))

    @tool(idempotent=True)
    async def pack(self, caller: Caller, count: int) -> Output:  # noqa: ARG002 - interface
        """Pack many files

        Args:
            count: How many
        """
        large = File(name="large.bin", content=bytes(11 * 2**20))
        odd = File(name='../../\U0001f600"\r\n/x;y.txt', content=b"odd", description="long " * 400)
        files = (File(name=f"{number}.txt", content=b"small") for number in range(count))
        return Output(text="packed", files=(large, odd, File(name="", content=b""), *files))


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Errands())
