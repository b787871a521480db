"""Whose usage there is to be seen; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    """Of whom or what the usage is."""

    ME = "me"  # of the person who looks, wherever they asked
    MEMBER = "member"  # of somebody in the server, seen by a moderator
    CHANNEL = "channel"
    SERVER = "server"
    HOST = "host"  # of everybody everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked something of a model, and where; `is_private`: nobody else sees what comes of it."""

    user_id: int
    guild_id: int | None
    place_id: int
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose usage it is: `id` is that of the person or the channel, and 0 for all others.

    What was asked in private counts for the person who asked, and else only in the sums of the server and the host.
    """

    whose: Whose
    id: int = 0
    guild_id: int | None = None

    @property
    def shows_members(self) -> bool:
        """Whether it is told who asked."""
        return self.whose in (Whose.CHANNEL, Whose.SERVER)
