"""What the parts of the panel of settings stand for: all of it is in their custom ids, so they outlive a restart; pure.

`settings:ACTION:PLACE_KIND:PLACE_ID[:PAGE[:SEEN:NAME]]`; what has another action is not the panel's own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from bot.places import Place, PlaceKind
from bot.setting import Group

# A custom id has up to 100 characters; what stands before the name takes up to 70.
MAX_KEY_CHARACTERS = 30
DIGEST_CHARACTERS = 8


class Action(StrEnum):
    """What is done where it is pressed, chosen or submitted."""

    PLACE = "place"
    PAGE = "page"
    TURN = "turn"
    ON = "on"
    OFF = "off"
    CHANGE = "change"
    FORM = "form"
    INHERIT = "inherit"
    PROMPT = "prompt"
    WRITTEN = "written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the panel: the part of a group's settings that has this number, from 0 on."""

    group: Group
    number: int = 0

    def __str__(self) -> str:
        """As a custom id carries it."""
        return f"{self.group.name.lower()}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The page that a custom id names.  Raises: KeyError, ValueError."""
        group, _, number = text.partition(".")
        return cls(group=Group[group.upper()], number=int(number))


FIRST_PAGE = Page(group=Group.MODEL)
PATTERN = re.compile(
    r"settings:(?P<action>[a-z]+):(?P<kind>[a-z]+):(?P<id>\d{1,20})"
    r"(?::(?P<page>(?:[a-z]+\.\d{1,4})?)(?::(?P<seen>[0-9a-f]*):(?P<key>.+))?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a part of the panel is about; where `page` is None, it is not on a panel.

    `key` is that of a setting, `seen` the digest of the value that the person was shown at the place itself.
    """

    action: Action
    place: Place
    page: Page | None = None
    seen: str = ""
    key: str = ""

    @property
    def custom_id(self) -> str:
        """How a part of the panel carries it."""
        begun = f"settings:{self.action}:{self.place.kind}:{self.place.id}:{self.page or ''}"
        return f"{begun}:{self.seen}:{self.key}" if self.key else begun

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """What a custom id stands for; None if it is not the panel's own."""
        found = PATTERN.fullmatch(custom_id)
        if found is None:
            return None
        try:
            return cls(
                action=Action(found["action"]),
                place=Place(kind=PlaceKind(found["kind"]), id=int(found["id"])),
                page=Page.parse(found["page"]) if found["page"] else None,
                seen=found["seen"] or "",
                key=found["key"] or "",
            )
        except (KeyError, ValueError):
            return None


def key_of(name: str) -> str:
    """A setting's name, or what stands for one that is too long for a custom id."""
    return name if len(name) <= MAX_KEY_CHARACTERS else _digest(name)


def named_by(key: str, names: Iterable[str]) -> str | None:
    """The one of these names that a key stands for."""
    return next((name for name in names if key_of(name) == key), None)


def digest_of(value: Any) -> str:
    """By which it is known again whether a value has changed; empty where none is set."""
    return "" if value is None else _digest(json.dumps(value, sort_keys=True))


def place_code(place: Place) -> str:
    """A place as an option of a menu carries it."""
    return f"{place.kind}:{place.id}"


def place_of(code: str) -> Place:
    """The place that an option of a menu stands for.  Raises: ValueError."""
    kind, _, id = code.partition(":")
    return Place(kind=PlaceKind(kind), id=int(id))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]
