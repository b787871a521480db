"""What people do in the sandbox's Discord, each refused with a sentence where Discord's client would not let them."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.command_forms import LOCALES
from sandbox.refusals import refusals, visible_message
from sandbox.semantics import Channel, reaction_permissions
from sandbox.stewards import Stewards
from sandbox.wire import Payload, Refused

Attachment = tuple[str, bytes]  # filename, content


class People(Stewards):
    """The hands of every user: messages here, a server's roles and channels and a bot's commands by inheritance.

    Raises:
        Refused: (every action) the user may not or cannot do that.
    """

    async def say(
        self,
        user_id: int,
        channel_id: int,
        content: str = "",
        *,
        reply_to: int | None = None,
        files: Sequence[Attachment] = (),
    ) -> int:
        """Post a message and return its id; an archived thread opens again."""
        engine = self._engine
        with refusals():
            channel = self._channel_to_write(user_id, channel_id)
            if files:
                engine.require_permissions(channel.guild_id, user_id, channel_id, "attach_files")
            reference = None
            if reply_to is not None:
                visible_message(self._engine, user_id, channel_id, reply_to)
                reference = engine.normalize_message_reference(channel_id, {"message_id": str(reply_to)})
            if channel.thread_metadata is not None and channel.thread_metadata.archived:
                engine.edit_channel(channel_id, {}, thread_metadata={"archived": False})
            if channel.is_thread:
                engine.add_thread_member(channel_id, user_id)
            attachments = engine.store_attachments(channel_id, list(files))
            message = engine.create_message(channel_id, user_id, content, reference=reference, attachments=attachments)
            return message.id

    async def edit(self, user_id: int, channel_id: int, message_id: int, content: str) -> None:
        """Change the text of an own message."""
        with refusals():
            message = visible_message(self._engine, user_id, channel_id, message_id)
            if message.author_id != user_id:
                raise Refused("You can only edit your own messages.")
            self._engine.edit_message(channel_id, message_id, {"content": content})

    async def delete(self, user_id: int, channel_id: int, message_id: int) -> None:
        """Delete an own message, or anybody's with Manage Messages; dismisses an ephemeral one."""
        with refusals():
            message = visible_message(self._engine, user_id, channel_id, message_id)
            channel = self._engine.get_channel(channel_id)
            if message.author_id != user_id and not message.is_ephemeral:
                if channel.guild_id is None:
                    raise Refused("You can only delete your own messages here.")
                self._engine.require_permissions(channel.guild_id, user_id, channel_id, "manage_messages")
            self._engine.delete_message(channel_id, message_id)

    async def start_typing(self, user_id: int, channel_id: int) -> None:
        """Show as typing for Discord's ten seconds."""
        engine = self._engine
        with refusals():
            channel = self._channel_to_write(user_id, channel_id)
            payload: Payload = {"channel_id": str(channel_id), "user_id": str(user_id)}
            if channel.guild_id is not None:
                payload |= {
                    "guild_id": str(channel.guild_id),
                    "member": engine.member_payload(channel.guild_id, user_id),
                }
            engine.emit("TYPING_START", payload)

    async def choose_locale(self, user_id: int, locale: str) -> None:
        """Choose the language of one's client, one of Discord's such as "zh-CN"."""
        if locale not in LOCALES:
            raise Refused(f"Discord does not speak {locale}.")
        self._engine.choose_locale(user_id, locale)

    async def open_dm(self, user_id: int, recipient_id: int) -> int:
        """The id of the user's direct messages with the bot."""
        if recipient_id != self._engine.bot_user.id:
            raise Refused("In the sandbox only the bot takes direct messages.")
        with refusals():
            return self._engine.get_dm_channel(user_id).id

    async def start_thread(self, user_id: int, channel_id: int, name: str, *, message_id: int | None = None) -> int:
        """Open a public thread, on a message if one is given, and return its id."""
        engine = self._engine
        with refusals():
            channel = engine.get_channel(channel_id)
            if channel.guild_id is None or channel.is_thread:
                raise Refused("A thread can only be started in a server's channel.")
            engine.require_permissions(channel.guild_id, user_id, channel_id, "create_public_threads")
            if message_id is not None:
                visible_message(self._engine, user_id, channel_id, message_id)
            return engine.create_thread(channel_id, name, user_id, message_id=message_id).id

    async def archive_thread(
        self, user_id: int, thread_id: int, *, archived: bool = True, locked: bool = False
    ) -> None:
        """Archive an own thread, or anybody's with Manage Threads; only the latter may lock it."""
        engine = self._engine
        with refusals():
            thread = engine.get_thread(thread_id)
            if thread.owner_id != user_id or locked:
                engine.require_permissions(thread.guild_id, user_id, thread_id, "manage_threads")
            engine.edit_channel(thread_id, {}, thread_metadata={"archived": archived, "locked": locked})

    async def react(self, user_id: int, channel_id: int, message_id: int, emoji: str, *, on: bool = True) -> None:
        """Add or take back a reaction; a custom emoji is written `name:id`."""
        engine = self._engine
        with refusals():
            message = visible_message(self._engine, user_id, channel_id, message_id)
            channel = engine.get_channel(channel_id)
            if channel.guild_id is not None:
                needed = reaction_permissions(message, emoji, reacted=on)
                engine.require_permissions(channel.guild_id, user_id, channel_id, *needed)
            engine.set_reaction(channel_id, message_id, emoji, user_id, on)

    async def vote(self, user_id: int, channel_id: int, message_id: int, answers: Sequence[int]) -> None:
        """Vote for these answers of a poll, counted from 1, instead of those before; for none to take the vote back."""
        with refusals():
            visible_message(self._engine, user_id, channel_id, message_id)
            self._engine.set_poll_votes(channel_id, message_id, list(answers), user_id)

    async def time_out(self, user_id: int, member_id: int, seconds: float) -> None:
        """Let a member only read for a while, with Time out members; 0 seconds end that."""
        engine = self._engine
        with refusals():
            guild_id = next(guild.id for guild in engine.guilds.values() if member_id in guild.members)
            engine.require_permissions(guild_id, user_id, None, "moderate_members")
            engine.edit_member(guild_id, member_id, {"timed_out_until": engine.iso_after(seconds) if seconds else None})

    def _channel_to_write(self, user_id: int, channel_id: int) -> Channel:
        """The channel, if the user may write into it."""
        channel = self._engine.get_channel(channel_id)
        needed = "send_messages_in_threads" if channel.is_thread else "send_messages"
        self._engine.require_permissions(channel.guild_id, user_id, channel_id, needed)
        metadata = channel.thread_metadata
        if metadata is not None and metadata.locked:
            self._engine.require_permissions(channel.guild_id, user_id, channel_id, "manage_threads")
        return channel
