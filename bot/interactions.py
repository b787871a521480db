"""Answers to commands and buttons, which reach Discord though its word is not heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
import discord

log = logging.getLogger(__name__)

T = TypeVar("T")

# Whatever ends a request of discord.py's that Discord did not take.
NOT_TAKEN = (discord.HTTPException, aiohttp.ClientError, OSError)
# An interaction is answered within three seconds or never (interactions/receiving-and-responding.mdx), and once.
RESPONSE_SECONDS = 3.0
AT_ONCE_SECONDS = 1.0  # of those, after which a person is told that an answer will follow
ALREADY_ANSWERED = 40060
CANNOT_WRITE = "I may not write in this channel. A moderator can give me Send Messages here; `private` works already."


async def respond(answer: Callable[[], Awaitable[T]]) -> T | None:
    """Make the first answer to an interaction, and make it again where Discord's word is not heard.

    What it comes to, or None where the second attempt shows that the first one arrived.  Raises: NOT_TAKEN.
    """
    try:
        async with asyncio.timeout(RESPONSE_SECONDS / 2):
            return await answer()
    except (aiohttp.ClientError, OSError) as error:
        log.info("an interaction is answered once more: %s", type(error).__name__)
    try:
        async with asyncio.timeout(RESPONSE_SECONDS / 2):
            return await answer()
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED:
            raise
        return None


async def acknowledge(interaction: discord.Interaction[Any], *, ephemeral: bool = False) -> None:
    """Let Discord know that an interaction was heard; what was wished is done even where it does not take that."""
    try:
        await respond(lambda: interaction.response.defer(ephemeral=ephemeral))
    except NOT_TAKEN as error:
        log.warning("an interaction could not be acknowledged: %s", error)


async def in_time(interaction: discord.Interaction[Any], work: Coroutine[Any, Any, T], *, ephemeral: bool = False) -> T:
    """What some work comes to; if it takes long, Discord is told meanwhile that it goes on.  Raises: what it raises.

    After a command this decides who will see the answer: its user alone, if ephemeral.
    """
    working = asyncio.create_task(work)
    await asyncio.wait([working], timeout=AT_ONCE_SECONDS)
    if not working.done():
        await acknowledge(interaction, ephemeral=ephemeral)
    return await working


async def tell(
    interaction: discord.Interaction[Any],
    sentence: str,
    *,
    ephemeral: bool = True,
    view: discord.ui.View = discord.utils.MISSING,
) -> None:
    """Answer an interaction in words that, if ephemeral, only its user sees, whether or not it was acknowledged.

    Where Discord does not take them the log says so; Discord itself tells the person that nothing came.
    """
    try:
        if not interaction.response.is_done():
            try:
                await respond(lambda: interaction.response.send_message(sentence, ephemeral=ephemeral, view=view))
                return
            except discord.HTTPException as error:
                if error.code != ALREADY_ANSWERED:  # by an acknowledgement of which nothing was heard
                    raise
        await interaction.followup.send(sentence, ephemeral=ephemeral, view=view)
    except NOT_TAKEN as error:
        log.warning("a person could not be told: %s", error)


def may_write(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot can post its answer where a command was used."""
    allowed = interaction.app_permissions
    if interaction.guild is None:
        return True
    if isinstance(interaction.channel, discord.Thread):
        return allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages
