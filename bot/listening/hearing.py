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
from bot.listening.admission import objection
from bot.listening.question_threads import gets_thread, place_of_answer
from bot.place_settings.chosen import PlaceValues
from bot.place_settings.table import Trigger
from bot.reply.characters import has_content
from bot.reply.surface import HEADING
from bot.runs.importing import Earlier, Wish
from bot.runs.service import Said, Where

log = logging.getLogger(__name__)

ORDINARY = (discord.MessageType.default, discord.MessageType.reply)
IMPORT_SECONDS = 10.0  # two requests, with a wait for the rate limit; the question waits no longer for them
GREETING = "I am here. Ask me something; `/help` says what I can do."


async def hear(client: ParleyClient, message: discord.Message) -> None:
    """Answer a message if it is addressed to the bot; the same message once more changes nothing."""
    with client.recovery.watermark.passing(message.id):
        if is_from_a_person(message) and is_from_a_known_server(message):
            async with client.turns.of(("message", message.id)):  # what is changed of it comes after
                await listen(client, message)


async def listen(client: ParleyClient, message: discord.Message) -> None:
    """Take a message up that is for the bot; who cannot be answered, or is not, is told why."""
    here = where(message.channel, message.guild, message.author.id)
    is_for_us = here.guild_id is None or is_mentioned(client, message)
    try:
        async with client.turns.of(("channel", here.channel_id)):  # what is said there is stored in its order
            chosen = await client.place_settings.at(here.guild_id, here.channel_id)
            is_for_us = await is_addressed(client, message, chosen.trigger)
            if not is_for_us or await client.opt_outs.since(message.author.id) is not None:
                return
            said = await understood(client, message, chosen)
            if said is None:
                return
            if not gets_thread(message.channel, said, chosen):
                await import_recent(client, message.channel, message.guild, here, chosen, before=message.id)
                await client.service.receive(here, said, chosen=chosen)
                return
        place = await place_of_answer(client, message.channel, here, said, chosen)
        if client.is_closed():  # what became of the thread is for the bot's next life to find out
            client.recovery.watermark.leave(message.id)
        elif place is not None:
            await client.service.receive(place, said, chosen=chosen)
    except BudgetReached as reached:
        await client.turning_away.tell(message, reached)
    except ParleyError as error:
        if not isinstance(error, Refusal):
            log.error("a message could not be taken up: %s", error)
        # Else nobody is told: most of what our record is asked about is among people.
        if is_for_us and not await reply(message, str(error)):
            client.recovery.watermark.leave(message.id)


async def understood(client: ParleyClient, message: discord.Message, chosen: PlaceValues) -> Said | None:
    """What a message says; None if it was deleted, says nothing, or is by somebody who need not be told why it is not
    answered.

    Raises: Refusal for a mention that says nothing, which is greeted, and with why its author is not answered.
    """
    await look_up_nickname(message)
    client.people.remember(message.author, message.channel)
    newest = client.changed.get(message.id, message)
    if newest is None:
        return None
    if (why_not := refusal(message, chosen)) is not None:
        if await is_called(client, message) and client.is_news(message.author.id, why_not):
            raise Refusal(why_not)
        return None
    said = read(client, newest)
    if said.text or said.reply_text is not None:
        return said
    if message.guild is None or is_mentioned(client, message):
        raise Refusal(GREETING)
    return None


def refusal(message: discord.Message, chosen: PlaceValues) -> str | None:
    """Why the author of a message is not answered; None if they are."""

    def permissions() -> discord.Permissions:
        try:
            return message.channel.permissions_for(message.author)  # type: ignore[arg-type]  # a User has the least
        except (discord.ClientException, AttributeError):  # a thread in an unknown channel, or nobody known there
            return discord.Permissions.none()

    return None if message.guild is None else objection(chosen, message.author, permissions)


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


async def is_addressed(client: ParleyClient, message: discord.Message, trigger: Trigger) -> bool:
    """Whether a message is for the bot: a direct message, or one of those that moderators want it to answer."""
    if message.guild is None:
        return True
    match trigger:
        case Trigger.OFF:
            return False
        case Trigger.ALL:
            return True
        case Trigger.REPLY:
            return await is_reply_to_bot(client, message)
        case Trigger.MENTION:
            return await is_called(client, message) or await is_where_the_bot_talks(client, message.channel)
        case Trigger.THREADS:
            is_in_thread = isinstance(message.channel, discord.Thread)
            return is_in_thread and await is_addressed(client, message, Trigger.MENTION)


async def is_called(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message is said to the bot itself: its mention, or a reply to it."""
    return is_mentioned(client, message) or await is_reply_to_bot(client, message)


async def is_where_the_bot_talks(client: ParleyClient, channel: object) -> bool:
    """Whether it is a thread that the bot takes part in."""
    if not isinstance(channel, discord.Thread):
        return False
    return channel.me is not None or await client.service.takes_part(channel.id)


def is_mentioned(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message calls the bot by its name."""
    return client.mention in message.content


async def is_reply_to_bot(client: ParleyClient, message: discord.Message) -> bool:
    """Whether a message replies to the bot; of one that Discord does not send, or a webhook's, our own record says."""
    reference = message.reference
    if reference is None or reference.message_id is None or reference.type is not discord.MessageReferenceType.reply:
        return False
    replied = reference.resolved
    if isinstance(replied, discord.Message) and (replied.author == client.user or replied.webhook_id is None):
        return replied.author == client.user
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
    said = message.content if message.webhook_id is None else HEADING.sub("", message.content)
    own = said.replace(client.mention, "").replace(f"<@!{client.own_id}>", "")
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
    client: ParleyClient,
    channel: object,
    guild: discord.Guild | None,
    here: Where,
    chosen: PlaceValues,
    *,
    before: int,
) -> None:
    """Take up the latest messages of a channel before a question, if it is the first and moderators want that.

    Where the bot may not read them, or Discord does not tell them in time, the question is answered without.
    Raises: StoreError.
    """
    wish = await client.importer.wish(here, chosen)
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
    await client.importer.take(wish, [each for each in earlier if each.said.text])


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
