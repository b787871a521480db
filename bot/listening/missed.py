"""Messages that were missed: read from the channels after a start, and after a session that could not be resumed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import TypeAlias

import discord

from bot.client import ParleyClient
from bot.errors import StoreError
from bot.interactions import NOT_TAKEN
from bot.listening.hearing import hear
from bot.place_settings.table import Trigger
from bot.runs.changes import PLACE_DELETED
from bot.whereabouts import places_of

log = logging.getLogger(__name__)

MAX_MESSAGES_PER_PLACE = 500  # five requests; the newest, where more was said
READ_SECONDS = 30.0  # for one place, with its waits for the rate limit; the others need not wait longer
FIRST_RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 60.0
UNKNOWN_CHANNEL = 10003

Channel: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
Place: TypeAlias = Channel | discord.PartialMessageable


class Missed:
    """Reads what was said while the bot did not listen, and hears it as if it came now."""

    def __init__(self, client: ParleyClient) -> None:
        self._client = client

    async def read(self) -> None:
        """Catch up after each beginning of a session, until cancelled."""
        while True:
            await self._client.may_have_missed.wait()
            if self._client.may_have_missed.is_set():  # not so if the session ended before we woke
                self._client.may_have_missed.clear()
                await self._catch_up()

    async def _catch_up(self) -> None:
        """Read what may hold something new, and again what could not be read, until a newer session begins."""
        watermark, newest = self._client.recovery.watermark, max(map(last_message_id, self._channels()), default=0)
        session, mark, done = watermark.session, watermark.last_message_id, set[int]()
        pause_seconds = FIRST_RETRY_SECONDS
        while not await self._read_all(mark, done):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await self._client.may_have_missed.wait()
            pause_seconds = min(pause_seconds * 2, MAX_RETRY_SECONDS)
            if watermark.session != session:
                return
        watermark.move_on(session, newest)
        if not watermark.stands:
            self._client.changed.clear()
        await self._close_deleted()

    async def _read_all(self, mark: int | None, done: set[int]) -> bool:
        """Whether every place has been read, or cannot ever be; `done` grows by those."""
        after = self._client.recovery.reads_after(mark)
        if after is None:
            return True
        try:
            places = await self._places(after)
        except StoreError as error:
            log.error("missed messages cannot be looked for now: %s", error)
            return False
        for place in places:
            if place.id not in done and await self._read(place, after):
                done.add(place.id)
        return all(place.id in done for place in places) and not any(guild.unavailable for guild in self._client.guilds)

    async def _close_deleted(self) -> None:
        """Ask for the places that Discord did not list: a channel that was deleted meanwhile, or an archived thread."""
        try:
            for place_id, guild_id in (await self._client.recovery.places()).items():
                guild = None if guild_id is None else self._client.get_guild(guild_id)
                if guild is None or guild.unavailable or guild.get_channel_or_thread(place_id) is not None:
                    continue
                if self._client.may_have_missed.is_set():  # reading comes first, and what is left here after it
                    return
                if await self._is_deleted(place_id):
                    await self._client.changes.lose_place(place_id, PLACE_DELETED)
        except StoreError as error:
            log.error("deleted channels cannot be looked for now: %s", error)

    async def _is_deleted(self, place_id: int) -> bool:
        """Whether Discord knows no such channel any more; not so if it does not say."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                await self._client.http.get_channel(place_id)  # what it is like is not asked
        except NOT_TAKEN as error:
            return isinstance(error, discord.NotFound) and error.code == UNKNOWN_CHANNEL
        return False

    async def _places(self, after: int) -> list[Place]:
        """Where something may have been said after a message: where the bot is active first, then the latest first.

        Discord tells of each channel what its last message is; a DM costs a request to find out.  Those of a thousand
        places take two minutes, one after the other: most of the 50 requests a second are left to answers.
        """
        changed = {
            channel.id: channel
            for guild in self._client.guilds
            if (spoken := [channel for channel in channels_of(guild) if last_message_id(channel) > after])
            for channel in await self._heard(guild, spoken)
        }
        places: list[Place] = []
        for place_id, guild_id in (await self._client.recovery.places()).items():
            if guild_id is None:
                places.append(self._client.get_partial_messageable(place_id))
            elif place_id in changed:
                places.append(changed.pop(place_id))
        others = sorted(changed.values(), key=last_message_id, reverse=True)
        return [*places, *others]

    async def _heard(self, guild: discord.Guild, channels: list[Channel]) -> list[Channel]:
        """Those of a server's channels in which any message may be answered."""
        chosen = await self._client.place_settings.throughout(guild.id)
        places = ((channel, places_of(channel, guild.id, getattr(channel, "parent", None))) for channel in channels)
        return [channel for channel, lies_in in places if chosen(lies_in).trigger is not Trigger.OFF]

    def _channels(self) -> Iterator[Channel]:
        for guild in self._client.guilds:
            yield from channels_of(guild)

    async def _read(self, place: Place, after: int) -> bool:
        """Hear what was said in a place, oldest first; False if it could not be read now."""
        found = place.history(limit=MAX_MESSAGES_PER_PLACE, after=discord.Object(after), oldest_first=False)
        try:
            async with asyncio.timeout(READ_SECONDS):
                messages = [message async for message in found]
        except (discord.Forbidden, discord.NotFound) as error:
            log.info("channel %d cannot be read: %s", place.id, error)
            return True
        except NOT_TAKEN as error:
            log.warning("channel %d cannot be read now: %s", place.id, type(error).__name__)
            return False
        except Exception as error:  # discord.py's parser raises anything, and what is in a channel stays there
            log.warning("discord.py failed at a message in channel %d: %s", place.id, type(error).__name__)
            return True
        own = [message for message in messages if message.author.id == self._client.own_id]
        answered = {message.reference.message_id for message in own if message.reference is not None}
        members: dict[int, discord.Member] = {}  # one request for the name of each, however much they said
        for message in reversed(messages):
            if message.id not in answered:
                message.author = members.get(message.author.id, message.author)
                await self._hear(message)
                if isinstance(message.author, discord.Member):
                    members[message.author.id] = message.author
        return True

    async def _hear(self, message: discord.Message) -> None:
        try:
            await hear(self._client, message)
        except Exception:  # as discord.py does with events: one that fails does not hold up the others
            await self._client.on_error("message")


def channels_of(guild: discord.Guild) -> Iterator[Channel]:
    """The channels and open threads that the bot may read; one that was closed meanwhile is left closed."""
    for channel in () if guild.unavailable else (*guild.channels, *guild.threads):
        if isinstance(channel, Channel) and may_read(guild, channel):
            yield channel


def may_read(guild: discord.Guild, channel: Channel) -> bool:
    """Whether the bot may read what was said in a channel; a thread is as open as the channel that it is in."""
    holder = channel.parent if isinstance(channel, discord.Thread) else channel
    return holder is not None and holder.permissions_for(guild.me).read_message_history


def last_message_id(channel: Channel) -> int:
    """The id of the last message in a channel, which may have been deleted since; 0 if there never was one."""
    return channel.last_message_id or 0
