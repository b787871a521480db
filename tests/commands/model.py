"""A model in simcord's Discord: what its calls come to, made for a person in a channel."""

from __future__ import annotations

import simcord

from bot.client import ParleyClient
from bot.tools.model import Asker, Need
from bot.tools.toolbox import Toolbox, unheard
from tests.commands.town import Town


async def told(town: Town, name: str, arguments: str, *, channel: simcord.ChannelHandle | None = None) -> str:
    """What a model is told of its call for Edsger, in the general channel unless said otherwise."""
    return (await toolbox(town).call(name, arguments, asker(town, channel), unheard)).text


async def needed(town: Town, name: str, arguments: str, *, channel: simcord.ChannelHandle | None = None) -> Need | None:
    """What a person has to do before such a call is carried out."""
    return await toolbox(town).need(name, arguments, asker(town, channel))


def toolbox(town: Town) -> Toolbox:
    """The tools of the bot."""
    client: object = town.env.bot
    assert isinstance(client, ParleyClient)
    return client.toolbox


def asker(town: Town, channel: simcord.ChannelHandle | None) -> Asker:
    """Edsger, in a channel."""
    place = channel or town.general
    return Asker(
        user_id=town.edsger.id, guild_id=town.guild.id, channel_id=place.id, run_id=7, call_id=3, is_approved=True
    )
