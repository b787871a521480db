"""Tells people what they asked to be reminded of: at its time, or late, and once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import discord

from bot.client import ParleyClient
from bot.errors import UNEXPECTED, DiscordUnavailable, StoreError
from bot.interactions import NOT_TAKEN
from bot.reply.calls import translated
from bot.store import reminders
from bot.store.database import Database
from bot.store.reminders import Reminder
from bot.tools.sight import is_closed, is_inside

log = logging.getLogger(__name__)

# The machine's clock may be set, and a machine may sleep: the next due time is looked at again this often.
LOOK_AGAIN = timedelta(seconds=5)
# Each waits for Discord alone, so that a channel with a full rate limit does not hold up the others.
MAX_AT_ONCE = 50
# Discord's rate limit lets five into one channel in five seconds: this is time enough for all reminders of a person.
ATTEMPT_SECONDS = 60.0
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0
# From then on a reminder says that it is late, and is looked for before it is posted: what the process before this one
# posted without noting it, Discord knows by its nonce, but only for some minutes.
LATE = timedelta(minutes=1)
CLOCKS_PART = timedelta(minutes=5)  # how much ours may be ahead of Discord's
# Long enough to find out what became of one; then nobody needs the words any more.
KEPT = timedelta(days=7)
LOOKED_THROUGH = 100  # messages, as many as one request gives

LEFT = "The person has left the server."
CLOSED = "Neither the channel nor the person's direct messages could be written to."
ELSEWHERE = "\n-# I cannot write to you where you asked for this."

Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class Reminding:
    """Looks for what is due, and tells it."""

    def __init__(self, client: ParleyClient, database: Database, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._under_way: set[int] = set()
        self._backoff_seconds = FIRST_BACKOFF_SECONDS

    async def run(self) -> None:
        """Tell people, from the moment that the servers are known, until cancelled."""
        await self._client.can_write.wait()
        await self._client.wait_until_ready()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._client.reminders.changed.clear()
                pause = LOOK_AGAIN
                for reminder in await self._soon_due():
                    if (left := reminder.due_at - self._clock()) > timedelta():
                        pause = left
                        break
                    self._under_way.add(reminder.id)
                    tasks.create_task(self._deliver(reminder))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause.total_seconds()):
                        await self._client.reminders.changed.wait()

    async def _soon_due(self) -> tuple[Reminder, ...]:
        """What is due before the next look, soonest first."""
        by, room = self._clock() + LOOK_AGAIN, MAX_AT_ONCE - len(self._under_way)
        try:
            async with self._database.read() as transaction:
                return await reminders.due(transaction, by, limit=room, without=self._under_way)
        except StoreError as error:
            log.error("reminders cannot be looked for now: %s", error)
            return ()

    async def _deliver(self, reminder: Reminder) -> None:
        """Tell it; what could not be told is found again after a pause, if it was not cancelled meanwhile."""
        if await self._is_settled(reminder):
            self._backoff_seconds = FIRST_BACKOFF_SECONDS
        else:
            await asyncio.sleep(self._backoff_seconds)
            self._backoff_seconds = min(self._backoff_seconds * 2, MAX_BACKOFF_SECONDS)
        self._under_way.discard(reminder.id)
        self._client.reminders.changed.set()

    async def _is_settled(self, reminder: Reminder) -> bool:
        """One attempt: whether no other is needed."""
        failure: str | None = UNEXPECTED
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                failure = await self._tell(reminder)
        except (*NOT_TAKEN, DiscordUnavailable) as error:
            log.warning("reminder %d waits for Discord: %s", reminder.id, type(error).__name__)
            return False
        except Exception:
            log.exception("reminder %d failed", reminder.id)
        try:
            async with self._database.write() as transaction:
                now = self._clock()
                await reminders.settle(transaction, reminder.id, now, failure)
                await reminders.forget(transaction, now - KEPT)
        except StoreError as error:  # it is found in the channel then
            log.error("reminder %d waits for the database: %s", reminder.id, error)
            return False
        return True

    async def _tell(self, reminder: Reminder) -> str | None:
        """Tell it where it was asked for, or else in a direct message: None, or why neither is possible."""
        if reminder.guild_id is not None:
            guild = self._client.get_guild(reminder.guild_id)
            if guild is not None and guild.unavailable:
                raise DiscordUnavailable("The server has an outage.")
            try:
                member = None if guild is None else await guild.fetch_member(reminder.user_id)
            except discord.NotFound:
                return LEFT
            place = None if member is None else await self._place(reminder.channel_id, member)
            if place is not None and await self._post(place, reminder, ""):
                return None
        try:
            direct = await self._client.create_dm(discord.Object(reminder.user_id))
        except discord.HTTPException as error:
            require_final(error)
            return CLOSED
        note = "" if reminder.guild_id is None else ELSEWHERE
        return None if await self._post(direct, reminder, note) else CLOSED

    async def _place(self, channel_id: int, member: discord.Member) -> Channel | None:
        """The channel, if the person may write there: what the bot writes for them is said in their name."""
        try:
            channel = self._client.get_channel(channel_id) or await self._client.fetch_channel(channel_id)
            if not isinstance(channel, Channel):
                return None
            may_write = await may_write_in(channel, member)
        except (discord.NotFound, discord.Forbidden, discord.ClientException):
            return None
        return channel if may_write else None

    async def _post(self, place: Channel | discord.DMChannel, reminder: Reminder, note: str) -> bool:
        """Whether the person is told there now, by this or by an earlier attempt.  Raises: NOT_TAKEN."""
        is_late = self._clock() - reminder.due_at > LATE
        late = f"\n-# It was due <t:{reminder.due_at.timestamp():.0f}:R>; I could not write earlier." if is_late else ""
        try:
            if is_late and await self._was_posted(place, reminder):
                return True
            await place.send(
                wording(reminder) + late + note,
                nonce=nonce(reminder),
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, roles=False, users=[discord.Object(reminder.user_id)]
                ),
            )
        except discord.HTTPException as error:
            require_final(error)
            log.info("reminder %d cannot be posted: %s", reminder.id, error.code)
            return False
        return True

    async def _was_posted(self, place: Channel | discord.DMChannel, reminder: Reminder) -> bool:
        """Whether a message that may be this reminder stands there already."""
        after = reminder.due_at - CLOCKS_PART
        try:
            async for message in place.history(limit=LOOKED_THROUGH, after=after, oldest_first=True):
                if message.author.id == self._client.own_id and message.content.startswith(wording(reminder)):
                    return True
        except discord.Forbidden:
            log.info("reminder %d cannot be looked for", reminder.id)  # only the nonce tells
        return False


async def may_write_in(channel: Channel, member: discord.Member) -> bool:
    """Whether somebody may say something there.  Raises: discord.HTTPException, discord.ClientException."""
    allowed = channel.permissions_for(member)
    if not isinstance(channel, discord.Thread):
        return allowed.view_channel and allowed.send_messages
    if channel.locked and not allowed.manage_threads:
        return False
    is_let_in = not is_closed(channel, member) or await is_inside(channel, member.id)
    return allowed.view_channel and allowed.send_messages_in_threads and is_let_in


def wording(reminder: Reminder) -> str:
    """How a reminder begins, whenever and wherever it is posted, and no other does."""
    asked_at = f"{reminder.created_at.timestamp():.0f}"
    return f"⏰ <@{reminder.user_id}> {reminder.text}\n-# You asked for this reminder on <t:{asked_at}:f>."


def nonce(reminder: Reminder) -> str:
    """The same for each attempt; another database's reminder of this number has another one."""
    return f"{reminder.id:x}-{reminder.created_at.timestamp() * 1000:.0f}"


def require_final(error: discord.HTTPException) -> None:
    """Raises: the error, unless Discord would refuse the same request again."""
    if isinstance(translated(error), DiscordUnavailable):
        raise error
