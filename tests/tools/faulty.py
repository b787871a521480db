"""Tools that are declared in every way that is wrong."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.tools.caller import Caller
from bot.tools.declare import tool


class Backwards(app_commands.Transformer):
    """Reads backwards, in a way that only it knows."""

    async def transform(self, _: discord.Interaction[Any], value: str, /) -> str:
        """The other way round."""
        return value[::-1]


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
    async def aim(
        self,
        caller: Caller,  # noqa: ARG002 - interface
        point: app_commands.Transform[str, Backwards],
        place: app_commands.AppCommandChannel,
    ) -> str:
        """Aim

        Args:
            point: At what
            place: Where, told in so many words that Discord would cut them off somewhere, which nobody who reads it
                could guess
        """
        return f"what JSON cannot say: {point} {place}"

    @tool(idempotent=True)
    async def overload(
        self,
        caller: Caller,
        a: int = 0,
        b: int = 0,
        c: int = 0,
        d: int = 0,
        e: int = 0,
        f: int = 0,
        g: int = 0,
        h: int = 0,
        i: int = 0,
        j: int = 0,
        k: int = 0,
        ll: int = 0,
        m: int = 0,
        n: int = 0,
        o: int = 0,
        p: int = 0,
        q: int = 0,
        r: int = 0,
        s: int = 0,
        t: int = 0,
        u: int = 0,
        v: int = 0,
        w: int = 0,
        x: int = 0,
        y: int = 0,
        z: int = 0,
    ) -> str:
        """Take too much

        Args:
            a: One more
            b: One more
            c: One more
            d: One more
            e: One more
            f: One more
            g: One more
            h: One more
            i: One more
            j: One more
            k: One more
            ll: One more
            m: One more
            n: One more
            o: One more
            p: One more
            q: One more
            r: One more
            s: One more
            t: One more
            u: One more
            v: One more
            w: One more
            x: One more
            y: One more
            z: One more
        """
        return str(locals())

    @app_commands.choices(number=[app_commands.Choice(name=str(number), value=number) for number in range(26)])
    @tool(idempotent=True)
    async def choose(self, caller: Caller, number: int) -> str:  # noqa: ARG002 - interface
        """Choose one of too many

        Args:
            number: Which one
        """
        return "more than Discord shows"

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

    @tool(idempotent=True)
    async def name_that_is_longer_than_discord_allows(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be called too much"""
        return "too long a name"

    @tool(idempotent=True, for_model=False, for_people=False)
    async def nobody(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be for nobody"""
        return "never"

    @tool(idempotent=True, timeout_seconds=900)
    async def dawdle(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Take longer than Discord waits"""
        return "too late"

    @tool(idempotent=True, for_people=False)
    async def find_tool(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be called like what is built in"""
        return "the wrong one"

    @app_commands.checks.has_permissions(manage_messages=True)
    @tool(idempotent=True)
    async def purge(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Delete everything"""
        return "a model must not"

    @app_commands.dm_only()
    @tool(idempotent=True)
    async def whisper(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Say it in a direct message"""
        return "a model would anywhere"

    @app_commands.guilds(1)
    @tool(idempotent=True)
    async def local(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be in one server"""
        return "a model would anywhere"


class Guarded(commands.Cog):
    """A cog that lets only some people in."""

    def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Nobody called Mallory."""
        return interaction.user.name != "mallory"

    @tool(idempotent=True)
    async def guarded(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be for some"""
        return "a model must not"


@app_commands.guild_only()
class Grouped(commands.GroupCog, group_name="grouped"):
    """A group with rules of its own."""

    @tool(idempotent=True)
    async def inner(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be in a group"""
        return "a model knows no groups"

    @tool(idempotent=True, permissions=discord.Permissions(manage_messages=True))
    async def mightier(self, caller: Caller) -> str:  # noqa: ARG002 - interface
        """Be for moderators, in a group"""
        return "Discord would let everybody"


async def setup(bot: commands.Bot) -> None:
    """Called by discord.py."""
    for cog in (Faulty(), Guarded(), Grouped()):
        await bot.add_cog(cog)
