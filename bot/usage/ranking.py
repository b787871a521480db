"""Sums of usage, put together and in order: first what took most tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from bot.store.usage import COUNTS, ModelDay, PlaceSums, Report, Sums
from bot.usage.names import Location

Part = TypeVar("Part", bound=Sums)
Key = TypeVar("Key", bound=Hashable)


def total(parts: Iterable[Sums]) -> Sums:
    """All of these together."""
    known = tuple(parts)
    counts = {name: sum(getattr(part, name) for part in known) for name in COUNTS}
    return Sums(**{**counts, "is_estimated": any(part.is_estimated for part in known)})


def by_model(report: Report) -> list[tuple[str, list[ModelDay]]]:
    """By the names of models, as people choose them."""
    return _ranked(report.models, lambda part: f"{part.provider}/{part.model}")


def by_place(report: Report) -> list[tuple[Location, list[PlaceSums]]]:
    """By where it was."""
    return _ranked(report.places, lambda part: Location(part.guild_id, part.place_id))


def _ranked(parts: Iterable[Part], key: Callable[[Part], Key]) -> list[tuple[Key, list[Part]]]:
    groups = defaultdict[Key, list[Part]](list)
    for part in parts:
        groups[key(part)].append(part)
    return sorted(groups.items(), key=lambda group: -sum(part.tokens for part in group[1]))
