"""What places are called: for those who read mentions, on a picture and in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bot.runs.summary_text import DISCORD

DIRECT_MESSAGES = "direct messages"
IN_PRIVATE = "in private"
LAST_DIGITS = 4  # of an id: enough to tell the few places of a picture apart


class Known(Protocol):
    """Knows channels and servers, as discord.py's client does."""

    def get_channel(self, id: int, /) -> Any:
        """A channel or a thread, or None."""

    def get_guild(self, id: int, /) -> Any:
        """A server, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name, and another one for where no font has the letters of the first."""

    name: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where answers were: a channel of a server, or without `place_id` all that cannot be told apart there."""

    guild_id: int | None
    place_id: int | None


class Names:
    """Finds names of places; for the host those of servers, which are all that is told."""

    def __init__(self, known: Known, *, of_servers: bool) -> None:
        self._known = known
        self._of_servers = of_servers

    def mentioned(self, location: Location) -> str:
        """In a message."""
        if location.place_id is not None and location.guild_id is not None:
            return f"<#{location.place_id}>"
        found = self.drawn(location)
        return DISCORD.name(found.name) if self._of_servers and location.guild_id is not None else found.name

    def drawn(self, location: Location) -> Label:
        """On a picture."""
        if location.guild_id is None:
            return plain(DIRECT_MESSAGES)
        if self._of_servers:
            return _label("", location.guild_id, self._server(location.guild_id))
        if location.place_id is None:
            return plain(IN_PRIVATE)
        return _label("#", location.place_id, self._channel(location.place_id))

    def written(self, location: Location) -> tuple[str, str]:
        """In a table: the server and the channel, with their ids, in a form that no spreadsheet takes for a number."""
        guild_id, place_id = location.guild_id, location.place_id
        if guild_id is None:
            return "", DIRECT_MESSAGES if place_id is None else f"{DIRECT_MESSAGES} ({place_id})"
        server = _with_id(self._server(guild_id), guild_id)
        if place_id is None:
            return server, "" if self._of_servers else IN_PRIVATE
        return server, _with_id(self._channel(place_id), place_id)

    def _channel(self, channel_id: int) -> str | None:
        return getattr(self._known.get_channel(channel_id), "name", None)

    def _server(self, guild_id: int) -> str | None:
        return getattr(self._known.get_guild(guild_id), "name", None)


def plain(text: str) -> Label:
    """A label that can always be read."""
    return Label(name=text, otherwise=text)


def _label(sign: str, id: int, name: str | None) -> Label:
    otherwise = f"{sign}…{id % 10**LAST_DIGITS:0{LAST_DIGITS}}"
    return Label(name=otherwise if name is None else f"{sign}{name}", otherwise=otherwise)


def _with_id(name: str | None, id: int) -> str:
    return f"({id})" if name is None else f"{name} ({id})"
