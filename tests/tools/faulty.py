"""Tools that are declared in every way that is wrong."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool


class Faulty(commands.Cog):
    """What an engineer may forget."""

    @tool(idempotent=True)
    async def mute(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        return "no docstring"

    @tool(idempotent=True)
    async def vague(self, caller: Caller, amount: int) -> str:  # noqa: ARG002 - interface
        """Do something with an amount"""
        return "no Args"

    @tool(idempotent=True)
    async def greet(self, caller: Caller, member: discord.Member, when: app_commands.Timestamp) -> str:  # noqa: ARG002 - interface
        """Greet

        Args:
            member: Whom
            when: When
        """
        return "what JSON cannot say"

    @tool(idempotent=True)
    async def pack(self, caller: Caller, things: list[str]) -> str:  # noqa: ARG002 - interface
        """Pack

        Args:
            things: What
        """
        return "what Discord cannot say"

    @tool(idempotent=True)
    async def unknown(self, caller: Caller, thing: Nowhere) -> str:  # type: ignore[name-defined]  # noqa: ARG002, F821 - the fault
        """Use a type that is nowhere"""
        return "no such type"

    @tool(idempotent=True)  # type: ignore[arg-type]  # the fault
    def hurry(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Do not wait"""
        return "not async"

    @tool(idempotent=True)
    async def grüße(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Greet in German"""
        return "not ASCII"

    @app_commands.default_permissions(manage_messages=True)
    @tool(idempotent=True)
    async def purge(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Delete everything"""
        return "a model must not"


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Faulty())
