"""A cog with tools that take, give and need what only a Discord has."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool
from bot.tools.model import File, Output

MODERATORS = discord.Permissions(manage_messages=True)


class Colour(Enum):
    """What people choose by name, and code by value."""

    RED = "#f00"
    BLUE = "#00f"


class Workshop(commands.Cog):
    """Tools that do what a test needs."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    @tool(idempotent=True, permissions=MODERATORS)
    async def sanction(self, caller: Caller, member: discord.Member) -> str:
        """Sanction somebody

        Args:
            member: Whom
        """
        return f"{caller.user.display_name} sanctions {member.display_name} ({member.id})"

    @tool(idempotent=True)
    async def point(
        self,
        caller: Caller,  # noqa: ARG002 - interface
        person: discord.User | None = None,
        role: discord.Role | None = None,
        channel: discord.TextChannel | discord.Thread | None = None,
        either: discord.Member | discord.Role | None = None,
    ) -> str:
        """Point at things

        Args:
            person: Who
            role: Which role
            channel: Where
            either: Who, or who all
        """
        return " ".join(f"{type(each).__name__}:{each}" for each in (person, role, channel, either) if each is not None)

    @tool(idempotent=True)
    async def copy(self, caller: Caller, file: discord.Attachment) -> Output:  # noqa: ARG002 - interface
        """Copy a file

        Args:
            file: Which one
        """
        content = await file.read()
        return Output(text=f"{file.filename}: {content.decode()}", files=(File(name=file.filename, content=content),))

    @app_commands.choices(
        size=[Choice(name="small", value=10), Choice(name="large", value=20)],
        depth=[Choice(name="shallow", value=1), Choice(name="deep", value=9)],
    )
    @tool(idempotent=True)
    @app_commands.describe(size="How large")
    async def paint(
        self,
        caller: Caller,  # noqa: ARG002 - interface
        size: Choice[int],
        depth: int,
        level: Literal[1, 2],
        colour: Colour = Colour.BLUE,
        at: app_commands.Timestamp | None = None,
    ) -> str:
        """Paint something

        Args:
            depth: How deep
            level: How well
            colour: In which colour
            at: When
        """
        return f"{size.name}={size.value} {depth} {level} {colour} {at}"

    @tool(idempotent=True)
    async def weigh(self, caller: Caller, items: int = 1) -> dict[str, Any]:  # noqa: ARG002 - interface
        """Weigh items

        Args:
            items: How many
        """
        return {"weights": ["ž`" * 3] * items, "unit": "kg"}

    @tool(idempotent=True, timeout_seconds=2)
    async def deliver(self, caller: Caller, files: int, size: int) -> Output:  # noqa: ARG002 - interface
        """Deliver files

        Args:
            files: How many
            size: How many bytes each has
        """
        given = (File(name=f"../päck {number}.txt", content=b"x" * size) for number in range(files))
        return Output(text="@everyone, here they are", files=tuple(given))

    @tool(idempotent=False)
    async def dig(self, caller: Caller, fails: bool = False) -> str:
        """Dig until told to stop

        Args:
            fails: Whether nothing comes of it
        """
        caller.progress("one foot")
        caller.progress("two  feet")
        await self.go.wait()
        caller.progress("too late to be seen")
        if fails:
            raise RuntimeError("a hole")
        return "A treasure"

    @tool(idempotent=True, for_model=False, timeout_seconds=2)
    async def by_hand(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be for people alone"""
        return "done by hand"

    @tool(idempotent=True, for_people=False)
    async def by_model(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be for models alone"""
        return "done by a model"

    @app_commands.guild_only()
    @tool(idempotent=True, timeout_seconds=2)
    async def gather(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Gather a server's people"""
        return "gathered"


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Workshop())
