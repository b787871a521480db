"""The names of budgets: for whom, of what, and for how long they count; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

BUDGET = "budget:"  # the family's beginning


class Subject(StrEnum):
    """Who uses a budget, in the place that it is set for."""

    ALL = "all"  # everybody there, together
    EACH = "each"  # every member for themselves
    ROLE = "role"  # the members with a role, together
    EACH_OF_ROLE = "each_of_role"  # every member with a role for themselves
    MEMBER = "member"  # one member


class Unit(StrEnum):
    """What is counted."""

    TOKENS = "tokens"  # read and written
    DOLLARS = "dollars"
    QUESTIONS = "questions"


class Period(StrEnum):
    """How long it counts until it begins anew, by the clock and the calendar of the server's time zone."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


HAVE_ID = frozenset({Subject.ROLE, Subject.EACH_OF_ROLE, Subject.MEMBER})
PATTERN = re.compile(rf"{BUDGET}([a-z_]+)(?:/(\d{{1,20}}))?:([a-z]+):([a-z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetName:
    """One budget of a place; `id` is that of the role or the member, 0 where it is for neither."""

    subject: Subject
    id: int = 0
    unit: Unit
    period: Period

    def __post_init__(self) -> None:
        """Raises: ValueError where the id is missing, or for nobody."""
        if (self.subject in HAVE_ID) is not (self.id > 0):
            raise ValueError(self.subject)

    def __str__(self) -> str:
        """As it is stored and typed: `budget:each:tokens:day`, `budget:role/123:dollars:month`."""
        return f"{BUDGET}{self.counted_for}:{self.unit}:{self.period}"

    @property
    def counted_for(self) -> str:
        """For whom, as a word: `all`, `role/123`."""
        return f"{self.subject}/{self.id}" if self.id else str(self.subject)

    @classmethod
    def parse(cls, name: str) -> Self:
        """The budget of a setting's name.  Raises: ValueError."""
        found = PATTERN.fullmatch(name)
        if found is None:
            raise ValueError(name)
        subject, id, unit, period = found.groups()
        return cls(subject=Subject(subject), id=int(id or 0), unit=Unit(unit), period=Period(period))
