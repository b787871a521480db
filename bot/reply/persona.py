"""Answers under the name and with the picture that moderators chose for a place, posted by a webhook of ours.

Discord gives such messages no reply and no nonce.  So the first page begins with a link to the question, which helps
people and tells it from all others; a page of which nobody heard whether it was posted is looked for, never guessed.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import discord

from bot.errors import DiscordUnavailable, PageOutOfReach, Refusal, ReplyError, ReplyGone
from bot.reply.calls import TOKEN_OF_INTERACTION, Call, Calls
from bot.reply.content import PageContent, Posted
from bot.reply.drawing import files_of, view_of
from bot.reply.pacing import Bucket
from bot.reply.surface import HEADING_FORM, ChannelSurface
from bot.reply.webhooks import UNUSED, Webhooks
from bot.runs.model import Run
from bot.runs.persistence import until_stored
from bot.runs.run_place import Places

log = logging.getLogger(__name__)

WEBHOOK_GONE = (10015, TOKEN_OF_INTERACTION)  # Discord's codes for an unknown webhook, and for one with another token
INVALID = 50035  # a field of a request is not what Discord takes
REFUSED = UNUSED + "Discord does not take its name or picture. Choose others with `/set`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Who the bot is in a place."""

    name: str
    avatar_url: str | None


class PersonaSurface:
    """A channel or thread in which the bot may have another name; an answer keeps the one that it began under."""

    def __init__(self, own: ChannelSurface, run: Run, places: Places, webhooks: Webhooks, calls: Calls) -> None:
        """`own` is the same place under the bot's own name."""
        self._own = own
        self._run = run
        self._places = places
        self._webhooks = webhooks
        self._calls = calls
        self._webhook: discord.Webhook | None = None
        self._persona: Persona | None = None
        self._is_masked = False
        self._thread: Any = discord.utils.MISSING
        self.is_awaited = False
        self.lack = ""

    @property
    def channel(self) -> Hashable:
        """A webhook's limits count all threads of its channel together."""
        return self._own.channel

    @property
    def heading(self) -> str:
        """What leads to the question, where Discord has no reply."""
        run = self._run
        return (
            ""
            if not self._is_masked
            else HEADING_FORM.format(
                guild_id=run.guild_id, place_id=run.place_id, question_id=run.question_id, asker_id=run.asker_id
            )
        )

    async def open(self, shown: Sequence[Posted]) -> None:
        """Take the webhook if moderators want it, or if it has posted pages already.  Raises: ReplyError."""
        self._is_masked = bool(shown) and shown[0].webhook_id is not None
        self._persona = None if shown and not self._is_masked else await self._chosen()
        if self._is_masked or self._persona is not None:
            await self._put_on()

    async def post(self, number: int, page: PageContent, nonce: str) -> Posted:
        """Post a page.  Raises: ReplyError."""
        call = Call(self.channel, Bucket.CREATE)
        if self._is_masked and self._webhook is None:  # it was deleted
            try:
                await self._put_on()
            except ReplyError:
                self._calls.skip(call)
                raise
        webhook = self._webhook
        if webhook is None:
            return await self._own.post(number, page, nonce)
        try:
            return await self._send(call, webhook, page)
        except ReplyGone as gone:
            if gone.code not in (*WEBHOOK_GONE, INVALID):
                raise
            self._webhook = None
            if gone.code == INVALID:
                self._take_off(REFUSED)
            else:
                self._webhooks.forget(webhook)
            raise DiscordUnavailable(str(gone)) from gone

    async def find(self, number: int, run_id: int, previous_page: int | None) -> tuple[Posted, ...]:
        """The messages that may be a page of which nobody heard whether it was posted, oldest first."""
        return await self._own.find(number, run_id, previous_page)

    async def edit(self, message: Posted, page: PageContent) -> None:
        """Make a message look like the page.  Raises: ReplyError, PageOutOfReach too."""
        if message.webhook_id is None:
            await self._own.edit(message, page)
            return
        call = Call(self.channel, Bucket.EDIT, message.id)
        webhook = await self._known(call, message.webhook_id)
        if webhook is None:
            self._calls.skip(call)
            raise PageOutOfReach(f"the webhook of message {message.id} is gone")
        change = partial(
            webhook.edit_message,
            message.id,
            content=page.text,
            view=view_of(page),
            attachments=files_of(page),
            allowed_mentions=discord.AllowedMentions.none(),
            thread=self._thread,
        )
        try:
            await self._calls.start(call, change)
        except ReplyGone as gone:
            if gone.code not in WEBHOOK_GONE:
                raise
            self._webhooks.forget(webhook)
            self._webhook = None
            raise PageOutOfReach(f"the webhook of message {message.id} is gone") from gone

    async def delete(self, message: Posted) -> None:
        """Remove a message; where its webhook is gone, the bot tries it itself."""
        call = Call(self.channel, Bucket.DELETE, message.id)
        webhook = None if message.webhook_id is None else await self._known(call, message.webhook_id)
        if webhook is None:
            await self._own.delete(message)
            return
        with suppress(ReplyGone):
            await self._calls.start(call, partial(webhook.delete_message, message.id, thread=self._thread))

    def typing(self) -> None:
        """Show the typing indicator for ten seconds, under the bot's own name: webhooks have none."""
        self._own.typing()

    async def _chosen(self) -> Persona | None:
        """The name, and the picture if there is one, that moderators chose; None: the bot's own."""
        run = self._run
        try:
            values = await until_stored(run.id, partial(self._places.at, run.guild_id, run.place_id))
        except Refusal:
            return None
        name = values.persona_name
        return None if name is None else Persona(name=name, avatar_url=values.persona_avatar)

    async def _put_on(self) -> None:
        """Have the webhook post from now on, or the bot itself where that cannot be.  Raises: ReplyError."""
        try:
            self._webhook = await self._webhooks.of(self._run.place_id)
        except Refusal as refusal:
            self._take_off(str(refusal))
            return
        is_in_thread = self._webhook.channel_id != self._run.place_id
        self._thread = discord.Object(self._run.place_id) if is_in_thread else discord.utils.MISSING
        self._is_masked = True
        self._own.channel = ("webhook", self._webhook.channel_id)

    def _take_off(self, lack: str) -> None:
        """Post under the bot's own name from now on."""
        log.info("run %d: %s", self._run.id, lack)
        self._webhook, self._is_masked, self.lack = None, False, lack

    async def _send(self, call: Call, webhook: discord.Webhook, page: PageContent) -> Posted:
        persona, missing = self._persona, discord.utils.MISSING

        async def request() -> int:
            message = await webhook.send(
                page.text,
                wait=True,
                view=view_of(page) or missing,
                files=files_of(page),
                allowed_mentions=discord.AllowedMentions.none(),
                username=missing if persona is None else persona.name,  # else the webhook's own
                avatar_url=missing if persona is None or persona.avatar_url is None else persona.avatar_url,
                thread=self._thread,
            )
            return message.id

        return Posted(id=await self._calls.start(call, request), webhook_id=webhook.id)

    async def _known(self, call: Call, webhook_id: int) -> discord.Webhook | None:
        """The webhook that posted a page.  Raises: ReplyError, and the turn is given back."""
        try:
            return await self._webhooks.known(webhook_id, self._run.place_id)
        except ReplyError:
            self._calls.skip(call)
            raise
