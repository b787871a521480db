"""Where in a server somebody is, and how far from there a choice of theirs reaches; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import Refusal


class PlaceKind(StrEnum):
    """What moderators choose something for; a server and a channel of it may have the same id."""

    THREAD = "thread"
    CHANNEL = "channel"
    CATEGORY = "category"
    GUILD = "guild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in Discord; a direct message's channel is a channel."""

    kind: PlaceKind
    id: int


class Reach(StrEnum):
    """How far from where somebody is their choice reaches."""

    HERE = "here"
    CHANNEL = "channel"
    CATEGORY = "category"
    SERVER = "server"


REACHES: Mapping[Reach, PlaceKind] = {
    Reach.CHANNEL: PlaceKind.CHANNEL,
    Reach.CATEGORY: PlaceKind.CATEGORY,
    Reach.SERVER: PlaceKind.GUILD,
}


def reached(places: Sequence[Place], reach: Reach) -> Place:
    """Which of the places where somebody is, nearest first, they mean.  Raises: Refusal."""
    place = places[0] if reach is Reach.HERE else next((it for it in places if it.kind is REACHES[reach]), None)
    if place is None:
        if len(places) == 1:
            raise Refusal("A direct message lies in no server: choose `here`.")
        raise Refusal("This channel is in no category. Choose the channel or the whole server instead.")
    return place


def named(place: Place) -> str:
    """A place as it is shown."""
    return "this server" if place.kind is PlaceKind.GUILD else f"<#{place.id}>"
