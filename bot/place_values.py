"""What moderators chose around one place, and which of it counts there; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.place_setting_table import MODEL, MODERATION, Moderation
from bot.places import Place
from bot.providers.parameters import PARAMETERS

MAX_OUTPUT_TOKENS = "max_output_tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """At a place, the setting of this name has this value."""

    place: Place
    name: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceValues:
    """The choices that may count in a place: `places` is where it lies, nearest first.

    What nobody chose is the host's.
    """

    places: tuple[Place, ...] = ()
    known: Mapping[tuple[Place, str], Choice]

    def deciding(self, name: str) -> Choice | None:
        """The choice that counts: the nearest place's."""
        keys = ((place, name) for place in self.places)
        return next((self.known[key] for key in keys if key in self.known), None)

    @property
    def model(self) -> str | None:
        """Which model answers."""
        choice = self.deciding(MODEL.name)
        return None if choice is None else choice.value

    @property
    def max_output_tokens(self) -> int | None:
        """The longest answer."""
        choice = self.deciding(MAX_OUTPUT_TOKENS)
        return None if choice is None else choice.value

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What else a request asks for, by the names of the table."""
        found = (self.deciding(name) for name in PARAMETERS if name != MAX_OUTPUT_TOKENS)
        return {choice.name: choice.value for choice in found if choice is not None}

    @property
    def moderation(self) -> Moderation:
        """What is checked."""
        choice = self.deciding(MODERATION.name)
        return Moderation.OFF if choice is None else Moderation(choice.value)


NOTHING_CHOSEN = PlaceValues(known={})
