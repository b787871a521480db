"""What a picture of usage shows: labels and numbers, and nothing else of anybody; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from bot.days import Days
from bot.runs.summary_text import NANOS_PER_DOLLAR
from bot.store.usage import Report, Sums
from bot.usage.names import Label, Names, plain
from bot.usage.ranking import Part, by_model, by_place

MAX_LABELS = 6  # colours that people can tell apart; the rest is one more
# For each label the parts that belong to it.
Groups = Sequence[tuple[Label, Sequence[Part]]]


class By(StrEnum):
    """What a picture tells apart."""

    DAY = "day"
    MODEL = "model"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One of the things that are counted: for each label its values, one for each day or a single one."""

    title: str
    sign: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture over `days`, or without any of each label alone."""

    days: tuple[str, ...]
    labels: tuple[Label, ...]
    panels: tuple[Panel, ...]


def chart_of(report: Report, by: By, days: Days, names: Names) -> Chart:
    """What is to be drawn; money only where some of it is known."""
    if by is By.PLACE:
        return _drawn(_few([(names.drawn(place), parts) for place, parts in by_place(report)]))
    models = _few([(plain(name), parts) for name, parts in by_model(report)])
    if by is By.MODEL:
        return _drawn(models)
    return _drawn(models, tuple(f"{day.day} {day:%b}" for day in days.dates), lambda part: part.day)


def _few(groups: Groups[Part]) -> Groups[Part]:
    """The first groups, and all others as one."""
    if len(groups) <= MAX_LABELS + 1:
        return groups
    kept, others = groups[:MAX_LABELS], groups[MAX_LABELS:]
    return [*kept, (plain(f"{len(others)} others"), list(chain.from_iterable(parts for _, parts in others)))]


def _drawn(groups: Groups[Part], days: tuple[str, ...] = (), day_of: Callable[[Part], int] = lambda _: 0) -> Chart:
    def values(count: Callable[[Sums], float]) -> tuple[tuple[float, ...], ...]:
        layers = [[0.0] * max(1, len(days)) for _ in groups]
        for layer, (_, parts) in zip(layers, groups, strict=True):
            for part in parts:
                layer[day_of(part)] += count(part)
        return tuple(map(tuple, layers))

    tokens = Panel(title="Tokens", sign="", values=values(lambda part: part.tokens))
    money = Panel(title="US dollars", sign="$", values=values(lambda part: part.cost_nanos / NANOS_PER_DOLLAR))
    has_money = any(map(any, money.values))
    labels = tuple(label for label, _ in groups)
    return Chart(days=days, labels=labels, panels=(tokens, money) if has_money else (tokens,))
