"""What those do who keep a server: its roles, its channels, and who may do what where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sandbox.interactions import Interactions
from sandbox.refusals import refusals
from sandbox.semantics import Channel, ChannelType, Guild, Overwrite, OverwriteType, permission_bits
from sandbox.wire import Refused

Stance = Literal["allow", "deny", "inherit"]
Kind = Literal["text", "category"]
KINDS = {"text": ChannelType.TEXT, "category": ChannelType.CATEGORY}
MOST_NAME_CHARACTERS = 100


class Stewards(Interactions):
    """The hands of who may manage roles and channels; permissions go by discord.py's names.

    Raises:
        Refused: (every action) the user may not or cannot do that.
    """

    async def create_role(self, user_id: int, guild_id: int, name: str, permissions: Sequence[str] = ()) -> int:
        """Make a role with these permissions and return its id; needs Manage Roles, as all that is done to roles."""
        with refusals():
            self._require(user_id, guild_id, "manage_roles")
            return self._engine.create_role(guild_id, _name(name), permissions=_bits(permissions)).id

    async def delete_role(self, user_id: int, guild_id: int, role_id: int) -> None:
        """Delete a role: its members and the channels' permissions lose it."""
        with refusals():
            self._require_over(user_id, guild_id, role_id)
            self._engine.delete_role(guild_id, role_id)

    async def give_role(self, user_id: int, guild_id: int, member_id: int, role_id: int, *, on: bool = True) -> None:
        """Give somebody a role, or take it from them."""
        with refusals():
            self._require_over(user_id, guild_id, role_id)
            change = self._engine.add_member_role if on else self._engine.remove_member_role
            change(guild_id, member_id, role_id)

    async def leave(self, user_id: int, guild_id: int) -> None:
        """Leave a server."""
        with refusals():
            if self._guild(guild_id).owner_id == user_id:
                raise Refused("The owner of a server cannot leave it.")
            self._engine.remove_member(guild_id, user_id)

    async def create_channel(
        self, user_id: int, guild_id: int, name: str, *, kind: Kind = "text", category_id: int | None = None
    ) -> int:
        """Open a channel, with the permissions of its category, or a category; needs Manage Channels."""
        engine = self._engine
        with refusals():
            self._require(user_id, guild_id, "manage_channels", channel_id=category_id)
            category = None if category_id is None else engine.get_channel(category_id)
            return engine.create_channel(
                guild_id,
                _name(name),
                type=KINDS[kind],
                parent_id=category_id,
                overwrites=[] if category is None else [replace(one) for one in category.overwrites],
            ).id

    async def rename_channel(self, user_id: int, channel_id: int, name: str) -> None:
        """Give a channel, a category or a thread another name."""
        with refusals():
            channel = self._manageable(user_id, channel_id)
            self._engine.edit_channel(channel.id, {"name": _name(name)})

    async def delete_channel(self, user_id: int, channel_id: int) -> None:
        """Delete a channel or category with Manage Channels, or a thread with Manage Threads."""
        with refusals():
            self._engine.delete_channel(self._manageable(user_id, channel_id).id)

    async def permit(self, user_id: int, channel_id: int, target_id: int, stance: Stance, *permissions: str) -> None:
        """Allow, deny or leave open what a role or a member may do in a channel or category.

        A channel whose permissions are its category's follows it; needs Manage Roles there, as at Discord.
        """
        engine = self._engine
        with refusals():
            channel = engine.get_channel(channel_id)
            guild = self._guild(channel.guild_id)
            self._require(user_id, guild.id, "manage_roles", channel_id=channel_id)
            synced = [child for child in self._children(channel) if child.overwrites == channel.overwrites]
            for place in (channel, *synced):
                engine.set_overwrite(place.id, _changed(place, guild, target_id, stance, _bits(permissions)))

    # ------------------------------------------------------------------- checking

    def _guild(self, guild_id: int | None) -> Guild:
        if guild_id is None:
            raise Refused("That is no server.")
        return self._engine.get_guild(guild_id)

    def _require(self, user_id: int, guild_id: int, *permissions: str, channel_id: int | None = None) -> None:
        self._engine.require_permissions(guild_id, user_id, channel_id, *permissions)

    def _require_over(self, user_id: int, guild_id: int, role_id: int) -> None:
        """Nobody but the owner touches a role that is not below their own."""
        self._require(user_id, guild_id, "manage_roles")
        guild, role = self._guild(guild_id), self._engine.get_role(guild_id, role_id)
        if role.managed or role.id == guild.id:
            raise Refused("That role belongs to Discord.")
        if guild.owner_id != user_id and role.position >= guild.top_role_position(user_id):
            raise Refused("That role is not below your own.")

    def _manageable(self, user_id: int, channel_id: int) -> Channel:
        channel = self._engine.get_channel(channel_id)
        if channel.guild_id is None:
            raise Refused("Direct messages cannot be changed.")
        needed = "manage_threads" if channel.is_thread else "manage_channels"
        self._require(user_id, channel.guild_id, needed, channel_id=channel_id)
        return channel

    def _children(self, category: Channel) -> list[Channel]:
        if category.type != ChannelType.CATEGORY:
            return []
        return [channel for channel in self._engine.channels.values() if channel.parent_id == category.id]


def _changed(channel: Channel, guild: Guild, target_id: int, stance: Stance, bits: int) -> Overwrite:
    """What a channel says about a role or member after a change."""
    kind = OverwriteType.ROLE if target_id in guild.roles else OverwriteType.MEMBER
    if kind is OverwriteType.MEMBER and target_id not in guild.members:
        raise Refused("There is no such role or member.")
    known = [one for one in channel.overwrites if one.target_id == target_id]
    before = known[0] if known else Overwrite(target_id=target_id, type=kind)
    return replace(
        before,
        allow=before.allow | bits if stance == "allow" else before.allow & ~bits,
        deny=before.deny | bits if stance == "deny" else before.deny & ~bits,
    )


def _bits(permissions: Sequence[str]) -> int:
    try:
        return permission_bits(*permissions)
    except TypeError as exc:  # discord.py names the one that is none
        raise Refused(f"{exc}.") from exc


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= MOST_NAME_CHARACTERS:
        raise Refused(f"A name has 1 to {MOST_NAME_CHARACTERS} characters.")
    return name.strip()
