"""What moderators switched on and off around one place, and which of it counts there; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.places import Place

GROUP = "group:"  # what a group's name begins with, where a tool's could stand


class ToolApproval(StrEnum):
    """Which calls of models wait until a person approves them."""

    DECLARED = "declared"  # of the tools that say so
    ALWAYS = "always"  # of all tools but those that only ask the person, or look for tools
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """At a place, the tool of this name, or the group of it, is on or off for models."""

    place: Place
    tool: str
    is_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The switches that may count in a place: `places` is where it lies, nearest first."""

    places: tuple[Place, ...] = ()
    known: Mapping[tuple[Place, str], Switch]

    def deciding(self, name: str, group: str) -> Switch | None:
        """The switch that counts for a tool: the nearest place's, and there the tool's own before its group's."""
        wanted = ((place, tool) for place in self.places for tool in (name, GROUP + group))
        return next((self.known[key] for key in wanted if key in self.known), None)

    def allow(self, name: str, group: str) -> bool:
        """Whether models may be offered a tool: yes, until somebody switched it off."""
        switch = self.deciding(name, group)
        return switch is None or switch.is_enabled


NOTHING_SWITCHED = Switches(known={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What moderators of a place want of tools: which there are for models, and which calls wait for a person."""

    switches: Switches = NOTHING_SWITCHED
    approval: ToolApproval = ToolApproval.DECLARED
