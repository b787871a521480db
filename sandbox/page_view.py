"""The sandbox's world as its page shows it to one person."""

from __future__ import annotations

from dataclasses import asdict

import discord

from sandbox.command_forms import LOCALES
from sandbox.house import House
from sandbox.limits import Limits
from sandbox.semantics import AppCommandType, Channel, ChannelType, Engine, Overwrite, Role, permission_bits
from sandbox.wire import Payload

AVATAR_COLORS = ("#5865f2", "#e8743b", "#2e9e6b", "#c2478b", "#8d6e2f", "#3a86a8", "#9b5de5", "#d1495b")
TEXT_CHANNELS = (ChannelType.TEXT, ChannelType.NEWS)


class PageView:
    """Builds what the page is sent on connecting and whenever channels, people or commands change."""

    def __init__(self, engine: Engine, house: House) -> None:
        self._engine = engine
        self._house = house

    def world(self, user_id: int, limits: Limits) -> Payload:
        """Everything but the messages: guild, people, channels, threads, DMs and commands that the user may see."""
        engine = self._engine
        guild = engine.get_guild(self._house.guild_id)
        channels = [engine.channels[channel_id] for channel_id in guild.channel_ids]
        threads = [engine.channels[thread_id] for thread_id in guild.thread_ids]
        seen = [channel for channel in channels if engine.sees_channel(user_id, channel.id)]
        rooms = [channel for channel in seen if channel.type in TEXT_CHANNELS]
        parents = {channel.parent_id for channel in rooms}
        keeps_rooms = "manage_channels" in self._keeps(user_id)
        branches = [thread for thread in threads if engine.sees_channel(user_id, thread.id)]
        dm_id = engine.dm_channels.get(user_id)
        talks = [] if dm_id is None else [engine.channels[dm_id]]
        return {
            "guild": {"id": str(guild.id), "name": guild.name},
            "me": self._user(user_id) | {"locale": engine.locale_of(user_id), "keeps": self._keeps(user_id)},
            "locales": sorted(LOCALES),
            "users": [self._user(member_id) for member_id in guild.members],
            "roles": [_role(role) for role in guild.roles.values() if role.id != guild.id],
            "bot_id": str(engine.bot_user.id),
            "categories": [
                _channel(channel)
                for channel in seen
                if channel.id in parents or (keeps_rooms and channel.type == ChannelType.CATEGORY)
            ],
            "channels": [_channel(channel) for channel in rooms],
            "threads": [_thread(thread) for thread in branches],
            "dms": [] if dm_id is None else [{"id": str(dm_id), "recipient_id": str(engine.bot_user.id)}],
            "commands": self._commands(user_id, [*rooms, *branches, *talks]),
            "limits": asdict(limits),
        }

    def _keeps(self, user_id: int) -> list[str]:
        """What of the server's upkeep is the user's."""
        return [name for name in ("manage_channels", "manage_roles") if self._may(user_id, name)]

    def _user(self, user_id: int) -> Payload:
        user, guild = self._engine.get_user(user_id), self._engine.get_guild(self._house.guild_id)
        return {
            "id": str(user.id),
            "name": user.name,
            "display_name": user.global_name or user.name,
            "avatar_color": AVATAR_COLORS[list(self._engine.users).index(user_id) % len(AVATAR_COLORS)],
            "role": self._role(user_id),
            "roles": [str(role_id) for role_id in guild.members[user_id].role_ids],
            "manages_server": self._may(user_id, "manage_guild"),
        }

    def _role(self, user_id: int) -> str:
        guild = self._engine.get_guild(self._house.guild_id)
        if self._engine.users[user_id].bot:
            return "bot"
        if guild.owner_id == user_id:
            return "owner"
        return "moderator" if self._may(user_id, "manage_messages") else "member"

    def _may(self, user_id: int, permission: str) -> bool:
        granted = self._engine.compute_permissions(self._house.guild_id, user_id)
        return bool(granted & permission_bits(permission))

    def _commands(self, user_id: int, places: list[Channel]) -> list[Payload]:
        """The commands that the user may run, each with the places where they may."""
        found: dict[str, Payload] = {}
        for place in places:
            for kind in AppCommandType:
                for command in self._engine.visible_commands(user_id=user_id, channel_id=place.id, type=kind):
                    found.setdefault(command["id"], command | {"places": []})["places"].append(str(place.id))
        return sorted(found.values(), key=lambda command: str(command["name"]))


def _channel(channel: Channel) -> Payload:
    return {
        "id": str(channel.id),
        "name": channel.name,
        "parent_id": None if channel.parent_id is None else str(channel.parent_id),
        "type": channel.type,
        "topic": channel.topic,
        "position": channel.position,
        "overwrites": [_overwrite(overwrite) for overwrite in channel.overwrites],
    }


def _overwrite(overwrite: Overwrite) -> Payload:
    allowed, denied = (discord.Permissions(bits) for bits in (overwrite.allow, overwrite.deny))
    return {
        "id": str(overwrite.target_id),
        "allow": [name for name, is_set in allowed if is_set],
        "deny": [name for name, is_set in denied if is_set],
    }


def _role(role: Role) -> Payload:
    return {"id": str(role.id), "name": role.name, "managed": role.managed}


def _thread(thread: Channel) -> Payload:
    archived = thread.thread_metadata is not None and thread.thread_metadata.archived
    return {
        "id": str(thread.id),
        "name": thread.name,
        "parent_id": str(thread.parent_id),
        "archived": archived,
        "members": [str(user_id) for user_id in thread.thread_members],
    }
