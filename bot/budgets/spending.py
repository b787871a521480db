"""How much of an answer is affordable; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.budgets.model import MIN_OUTPUT_TOKENS, NOTHING, Budget, BudgetReached, Key, Used
from bot.place_settings.budget_names import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a request takes at the most.

    It reads `input_tokens`, and writes up to `output_tokens` for each of its `answers`.  `cost_nanos` tells what so
    many tokens read and written cost in billionths of a dollar, None where somebody who may answer has no known price.
    """

    input_tokens: int
    output_tokens: int
    answers: int
    cost_nanos: Callable[[int, int], int | None]

    def tokens(self, output_tokens: int) -> int:
        """All tokens, with answers of this length."""
        return self.input_tokens + self.answers * output_tokens

    def cost(self, output_tokens: int) -> int:
        """What they cost; nothing where that is not known."""
        return self.cost_nanos(self.input_tokens, self.answers * output_tokens) or 0

    def takes(self, unit: Unit, output_tokens: int) -> int:
        """So much of a unit."""
        return self.cost(output_tokens) if unit is Unit.DOLLARS else self.tokens(output_tokens)


def affordable(estimate: Estimate, budgets: Iterable[Budget], used: Mapping[Key, Used]) -> int:
    """How many tokens each answer may have: all that is wanted, or as many as every budget has left.

    Raises: BudgetReached where too little is left for an answer that is worth its money.
    """
    wanted = estimate.output_tokens
    least = min(MIN_OUTPUT_TOKENS, wanted)
    for budget in budgets:
        left = budget.left(used.get(budget.key, NOTHING))
        if estimate.takes(budget.name.unit, wanted) > left:
            takes = _takes(estimate, budget)
            wanted = bisect_right(range(wanted + 1), left, key=takes) - 1
        if wanted < least:
            raise BudgetReached(budget, is_used_up=is_used_up(budget, left))
    return wanted


def _takes(estimate: Estimate, budget: Budget) -> Callable[[int], int]:
    return lambda output_tokens: estimate.takes(budget.name.unit, output_tokens)


def is_used_up(budget: Budget, left: int) -> bool:
    """Whether what is left is not worth even a new conversation."""
    return left < (MIN_OUTPUT_TOKENS if budget.name.unit is Unit.TOKENS else 1)


def first_used_up(budgets: Iterable[Budget], used: Mapping[Key, Used]) -> Budget | None:
    """The budget of which nothing is left, the last to begin anew if there are several."""
    found = [each for each in budgets if is_used_up(each, each.left(used.get(each.key, NOTHING)))]
    return max(found, key=lambda budget: budget.window.ends_at, default=None)
