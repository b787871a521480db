"""The world a sandbox starts with: a small server with its channels, people and permissions."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.semantics import Channel, ChannelType, Engine, Guild, Message, Overwrite, OverwriteType, permission_bits

BOT_PERMISSIONS = (
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "embed_links",
    "attach_files",
    "read_message_history",
    "external_emojis",
    "add_reactions",
    "create_public_threads",
    "send_polls",
    "manage_webhooks",
)
MODERATOR_PERMISSIONS = ("manage_guild", "manage_channels", "manage_messages", "manage_threads", "moderate_members")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One channel to furnish the guild with."""

    name: str
    category: str
    topic: str
    moderators_only: bool = False


PLACES = (
    Place(name="general", category="Parlour", topic="Say hello.  Mention @Parley and it answers."),
    Place(name="questions", category="Parlour", topic="One question, one thread."),
    Place(name="playground", category="Workshop", topic="Try commands, buttons and files here."),
    Place(name="moderators", category="Workshop", topic="Settings and quiet words.", moderators_only=True),
)


class House:
    """A guild's furniture, looked up by name; also the builder that tests and benchmarks call for more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.guild_id = 0
        self.channels: dict[str, int] = {}
        self.users: dict[str, int] = {}
        self.roles: dict[str, int] = {}
        self._without_bot: dict[int, tuple[Guild, list[tuple[Channel, dict[int, Message]]]]] = {}

    def furnish(self) -> None:
        """Build "Parley House" with Ada who owns it, Grace who moderates, Linus, Edsger, and the bot."""
        engine = self._engine
        engine.bot_user.name = "Parley"
        ada = engine.make_user("ada", global_name="Ada").id
        guild = engine.create_guild("Parley House", owner_id=ada)
        self.guild_id = guild.id
        self.users["ada"] = ada
        self.roles["bot"] = engine.get_member(guild.id, engine.bot_user.id).role_ids[0]
        engine.edit_role(guild.id, self.roles["bot"], {"name": "Parley"})
        self.roles["moderator"] = engine.create_role(guild.id, "Moderator", color=0x5BA4CF, hoist=True).id
        self.permit()
        self.add_user("grace", "Grace", "moderator")
        self.add_user("linus", "Linus")
        self.add_user("edsger", "Edsger")
        for place in PLACES:
            self.add_channel(place.name, category=place.category, topic=place.topic, hidden=place.moderators_only)

    def permit(self) -> None:
        """Give everybody's roles what they may do here; a world from an earlier version may lack some of it."""
        everyone = self._engine.get_role(self.guild_id, self.guild_id).permissions
        for role_id, permissions in (
            (self.guild_id, everyone | permission_bits("send_polls")),  # as Discord has it, and simcord does not
            (self.roles["bot"], permission_bits(*BOT_PERMISSIONS)),
            (self.roles["moderator"], permission_bits(*MODERATOR_PERMISSIONS)),
        ):
            if role_id in self._engine.get_guild(self.guild_id).roles:  # people may have deleted it
                self._engine.edit_role(self.guild_id, role_id, {"permissions": permissions})

    def add_user(self, name: str, display_name: str, *roles: str, bot: bool = False) -> int:
        """Let somebody join the guild, with roles by their name here ("moderator"); returns the user's id."""
        user = self._engine.make_user(name, global_name=display_name, bot=bot)
        self._engine.add_member(self.guild_id, user.id, roles=[self.roles[role] for role in roles], announce=True)
        self.users[name] = user.id
        return user.id

    def add_channel(
        self, name: str, *, category: str | None = None, topic: str | None = None, hidden: bool = False
    ) -> int:
        """Open a text channel and return its id; a hidden one is for moderators and the bot."""
        engine, guild_id = self._engine, self.guild_id
        overwrites = []
        if hidden:
            view = permission_bits("view_channel")
            overwrites.append(Overwrite(target_id=guild_id, type=OverwriteType.ROLE, deny=view))
            for role in ("moderator", "bot"):
                overwrites.append(Overwrite(target_id=self.roles[role], type=OverwriteType.ROLE, allow=view))
        parent_id = self._category(category) if category is not None else None
        channel = engine.create_channel(guild_id, name, overwrites=overwrites, topic=topic, parent_id=parent_id)
        self.channels[name] = channel.id
        return channel.id

    def add_guild(self, name: str, owner_id: int) -> int:
        """Found another guild that the bot is in, with one channel named after it; returns the guild's id."""
        guild = self._engine.create_guild(name, owner_id=owner_id)
        self.channels[name] = self._engine.create_channel(guild.id, name).id
        return guild.id

    def remove_bot(self, guild_id: int) -> None:
        """Remove the bot from a guild: it is then nowhere to be seen, until `invite_bot`."""
        engine = self._engine
        guild = engine.get_guild(guild_id)
        place_ids = (*guild.channel_ids, *guild.thread_ids)
        channels = [(engine.channels[place_id], engine.messages.get(place_id, {})) for place_id in place_ids]
        engine.remove_guild(guild_id)
        self._without_bot[guild_id] = guild, channels

    def invite_bot(self, guild_id: int) -> None:
        """Bring the bot back into a guild that it was removed from, where everything is as it was."""
        engine = self._engine
        engine.guilds[guild_id], channels = self._without_bot.pop(guild_id)
        for channel, messages in channels:
            engine.channels[channel.id], engine.messages[channel.id] = channel, messages
        engine.emit("GUILD_CREATE", {"id": str(guild_id)})

    def _category(self, name: str) -> int:
        for channel_id in self._engine.get_guild(self.guild_id).channel_ids:
            channel = self._engine.channels[channel_id]
            if channel.type == ChannelType.CATEGORY and channel.name == name:
                return channel_id
        return self._engine.create_channel(self.guild_id, name, type=ChannelType.CATEGORY).id
