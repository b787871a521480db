"""A thread for each question, where moderators want that: it grows from the message that asks, and has its id."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Literal

import aiohttp
import discord

from bot.client import ParleyClient
from bot.interactions import NOT_TAKEN
from bot.messages import one_line
from bot.notices import Notice
from bot.place_settings.chosen import PlaceValues
from bot.reply.characters import clean, has_content
from bot.runs.service import Said, Where

log = logging.getLogger(__name__)

MAX_NAME_CHARACTERS = 100  # of a thread, as Discord allows
ARCHIVED_AFTER_MINUTES: Literal[1440] = (
    1440  # a day, of the four lengths that Discord offers; it opens again when somebody writes
)
# Discord lets a bot open some dozens of threads a minute: a question in a rush is answered in the channel instead.
OPEN_SECONDS = 10.0
ALREADY_THERE = 160004  # "A thread has already been created for this message"
CANNOT_OPEN = (
    "This should be answered in a thread of its own, which I may not open here. A moderator can give me Create Public "
    "Threads and Send Messages in Threads, or switch `answer_in_thread` off with `/set`."
)


def gets_thread(channel: object, said: Said, chosen: PlaceValues) -> bool:
    """Whether a question in a channel is to be answered in a thread of its own: in text channels, if it is shown."""
    return chosen.answer_in_thread and said.message_id is not None and isinstance(channel, discord.TextChannel)


async def place_of_answer(
    client: ParleyClient, channel: object, where: Where, said: Said, chosen: PlaceValues
) -> Where | None:
    """Where a question is to be answered: in its thread if it should have one; None if it has been taken up already.

    The thread is there before anything is stored.  Whoever dies in between finds it again, because it is the message's.
    """
    if not chosen.answer_in_thread or said.message_id is None or not isinstance(channel, discord.TextChannel):
        return where
    if await client.service.knows(said.message_id):
        return None
    if not await opened(client, channel.get_partial_message(said.message_id), channel, name_for(said)):
        return where
    return replace(where, channel_id=said.message_id, is_channel=False)


async def opened(
    client: ParleyClient, question: discord.PartialMessage, channel: discord.TextChannel, name: str
) -> bool:
    """Whether a message has a thread now; moderators are told once where the bot may open none."""
    own = channel.permissions_for(channel.guild.me)
    try:
        if not (own.create_public_threads and own.send_messages_in_threads):
            client.notices.stand(channel.id, Notice(subject=f"no threads: {channel.id}", sentence=CANNOT_OPEN))
            return False
        async with asyncio.timeout(OPEN_SECONDS):
            try:
                await question.create_thread(name=name, auto_archive_duration=ARCHIVED_AFTER_MINUTES)
            except (aiohttp.ClientError, ConnectionError):  # of which nobody knows whether it arrived
                if client.is_closed():
                    return False
                await question.create_thread(name=name, auto_archive_duration=ARCHIVED_AFTER_MINUTES)
    except discord.HTTPException as error:
        if error.code == ALREADY_THERE:
            return True
        log.info("no thread in channel %d: %s (error code %d)", channel.id, error.status, error.code)
        return False
    except NOT_TAKEN as error:
        log.info("no thread in channel %d: %s", channel.id, type(error).__name__)
        return False
    return True


def name_for(said: Said) -> str:
    """What a question's thread is called: its first words, or whose it is."""
    name = one_line(clean(said.text), MAX_NAME_CHARACTERS)
    return name if has_content(name) else one_line(clean(f"{said.author_name} asks"), MAX_NAME_CHARACTERS)
