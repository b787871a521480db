"""What the host lets moderators choose, and what a setting may be where it is limited; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.budgets.model import HostBudget
from bot.errors import Refusal
from bot.patterns import EVERYTHING, NOTHING, Patterns
from bot.place_settings.chosen import Choice
from bot.place_settings.table import setting
from bot.places import Place, PlaceKind
from bot.setting import Kind, Setting, checked, understood, written
from bot.tools.switches import GROUP

DIRECT = "direct"  # what direct messages are called where a guild's id could stand
LOCKED = "`{name}` is the host's to choose here."
NARROWED = "`{name}` has to be {range} here: the host allows nothing else."
NOT_OFFERED = "`{name}` cannot be `{model}` here: the host does not offer that model. `/model` offers those there are."


class Offers(Protocol):
    """Knows the host's models."""

    def whole(self, reference: str) -> str:
        """A model's name with that of its provider."""

    def is_hidden(self, reference: str) -> bool:
        """Whether the host shows a model to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One entry of the host's file: it counts in the `guilds` that its patterns mean.

    `most`, `least` and `values` are by the names of settings.
    """

    guilds: Patterns = EVERYTHING
    models: Patterns = EVERYTHING
    tools: Patterns = EVERYTHING
    locked: Patterns = NOTHING
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    budgets: tuple[HostBudget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What may be chosen in one guild, or in direct messages: what all limits allow that count there."""

    limits: tuple[Limit, ...] = ()
    models: Offers | None = None

    def objection(self, name: str, value: Any) -> str | None:
        """Why a setting may not have a value that it could have, in a sentence; None where it may."""
        what = setting(name)
        if self.is_locked(name):
            return LOCKED.format(name=name)
        refused = next((model for model in models_in(what, value) if not self.offers(model)), None)
        if refused is not None:
            return NOT_OFFERED.format(name=name, model=refused.replace("`", "'"))
        narrowed = self.narrowed(what)
        if narrowed is what:
            return None
        try:
            checked(narrowed, value)
        except ValueError:
            return NARROWED.format(name=name, range=narrowed.range)
        return None

    def is_locked(self, name: str) -> bool:
        """Whether moderators may not choose a setting at all."""
        return any(limit.locked.cover(name) for limit in self.limits)

    def offers(self, model: str) -> bool:
        """Whether a model may be chosen."""
        if self.models is None:
            return True
        whole = self.models.whole(model)
        return not self.models.is_hidden(model) and all(limit.models.cover(whole) for limit in self.limits)

    def offered(self, references: Iterable[str]) -> list[str]:
        """Those of some models that may be chosen."""
        return [reference for reference in references if self.offers(reference)]

    def lets_use(self, tool: str, group: str) -> bool:
        """Whether models may be offered a tool."""
        return all(limit.tools.cover(tool, GROUP + group) for limit in self.limits)

    def narrowed(self, what: Setting) -> Setting:
        """A setting with no more range than is allowed, and with an example of it."""
        lows = [limit.least[what.name] for limit in self.limits if what.name in limit.least]
        highs = [limit.most[what.name] for limit in self.limits if what.name in limit.most]
        values = [limit.values[what.name] for limit in self.limits if what.name in limit.values]
        if not (lows or highs or values):
            return what
        low = max([*lows, *([] if what.low is None else [what.low])], default=None)
        high = min([*highs, *([] if what.high is None else [what.high])], default=None)
        every = what.choices or (values[0] if values else ())
        choices = tuple(each for each in every if all(each in some for some in values))
        return with_example(replace(what, low=low, high=high, choices=choices))

    @property
    def budgets(self) -> tuple[HostBudget, ...]:
        """The host's own; of several for the same the smallest."""
        found = sorted((each for limit in self.limits for each in limit.budgets), key=lambda each: -each.value)
        return tuple({(each.subject, each.unit, each.period): each for each in found}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All that the host's file says; without one, only models that nobody is shown are not offered."""

    limits: tuple[Limit, ...] = ()
    models: Offers | None = None

    def of(self, guild_id: int | None) -> Allowed:
        """What may be chosen in a guild, or in direct messages."""
        where = DIRECT if guild_id is None else str(guild_id)
        return Allowed(limits=tuple(each for each in self.limits if each.guilds.cover(where)), models=self.models)

    def around(self, places: tuple[Place, ...]) -> Allowed:
        """What may be chosen where these places lie in each other, the guild last."""
        guild_id = places[-1].id if places and places[-1].kind is PlaceKind.GUILD else None
        return self.of(guild_id)

    def require(self, guild_id: int | None, choice: Choice) -> None:
        """Raises: Refusal unless this may be chosen."""
        objection = self.of(guild_id).objection(choice.name, choice.value)
        if objection is not None:
            raise Refusal(objection)

    def let_use(self, guild_id: int | None, tool: str, group: str) -> bool:
        """Whether models may be offered a tool in a guild."""
        return self.of(guild_id).lets_use(tool, group)

    def budgets(self, guild_id: int | None) -> tuple[HostBudget, ...]:
        """The host's own budgets in a guild."""
        return self.of(guild_id).budgets


NO_LIMITS = Limits()


def models_in(what: Setting, value: Any) -> Iterator[str]:
    """The models that a value names."""
    if what.kind is Kind.MODEL:
        yield value
    elif what.kind is Kind.MODELS:
        yield from value


def with_example(what: Setting) -> Setting:
    """A setting whose example may be its value."""
    try:
        understood(what, what.example)
    except Refusal:
        nearest = what.high if what.kind in (Kind.NUMBER, Kind.INTEGER) else None
        if nearest is not None:
            return replace(what, example=written(what, int(nearest) if what.kind is Kind.INTEGER else nearest))
        return replace(what, example=what.choices[0]) if what.choices else what
    return what
