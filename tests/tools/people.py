"""People for whom tools are called where there is no Discord."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.tools.caller import Caller, PlaceSettings
from bot.tools.model import Asker, Result
from bot.tools.toolbox import Toolbox, unheard

ASKER = Asker(user_id=100, guild_id=None, channel_id=10, run_id=7, is_approved=True)


def someone(user_id: int = 100) -> discord.User:
    """A person as discord.py knows them, without a connection."""
    data: Any = {"id": user_id, "username": "ada", "discriminator": "0", "avatar": None, "global_name": "Ada"}
    return discord.User(state=None, data=data)  # type: ignore[arg-type]  # nothing here asks Discord


@dataclass(frozen=True)
class Known:
    """Everybody is there, with these permissions."""

    permissions: int = 0

    async def caller(self, asker: Asker, tool_name: str, progress: Callable[[str], None]) -> Caller:
        """The person of that id."""
        return Caller(
            user=someone(asker.user_id),
            guild=None,
            channel=discord.Object(asker.channel_id),
            permissions=discord.Permissions(self.permissions),
            place=PlaceSettings(model="a-model"),
            log=logging.LoggerAdapter(logging.getLogger(tool_name), {}),
            progress=progress,
            run_id=asker.run_id,
            question_id=asker.question_id,
            call_id=asker.call_id,
        )


async def called(box: Toolbox, name: str, arguments: str = "{}", asker: Asker = ASKER) -> Result:
    """What comes of a model's call."""
    return await box.call(name, arguments, asker, unheard)


async def said(box: Toolbox, name: str, arguments: str = "{}", asker: Asker = ASKER) -> str:
    """What the model is told of its call."""
    return (await called(box, name, arguments, asker)).text
