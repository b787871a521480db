"""What a Discord does, by simcord's backend; beside its routes and its store of uploads nothing else imports simcord.

simcord 3.2.1 is made for tests inside one process, so some things are changed for a server that runs for
days: the clock is the wall's, its ever-growing logs keep nothing, ids come from a counter, and ephemeral
messages, which it announces to nobody, are told to their one viewer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

import discord
from simcord import intents as gating
from simcord._clock import Clock
from simcord.backend import Backend, serializers
from simcord.backend.access import channel_accessible, message_accessible, reaction_permissions
from simcord.backend.command_access import command_access
from simcord.backend.errors import BackendError, SetupError
from simcord.backend.models import Channel, Guild, Interaction, Message, Overwrite, Role, User, Webhook
from simcord.components import validate_modal, walk_components
from simcord.enums import (
    AppCommandType,
    CallbackType,
    ChannelType,
    ComponentType,
    InteractionType,
    OptionType,
    OverwriteType,
)
from simcord.interactions import (
    base_payload,
    nest_options,
    store_interaction_attachment,
    validate_option_value,
    walk_to_subcommand,
)

from sandbox.cdn import Cdn
from sandbox.wire import Payload

DISCORD_EPOCH_MS = 1420070400000
HAS_THREAD_FLAG = 1 << 5
DEFAULT_LOCALE = "en-US"
ANSWER_SECONDS = 3.0  # Discord's deadline for the first answer to an interaction
KEPT_INTERACTIONS = 1000  # expired ones are dropped when there are more than this

PrivateListener: TypeAlias = Callable[[int, str, Payload], None]  # viewer id, event, payload


def permission_bits(*names: str) -> int:
    """Discord's bits for permissions by discord.py's names."""
    return discord.Permissions(**dict.fromkeys(names, True)).value


def with_uploads(embeds: list[Payload], attachments: list[Payload]) -> list[Payload]:
    """Embeds whose `attachment://name` pictures point at the uploads of that name."""
    addresses = {f"attachment://{item['filename']}": item["url"] for item in attachments}
    return [
        {
            key: {**value, "url": addresses[value["url"]]}
            if key in ("image", "thumbnail") and isinstance(value, dict) and value.get("url") in addresses
            else value
            for key, value in embed.items()
        }
        for embed in embeds
    ]


class WallClock(Clock):
    """Real time, so that interaction deadlines are real."""

    def now(self) -> datetime:
        """The current UTC time."""
        return datetime.now(UTC)


class Unkept(list[Any]):
    """A log that keeps nothing, in place of the ones simcord lets grow."""

    def append(self, _entry: Any) -> None:
        """Drop the entry."""


class Engine(Backend):
    """The state of one Discord and everything that may be done to it; not aware of sockets or of time limits."""

    def __init__(self, cdn_address: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._last_snowflake = 0
        self.answer_seconds = answer_seconds
        self.age_seconds = 0  # how long ago what happens now shall have happened, by the ids that it gets
        self.nonce: str | int | None = None  # of the message being posted
        self.locales: dict[int, str] = {}  # the language that a user chose for their client
        self.private_listeners: list[PrivateListener] = []
        self.change_listeners: list[Callable[[], None]] = []  # for changes that Discord sends no event about
        super().__init__(clock=WallClock())
        self.http_requests = Unkept()
        self.transcript = Unkept()
        self.cdn: Cdn = Cdn(cdn_address)

    def snowflake(self) -> int:
        """A new id, above every earlier one, holding the time as Discord's ids do."""
        milliseconds = time.time_ns() // 1_000_000 - DISCORD_EPOCH_MS
        self._last_snowflake = max(self._last_snowflake + 1, milliseconds << 22)
        return self._last_snowflake - (self.age_seconds * 1000 << 22)

    def never_below(self, snowflake: int) -> None:
        """Let every new id be above this one, which was given out in an earlier life."""
        self._last_snowflake = max(self._last_snowflake, snowflake)

    # ------------------------------------------------------------------ events

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Tell every subscriber; corrects what simcord leaves blank."""
        if event == "TYPING_START":
            payload = {**payload, "timestamp": int(time.time())}
        elif event == "MESSAGE_CREATE" and self.nonce is not None:
            payload = {**payload, "nonce": self.nonce}
        elif event == "MESSAGE_UPDATE" and payload["flags"] & HAS_THREAD_FLAG and int(payload["id"]) in self.channels:
            payload = {**payload, "thread": self.channel_payload(int(payload["id"]))}
        if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and payload.get("webhook_id"):
            message = self.get_message(int(payload["channel_id"]), int(payload["id"]))
            payload = {**payload, "author": self._webhook_author(message)}
        for listener in self.subscribers:
            listener(event, payload)

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        """Install a prepared message; an ephemeral one is told to its viewer."""
        message.embeds = with_uploads(message.embeds, message.attachments)
        committed = super().commit_message(message, broadcast=broadcast)
        self._tell_viewer("MESSAGE_CREATE", committed)
        return committed

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        """Change a message; an ephemeral one is told to its viewer."""
        if fields.get("embeds") and fields.get("attachments"):
            fields = {**fields, "embeds": with_uploads(fields["embeds"], fields["attachments"])}
        message = super().edit_message(channel_id, message_id, fields)
        self._tell_viewer("MESSAGE_UPDATE", message)
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        """Remove a message; an ephemeral one is told to its viewer."""
        message = self.get_message(channel_id, message_id)
        super().delete_message(channel_id, message_id)
        self._tell_viewer("MESSAGE_DELETE", message)

    def _tell_viewer(self, event: str, message: Message) -> None:
        if not message.is_ephemeral or message.interaction_metadata is None:
            return
        viewer_id = int(message.interaction_metadata["user"]["id"])
        payload = self.message_payload(message, viewer_id)
        for listener in self.private_listeners:
            listener(viewer_id, event, payload)

    def create_thread(
        self,
        parent_id: int,
        name: str,
        owner_id: int,
        *,
        type: int = ChannelType.PUBLIC_THREAD,
        auto_archive_duration: int = 1440,
        message_id: int | None = None,
        applied_tags: Iterable[int] = (),
        broadcast: bool = True,
    ) -> Channel:
        """Open a thread; one that grows from a message marks it instead of announcing itself below it."""
        if message_id is not None and message_id in self.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")
        if not 1 <= len(name) <= 100:
            raise BackendError(400, 50035, "Invalid Form Body: name: Must be between 1 and 100 in length.")
        thread = super().create_thread(
            parent_id,
            name,
            owner_id,
            type=type,
            auto_archive_duration=auto_archive_duration,
            message_id=message_id,
            applied_tags=applied_tags,
            broadcast=broadcast and message_id is None,
        )
        if broadcast and message_id is not None:
            self.announce_thread_create(thread)
            starter = self.get_message(parent_id, message_id)
            starter.flags |= HAS_THREAD_FLAG
            self.emit("MESSAGE_UPDATE", self.message_payload(starter))
        return thread

    def delete_channel(self, channel_id: int) -> None:
        """Remove a channel, thread or category; threads and webhooks go with their channel, a category's channels stay.

        Discord announces the channel alone.
        """
        super().delete_channel(channel_id)
        for webhook in [webhook for webhook in self.webhooks.values() if webhook.channel_id == channel_id]:
            del self.webhooks[webhook.id]
            del self.webhook_tokens[webhook.token]
        for child in [channel for channel in self.channels.values() if channel.parent_id == channel_id]:
            if child.is_thread:
                del self.channels[child.id], self.messages[child.id]
                self.get_guild(cast("int", child.guild_id)).thread_ids.remove(child.id)
            else:
                self.edit_channel(child.id, {"parent_id": None})

    def delete_role(self, guild_id: int, role_id: int) -> None:
        """Remove a role from its members, and from the permissions of the channels."""
        super().delete_role(guild_id, role_id)
        for channel_id in self.get_guild(guild_id).channel_ids:
            if any(overwrite.target_id == role_id for overwrite in self.channels[channel_id].overwrites):
                self.delete_overwrite(channel_id, role_id)

    def announce_webhooks(self, channel_id: int) -> None:
        """Tell that the webhooks of a channel changed."""
        self._emit_webhooks_update(channel_id)

    def register_commands(self, guild_id: int | None, payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Replace the application's commands of a guild (None: everywhere) and tell the listeners."""
        registered = super().register_commands(guild_id, payloads)
        self._tell_of_change()
        return registered

    def get_dm_channel(self, user_id: int) -> Channel:
        """The bot's direct messages with a user, opened if they are new."""
        known = user_id in self.dm_channels
        channel = super().get_dm_channel(user_id)
        if not known:
            self._tell_of_change()
        return channel

    def locale_of(self, user_id: int) -> str:
        """The language of a user's client."""
        return self.locales.get(user_id, DEFAULT_LOCALE)

    def choose_locale(self, user_id: int, locale: str) -> None:
        """Let a user's client speak a language."""
        self.locales[user_id] = locale
        self._tell_of_change()

    def _tell_of_change(self) -> None:
        for listener in self.change_listeners:
            listener()

    def new_interaction(self, type: int, channel_id: int, user_id: int, guild_id: int | None) -> Interaction:
        """Begin an interaction with its deadlines; expired ones are dropped."""
        if len(self.interactions) > KEPT_INTERACTIONS:
            now = self.now_iso()
            for old in [item for item in self.interactions.values() if (item.expires_at or "") <= now]:
                del self.interactions[old.id]
                del self.interaction_tokens[old.token]
        record = super().new_interaction(type, channel_id, user_id, guild_id)
        record.initial_response_deadline = self.iso_after(self.answer_seconds)
        return record

    # -------------------------------------------------------------- what is seen

    def message_payload(self, message: Message, viewer_id: int | None = None) -> Payload:
        """A message as Discord writes it, `me` in its reactions as the viewer sees it."""
        payload = cast("Payload", dict(serializers.message_payload(self, message, for_user=viewer_id)))
        if message.flags & HAS_THREAD_FLAG and message.id in self.channels:
            payload["thread"] = self.channel_payload(message.id)
        if message.webhook_id is not None:
            payload["author"] = self._webhook_author(message)
            payload["application_id"] = str(self.application_id)  # every webhook here is the bot's
        return payload

    def _webhook_author(self, message: Message) -> Payload:
        """The author that a webhook's message shows: its own name and picture, and no account behind them."""
        face = None if message.author_avatar is None else self.cdn.face(message.author_id, message.author_avatar)
        overrides = {"global_name": None, "discriminator": "0000", "avatar": face, "bot": True}
        return self.user_payload(message.author_id) | overrides | {"username": message.author_name}

    def channel_payload(self, channel_id: int) -> Payload:
        """A channel, thread or DM as Discord writes it."""
        return cast("Payload", dict(serializers.channel_payload(self, self.get_channel(channel_id))))

    def user_payload(self, user_id: int) -> Payload:
        """A user as Discord writes them."""
        return cast("Payload", dict(serializers.user_payload(self.get_user(user_id))))

    def member_payload(self, guild_id: int, user_id: int, *, with_user: bool = True) -> Payload:
        """A guild's member as Discord writes them."""
        member = self.get_member(guild_id, user_id)
        payload = serializers.member_payload(self, self.get_guild(guild_id), member, with_user=with_user)
        return cast("Payload", dict(payload))

    def role_payload(self, guild_id: int, role_id: int) -> Payload:
        """A role as Discord writes it."""
        return cast("Payload", dict(serializers.role_payload(self.get_role(guild_id, role_id))))

    def guild_payload(self, guild_id: int) -> Payload:
        """A guild with all its channels, threads, roles and members."""
        return cast("Payload", dict(serializers.guild_create_payload(self, self.get_guild(guild_id))))

    def sees_channel(self, user_id: int, channel_id: int) -> bool:
        """Whether somebody may look into a channel, thread or DM."""
        return channel_accessible(self, channel_id, user_id)

    def sees_message(self, user_id: int, message: Message) -> bool:
        """Whether somebody may read a message; an ephemeral one only its viewer."""
        return message_accessible(self, message.channel_id, message, user_id)


__all__ = [
    "ANSWER_SECONDS",
    "AppCommandType",
    "BackendError",
    "CallbackType",
    "Channel",
    "ChannelType",
    "ComponentType",
    "Engine",
    "Guild",
    "Interaction",
    "InteractionType",
    "Message",
    "OptionType",
    "Overwrite",
    "OverwriteType",
    "Role",
    "SetupError",
    "User",
    "Webhook",
    "base_payload",
    "command_access",
    "gating",
    "nest_options",
    "permission_bits",
    "reaction_permissions",
    "store_interaction_attachment",
    "validate_modal",
    "validate_option_value",
    "walk_components",
    "walk_to_subcommand",
]
