"""Budgets as they count for one person in one place; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.budgets.windows import Window, window
from bot.errors import Refusal
from bot.place_settings.budget_names import BudgetName, Period, Subject, Unit
from bot.place_settings.chosen import Choice, PlaceValues
from bot.places import Place, PlaceKind

NANOS_PER_DOLLAR = 1_000_000_000
# Two or three sentences; an answer that would be shorter is not worth what the question costs.
MIN_OUTPUT_TOKENS = 64
OF_ONE = frozenset({Subject.EACH, Subject.EACH_OF_ROLE, Subject.MEMBER})
OF_ROLES = frozenset({Subject.ROLE, Subject.EACH_OF_ROLE})
# Where the budgets of the host count that are for all direct messages together.
DIRECT_MESSAGES = Place(kind=PlaceKind.GUILD, id=0)
HOST = "host:"
DELETED_ROLE = "a deleted role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was used in a window, with what is reserved for requests that are under way."""

    tokens: int = 0
    cost_nanos: int = 0
    questions: int = 0

    def of(self, unit: Unit) -> int:
        """In one unit; money in billionths of a dollar."""
        return {Unit.TOKENS: self.tokens, Unit.DOLLARS: self.cost_nanos, Unit.QUESTIONS: self.questions}[unit]


NOTHING = Used()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """By what a window of the ledger is found; `counted_for` is as in a budget's name, `member_id` 0 where shared."""

    place: Place
    counted_for: str
    member_id: int
    period: Period
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One budget for one person, or for those who share it; `limit` of money is in billionths of a dollar.

    `member_id` is 0 where people share it.  `is_of_host`: no moderator set it, and none can change it.
    """

    place: Place
    name: BudgetName
    limit: int
    window: Window
    member_id: int = 0
    is_of_host: bool = False

    @property
    def key(self) -> Key:
        """Its window in the ledger."""
        return Key(
            place=self.place,
            counted_for=f"{HOST}{self.name.counted_for}" if self.is_of_host else self.name.counted_for,
            member_id=self.member_id,
            period=self.name.period,
            starts_at=self.window.starts_at,
        )

    @property
    def is_of_questions(self) -> bool:
        """Whether it counts questions, and not what requests take."""
        return self.name.unit is Unit.QUESTIONS

    def left(self, used: Used) -> int:
        """What may still be used."""
        return max(0, self.limit - used.of(self.name.unit))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBudget:
    """What the host allows a server, or its members; or all direct messages, or each person there."""

    subject: Subject  # ALL or EACH
    unit: Unit
    period: Period
    value: float


# The host's budgets of a guild, or of direct messages where there is none.
HostBudgets = Callable[[int | None], Iterable[HostBudget]]


def no_host_budgets(_guild_id: int | None) -> Iterable[HostBudget]:
    """The host sets no limits."""
    return ()


class BudgetReached(Refusal):
    """A budget is used up, or has less left than what is asked for would take."""

    def __init__(self, budget: Budget, *, is_used_up: bool = True) -> None:
        super().__init__(reached(budget) if is_used_up else too_little(budget))
        self.budget = budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The budgets that count for a person in a place, and where its moderators are told of them."""

    guild_id: int | None
    log_channel: int | None = None
    budgets: tuple[Budget, ...] = ()


def counting(values: PlaceValues, user_id: int, roles: Collection[int], now: datetime) -> Iterator[Budget]:
    """The moderators' budgets around a place that count for a member with these roles."""
    zone = ZoneInfo(values.time_zone)
    for choice in nearest_first(values.budgets):
        name = BudgetName.parse(choice.name)
        if _is_for(name, user_id, roles):
            yield _budget(choice.place, name, choice.value, user_id, now, zone)


def of_host(
    budgets: Iterable[HostBudget], guild_id: int | None, user_id: int, now: datetime, zone: ZoneInfo
) -> Iterator[Budget]:
    """The host's budgets that count for a person in a guild, or in direct messages."""
    place = DIRECT_MESSAGES if guild_id is None else Place(kind=PlaceKind.GUILD, id=guild_id)
    for each in budgets:
        name = BudgetName(subject=each.subject, unit=each.unit, period=each.period)
        yield _budget(place, name, each.value, user_id, now, zone, is_of_host=True)


def of_choice(choice: Choice, now: datetime, zone: ZoneInfo) -> Budget:
    """A budget as it stands in the settings, for nobody in particular."""
    name = BudgetName.parse(choice.name)
    return _budget(choice.place, name, choice.value, name.id if name.subject is Subject.MEMBER else 0, now, zone)


def nearest_first(choices: Iterable[Choice]) -> list[Choice]:
    """Budgets by how near their places are, in an order that stays."""
    kinds = list(PlaceKind)
    return sorted(choices, key=lambda choice: (kinds.index(choice.place.kind), choice.name))


def needs_roles(choices: Iterable[Choice]) -> bool:
    """Whether it has to be known which roles a member has."""
    return any(BudgetName.parse(choice.name).subject in OF_ROLES for choice in choices)


def _is_for(name: BudgetName, user_id: int, roles: Collection[int]) -> bool:
    if name.subject is Subject.MEMBER:
        return name.id == user_id
    return name.subject not in OF_ROLES or name.id in roles


def _budget(
    place: Place,
    name: BudgetName,
    value: float,
    user_id: int,
    now: datetime,
    zone: ZoneInfo,
    *,
    is_of_host: bool = False,
) -> Budget:
    return Budget(
        place=place,
        name=name,
        limit=limit_of(name.unit, value),
        window=window(name.period, now, zone),
        member_id=user_id if name.subject in OF_ONE else 0,
        is_of_host=is_of_host,
    )


def limit_of(unit: Unit, value: float) -> int:
    """A setting's value as the ledger counts it."""
    return int(Decimal(str(value)) * (NANOS_PER_DOLLAR if unit is Unit.DOLLARS else 1))


def amount_text(unit: Unit, amount: int) -> str:
    """So many of a unit: `50,000 tokens`, `$0.50`, `1 question`."""
    if unit is Unit.DOLLARS:
        dollars = Decimal(amount) / NANOS_PER_DOLLAR
        return f"${dollars:,.2f}" if dollars == round(dollars, 2) else f"${dollars:,.4f}"
    return f"{amount:,} {unit.value.removesuffix('s') if amount == 1 else unit.value}"


def rule_text(budget: Budget) -> str:
    """How much it is: `50,000 tokens a day`."""
    article = "an" if budget.name.period is Period.HOUR else "a"
    return f"{amount_text(budget.name.unit, budget.limit)} {article} {budget.name.period}"


def place_text(place: Place) -> str:
    """Where it counts."""
    if place == DIRECT_MESSAGES:
        return "direct messages"
    return "this server" if place.kind is PlaceKind.GUILD else f"<#{place.id}>"


def whose_text(budget: Budget) -> str:
    """Who uses it, as moderators are told."""
    if budget.member_id:
        return f"<@{budget.member_id}>"
    return f"everybody with <@&{budget.name.id}>" if budget.name.subject is Subject.ROLE else "everybody"


def owner_text(budget: Budget) -> str:
    """Whose budget it is, as the one who uses it is told."""
    where = place_text(budget.place)
    if budget.is_of_host:
        return "The host's budget for you" if budget.member_id else f"The host's budget for {where}"
    if budget.member_id:
        return f"Your budget in {where}"
    if budget.name.subject is Subject.ROLE:
        return f"The budget of <@&{budget.name.id}> in {where}"
    return f"The budget of {where}"


def reached(budget: Budget) -> str:
    """What a person is told who would use more than there is."""
    whose = f"{owner_text(budget)}, {rule_text(budget)},"
    if not budget.limit:
        return f"{whose} allows nothing. Those who manage it can change that."
    return f"{whose} is used up; it begins anew {resets_text(budget)}."


def too_little(budget: Budget) -> str:
    """The same where something is left, but not enough for a whole conversation."""
    whose = f"{owner_text(budget)}, {rule_text(budget)},"
    return (
        f"{whose} has too little left for this conversation. `/reset` starts a shorter one; it begins anew "
        f"{resets_text(budget)}."
    )


def resets_text(budget: Budget) -> str:
    """When it begins anew, as Discord shows it to everybody in their own words."""
    return f"<t:{int(budget.window.ends_at.timestamp())}:R>"
