"""Where replies are shown, on discord.py; the only place that knows how a page becomes a request."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import discord

from bot.errors import ReplyGone
from bot.reply.calls import Call, Calls, translated
from bot.reply.content import PageContent, Posted
from bot.reply.drawing import custom_ids, files_of, view_of
from bot.reply.pacing import Bucket

log = logging.getLogger(__name__)

# How many messages after the question, or after the page before, are looked through for a page that may be there.
LOOKED_THROUGH = 100
# What leads to the question where Discord has no reply, and names who asked without calling them.
HEADING_FORM = "-# ↪ [Question](https://discord.com/channels/{guild_id}/{place_id}/{question_id}) of <@{asker_id}>"
HEADING = re.compile(r"\A-# ↪ \[Question\]\(https://discord\.com/channels/\d+/\d+/(\d+)\) of <@\d+>\n?")


def note_failed_typing(sent: asyncio.Future[int]) -> None:
    """A typing indicator that did not come is no more than a line for the host."""
    if not sent.cancelled() and sent.exception() is not None:
        log.info("no typing indicator: %s", sent.exception())


class ChannelSurface:
    """Messages in a channel, a thread or a DM, under the bot's own name; the first one replies to the question.

    In the thread that grows from the question, which has its id, nothing can: the question is in the channel above.
    """

    def __init__(self, client: discord.Client, calls: Calls, *, channel_id: int, question_id: int | None) -> None:
        self._messageable = client.get_partial_messageable(channel_id)
        self._own_id = 0 if client.user is None else client.user.id
        self._application_id = client.application_id
        self._calls = calls
        self._question = question_id
        self._replied_to = None if question_id == channel_id else question_id
        self.channel: Hashable = channel_id
        self.is_awaited = False
        self.heading = self.lack = ""

    async def open(self, shown: Sequence[Posted]) -> None:
        """There is nothing to find out."""

    async def post(self, number: int, page: PageContent, nonce: str) -> Posted:
        """Post a page; the same nonce again gives the same message."""

        async def request() -> int:
            options: dict[str, Any] = {"nonce": nonce, "allowed_mentions": discord.AllowedMentions.none()}
            if number == 0 and self._replied_to is not None:
                options["reference"] = self._reference(self._replied_to)
            if page.buttons or page.prompts:
                options["view"] = view_of(page)
            if page.files:
                options["files"] = files_of(page)
            return (await self._messageable.send(page.text, **options)).id

        return Posted(id=await self._calls.start(Call(self.channel, Bucket.CREATE), request))

    async def find(self, number: int, run_id: int, previous_page: int | None) -> tuple[Posted, ...]:
        """The messages that may be a page of which nobody heard whether it was posted, oldest first.

        The first page replies to the question, or begins with a link to it; each page was the last one when it was
        posted, with buttons that carry the run's id, or one of several that were posted at the end, with none.
        """
        after = self._question if number == 0 else previous_page
        if after is None:
            return ()
        try:
            history = self._messageable.history(limit=LOOKED_THROUGH, after=discord.Object(after), oldest_first=True)
            found = [message async for message in history if self._may_be(message, number, run_id)]
        except discord.Forbidden:
            return ()  # without Read Message History only the nonce tells
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise translated(error) from error
        return tuple(Posted(id=message.id, webhook_id=message.webhook_id) for message in found)

    def _may_be(self, message: discord.Message, number: int, run_id: int) -> bool:
        is_masked = message.webhook_id is not None and message.application_id == self._application_id
        is_ours = is_masked or message.author.id == self._own_id
        if not is_ours or message.interaction_metadata is not None or message.poll is not None:
            return False
        question = question_of(message)
        runs = {custom_id.rpartition(":")[2] for custom_id in custom_ids(message)}
        answered = self._question if is_masked else self._replied_to
        return question == (answered if number == 0 else None) and runs <= {str(run_id)}

    async def edit(self, message: Posted, page: PageContent) -> None:
        """Make a message look like the page."""

        async def request() -> None:
            await self._messageable.get_partial_message(message.id).edit(
                content=page.text,
                view=view_of(page),
                attachments=files_of(page),
                allowed_mentions=discord.AllowedMentions.none(),
            )

        await self._calls.start(Call(self.channel, Bucket.EDIT, message.id), request)

    async def delete(self, message: Posted) -> None:
        """Remove a message."""
        request = self._messageable.get_partial_message(message.id).delete
        with suppress(ReplyGone):  # an attempt whose answer was lost, or a moderator, was first
            await self._calls.start(Call(self.channel, Bucket.DELETE, message.id), request)

    def typing(self) -> None:
        """Show the typing indicator for ten seconds."""

        async def request() -> None:
            await self._messageable.typing()

        self._calls.start(Call(self.channel, Bucket.TYPING), request).add_done_callback(note_failed_typing)

    def _reference(self, question_id: int) -> discord.MessageReference:
        channel_id = self._messageable.id
        return discord.MessageReference(message_id=question_id, channel_id=channel_id, fail_if_not_exists=False)


def question_of(message: discord.Message) -> int | None:
    """The question that a first page answers; None of any other page."""
    if message.webhook_id is None:
        return None if message.reference is None else message.reference.message_id
    found = HEADING.match(message.content)
    return None if found is None else int(found[1])


class InteractionSurface:
    """The answer to an interaction, seen by its user alone; Discord accepts changes for 15 minutes.

    With `continues`, the interaction's own message holds an earlier answer, which stays as it is.
    """

    def __init__(
        self, client: discord.Client, calls: Calls, *, application_id: int, token: str, continues: bool
    ) -> None:
        self._webhook = discord.Webhook.partial(application_id, token, client=client)
        self._webhook.type = discord.WebhookType.application  # only such a one may send what one person alone sees
        self._calls = calls
        self.channel: Hashable = token
        self.is_awaited = not continues
        self.heading = self.lack = ""

    async def open(self, shown: Sequence[Posted]) -> None:
        """There is nothing to find out: what one person alone sees has the bot's own name."""

    async def post(self, number: int, page: PageContent, nonce: str) -> Posted:  # noqa: ARG002  # see below
        """The first page takes the place of the deferred answer, the others follow it; Discord knows no nonce here."""

        async def request() -> int:
            if number == 0 and self.is_awaited:
                return await self._edit("@original", page)  # type: ignore[arg-type]  # Discord's name for that message
            message = await self._webhook.send(
                page.text,
                ephemeral=True,
                wait=True,
                view=view_of(page) or discord.utils.MISSING,
                files=files_of(page),
                allowed_mentions=discord.AllowedMentions.none(),
            )
            return message.id

        return Posted(id=await self._calls.start(Call(self.channel, Bucket.CREATE), request))

    async def find(self, number: int, run_id: int, previous_page: int | None) -> tuple[Posted, ...]:  # noqa: ARG002
        """None: Discord does not list what only one person sees."""
        return ()

    async def edit(self, message: Posted, page: PageContent) -> None:
        """Make a message look like the page."""
        await self._calls.start(Call(self.channel, Bucket.EDIT, message.id), lambda: self._edit(message.id, page))

    async def delete(self, message: Posted) -> None:
        """Remove a page that is not needed any more."""
        call = Call(self.channel, Bucket.DELETE, message.id)
        with suppress(ReplyGone):
            await self._calls.start(call, lambda: self._webhook.delete_message(message.id))

    def typing(self) -> None:
        """A deferred answer says so by itself."""
        self._calls.skip(Call(self.channel, Bucket.TYPING))

    async def _edit(self, message_id: int, page: PageContent) -> int:
        message = await self._webhook.edit_message(
            message_id,
            content=page.text,
            view=view_of(page),
            attachments=files_of(page),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        return message.id
