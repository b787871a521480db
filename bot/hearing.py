"""What a message of Discord's says, whether it is meant for the bot, and what is done about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import discord

from bot.budgets.model import BudgetReached
from bot.client import ParleyClient, where
from bot.errors import ParleyError, Refusal
from bot.interactions import NOT_TAKEN
from bot.place_settings.table import Trigger
from bot.reply.characters import has_content
from bot.runs.importing import Earlier, Wish
from bot.runs.service import Said

log = logging.getLogger(__name__)

ORDINARY = (discord.MessageType.default, discord.MessageType.reply)
IMPORT_SECONDS = 10.0  # two requests, with a wait for the rate limit; the question waits no longer for them
GREETING = "I am here. Ask me something; `/help` says what I can do."


async def hear(client: ParleyClient, message: discord.Message) -> None:
    """Answer a message if it is addressed to the bot; the same message once more changes nothing."""
    with client.recovery.watermark.passing(message.id):
        if not is_from_a_person(message) or not is_from_a_known_server(message):
            return
        try:
            async with client.order.of(message.channel.id):
                says_nothing = await is_wanted(client, message) and not await take_up(client, message)
            if says_nothing and (message.guild is None or is_mentioned(client, message)):
                await reply(message, GREETING)
        except BudgetReached as reached:
            await client.turning_away.tell(message, reached)
        except ParleyError as error:
            if not isinstance(error, Refusal):
                log.error("a message could not be taken up: %s", error)
            if not await reply(message, str(error)):
                client.recovery.watermark.leave(message.id)


async def is_wanted(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message is for the bot, and from somebody whom it answers; not so where that cannot be found out."""
    try:
        return await is_addressed(client, message) and await client.opt_outs.since(message.author.id) is None
    except ParleyError as error:  # nobody is told: most of what our record is asked about is among people
        log.error("a message may have been for the bot: %s", error)
        return False


async def take_up(client: ParleyClient, message: discord.Message) -> bool:
    """Hand a message on to the runs; False if it says nothing."""
    await look_up_nickname(message)
    client.people.remember(message.author, message.channel)
    newest = client.changed.get(message.id, message)
    if newest is None:
        return True
    said = read(client, newest)
    if said.text or said.reply_text is not None:
        await import_recent(client, message.channel, message.guild, user_id=message.author.id, before=message.id)
        await client.service.receive(where(message.channel, message.guild, message.author.id), said)
        return True
    return False


async def reply(message: discord.Message, sentence: str) -> bool:
    """Answer in our own words: whether that was possible; Discord takes only one such answer to a message."""
    try:
        await message.reply(sentence, mention_author=False, nonce=message.id)
    except NOT_TAKEN as error:
        log.info("no reply in channel %d: %s", message.channel.id, type(error).__name__)
        return False
    return True


async def look_up_nickname(message: discord.Message) -> None:
    """Let the author have the name that the server gives them, which the gateway tells and a channel's history not."""
    if message.guild is None or isinstance(message.author, discord.Member):
        return
    try:
        message.author = await message.guild.fetch_member(message.author.id)
    except NOT_TAKEN as error:
        log.info("no nickname for an author in channel %d: %s", message.channel.id, type(error).__name__)


def is_from_a_known_server(message: discord.Message) -> bool:
    """Whether the server of a message is known: in a session whose READY was lost it looks like a direct message."""
    return message.guild is not None or getattr(message.channel, "guild_id", None) is None


def is_from_a_person(message: discord.Message) -> bool:
    """Bots and webhooks are never answered, so that two bots never talk; nor is what Discord itself says."""
    return not message.author.bot and message.webhook_id is None and message.type in ORDINARY


async def is_addressed(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message is for the bot: a DM, its mention, a reply to it, or said where it takes part."""
    if message.guild is None or is_mentioned(client, message):
        return True
    if client.settings.place_defaults["trigger"] == Trigger.ALL or await is_reply_to_bot(client, message):
        return True
    thread = message.channel
    if not isinstance(thread, discord.Thread):
        return False
    return thread.me is not None or await client.service.takes_part(thread.id)


def is_mentioned(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message calls the bot by its name."""
    return client.mention in message.content


async def is_reply_to_bot(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message replies to the bot; where Discord does not send the other message, our own record says."""
    reference = message.reference
    if reference is None or reference.message_id is None or reference.type is not discord.MessageReferenceType.reply:
        return False
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved.author == client.user
    return await client.service.wrote(reference.message_id)


def read(client: ParleyClient, message: discord.Message) -> Said:
    """What a message says, with names for mentions and a line for each attachment."""
    resolved = message.reference.resolved if message.reference is not None else None
    replied = resolved if isinstance(resolved, discord.Message) else None
    return Said(
        message_id=message.id,
        author_id=message.author.id,
        author_name=message.author.display_name,
        text=words(client, message),
        reply_author=replied.author.display_name if replied is not None else None,
        reply_text=words(client, replied) if replied is not None else None,
        reply_author_id=replied.author.id if replied is not None else None,
    )


def words(client: ParleyClient, message: discord.Message) -> str:
    """A message's text without the bot's mention; empty if nothing visible is left."""
    own = message.content.replace(client.mention, "").replace(f"<@!{client.own_id}>", "")
    lines = [named(own, message.mentions).strip()]
    lines += [f"[attached file: {attachment.filename}]" for attachment in message.attachments]
    text = "\n".join(line for line in lines if line)
    return text if has_content(text) else ""


def named(text: str, mentions: Sequence[discord.abc.User]) -> str:
    """The text with people's names where it mentions them."""
    for user in mentions:
        text = text.replace(f"<@{user.id}>", f"@{user.display_name}").replace(f"<@!{user.id}>", f"@{user.display_name}")
    return text


async def import_recent(
    client: ParleyClient, channel: object, guild: discord.Guild | None, *, user_id: int, before: int
) -> None:
    """Take up the latest messages of a channel before a question, if it is the first and moderators want that.

    Where the bot may not read them, or Discord does not tell them in time, the question is answered without.
    Raises: Refusal, StoreError.
    """
    here = where(channel, guild, user_id)
    wish = await client.importer.wish(here)
    if wish is None or not isinstance(channel, discord.abc.Messageable) or not may_read(channel, guild):
        return
    try:
        async with asyncio.timeout(IMPORT_SECONDS):
            found = [each async for each in channel.history(limit=wish.count, before=discord.Object(before))]
    except NOT_TAKEN as error:
        log.info("what was said in channel %d is not imported: %s", here.channel_id, type(error).__name__)
        return
    earlier = [
        Earlier(said=read(client, each), at=each.created_at) for each in reversed(found) if may_be_taken(wish, each)
    ]
    await client.importer.take(here, [each for each in earlier if each.said.text])


def may_be_taken(wish: Wish, message: discord.Message) -> bool:
    """Whether a message is a person's, who lets it be read, and not older than is kept."""
    is_old = wish.not_before is not None and message.created_at < wish.not_before
    return is_from_a_person(message) and message.author.id not in wish.left_out and not is_old


def may_read(channel: object, guild: discord.Guild | None) -> bool:
    """Whether the bot may read what was said: without the permission Discord says that nothing was."""
    if guild is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return False
    try:
        own = channel.permissions_for(guild.me)
    except discord.ClientException:  # a thread in a channel that the bot does not see
        return False
    return own.view_channel and own.read_message_history
