"""A cog with forty tools, and one for those who may ban members."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool


def gadget(number: int) -> app_commands.Command[Any, ..., Any]:
    """A tool whose description nobody else has."""

    async def method(self: object, caller: Caller) -> str:  # noqa: ARG001 - interface
        return f"Gadget {number} whirrs."

    method.__name__ = f"gadget{number:02}"
    method.__qualname__ = f"Gadgets.{method.__name__}"  # by which discord.py sees that it has a `self`
    method.__doc__ = f"Turn the crank{number:02} of a gadget"
    return tool(idempotent=True, group="gadgets")(method)


class Bans(commands.Cog):
    """What takes a permission."""

    @tool(idempotent=True, permissions=discord.Permissions(ban_members=True), approval=True, group="moderation")
    async def banish(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Send somebody away"""
        return "They are gone."


Gadgets = type("Gadgets", (commands.Cog,), {f"gadget{number:02}": gadget(number) for number in range(40)})


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Bans())
    await bot.add_cog(Gadgets())
