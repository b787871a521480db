"""A server in simcord with its people, and what they see."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import discord
import simcord

from sandbox.provider import ScriptedProvider
from sandbox.pulse import Pulse
from sandbox.stories import ScriptedCall, Story

T = TypeVar("T")
WAIT_SECONDS = 60.0  # for a machine whose cores are shared; everything here takes far less


class Town:
    """Linus asks, Grace moderates, Edsger is just there."""

    def __init__(self, env: simcord.Env, provider: ScriptedProvider) -> None:
        self.env = env
        self.provider = provider
        self._pulse = Pulse()
        env.backend.subscribers.append(lambda *_: self._pulse.beat())
        self.guild = env.create_guild("Parley House")
        self.general = self.guild.create_text_channel("general")
        moderator = self.guild.create_role("Moderator", permissions=discord.Permissions(manage_messages=True))
        self.linus = self.guild.add_member(env.create_user("linus"))
        self.grace = self.guild.add_member(env.create_user("grace"), roles=[moderator])
        self.edsger = self.guild.add_member(env.create_user("edsger"))

    @property
    def mention(self) -> str:
        """How people mention the bot."""
        assert self.env.bot.user is not None
        return self.env.bot.user.mention

    async def wait_for(self, look: Callable[[], T | None]) -> T:
        """The first value of `look` that is neither None nor False, looked at after every event."""
        return await self._pulse.wait_for(look, WAIT_SECONDS)

    async def answer(self, label: str, *, words: str = "") -> discord.Message:
        """The newest message in the channel, once it has a button of this label and holds these words."""

        def look() -> discord.Message | None:
            message = self.general.last_message
            return message if message is not None and label in labels(message) and words in message.content else None

        return await self.wait_for(look)

    async def told(self, name: str, **arguments: object) -> str:
        """What a model is told of a call that it makes for Linus."""
        call = ScriptedCall(name=name, arguments=(json.dumps(arguments),))
        self.provider.play(Story(tool_calls=(call,), finish_reason="tool_calls"), Story(text="Called."))
        await self.linus.send(self.general, f"{self.mention} go")
        await self.answer("Regenerate", words="Called.")
        messages = self.provider.requests[-1].body["messages"]
        assert isinstance(messages, list)
        return str(messages[-1]["content"])


def labels(message: discord.Message) -> list[str]:
    """What the buttons under a message say."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [child.label or "" for row in rows for child in row.children if isinstance(child, discord.Button)]
