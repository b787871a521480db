"""What moderators are told of budgets, once in each of their windows: that 80 % are used, and that all is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.budgets.model import (
    NOTHING,
    Budget,
    Counted,
    Key,
    Used,
    amount_text,
    place_text,
    resets_text,
    rule_text,
    whose_text,
)
from bot.errors import StoreError
from bot.place_settings.budget_names import Period
from bot.store import budgets as store
from bot.store import notices
from bot.store.database import Database, Transaction

log = logging.getLogger(__name__)

TOLD = "budget:"  # what the subjects of these notices begin with
WARNING_PERCENT, ALL_PERCENT = 80, 100
# More wait only where Discord takes nothing for long; then the oldest have lost their worth.
MAX_WAITING = 1000

# Posts a text in a channel of a guild, without pinging anybody; raises nothing.
Post = Callable[[int, int, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something may have changed in these budgets; `reached` is one that somebody was refused for."""

    counted: Counted
    reached: Budget | None = None


class News:
    """Tells a server's moderators in their log channel; where there is none, people below an answer."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(MAX_WAITING)

    def hear(self, counted: Counted, reached: Budget | None = None) -> None:
        """Look at these budgets as soon as the transaction that is under way has ended."""
        if counted.log_channel is not None and any(is_told_of(budget) for budget in counted.budgets):
            if self._heard.full():
                self._heard.get_nowait()
            self._heard.put_nowait(Heard(counted=counted, reached=reached))

    async def run(self, post: Post) -> None:
        """Tell until cancelled."""
        while True:
            heard = await self._heard.get()
            counted = heard.counted
            try:
                # A turn to write comes after the transaction that this was heard in.
                async with self._database.write() as transaction:
                    used = await store.used(transaction, {budget.key for budget in counted.budgets})
                    due = await self._due(transaction, counted, used, heard.reached)
            except StoreError as error:
                log.error("moderators could not be told of a budget: %s", error)
                continue
            for budget, percent in due:
                if counted.guild_id is not None and counted.log_channel is not None:
                    text = news_text(budget, used.get(budget.key, NOTHING), percent)
                    await post(counted.guild_id, counted.log_channel, text)

    async def small_print(self, transaction: Transaction, counted: Counted, used: Mapping[Key, Used]) -> str | None:
        """What is to stand below the next answer where there is no log channel; of single members nothing."""
        if counted.log_channel is not None:
            return None
        shared = replace_budgets(counted, (budget for budget in counted.budgets if not budget.member_id))
        due = await self._due(transaction, shared, used)
        return " ".join(small_text(budget) for budget, _ in due) or None

    async def _due(
        self, transaction: Transaction, counted: Counted, used: Mapping[Key, Used], reached: Budget | None = None
    ) -> list[tuple[Budget, int]]:
        """The budgets of which this is news, with how much of them is used in percent; noted as told."""
        due = list[tuple[Budget, int]]()
        for budget in filter(is_told_of, counted.budgets):
            percent = ALL_PERCENT if budget == reached else passed(budget, used.get(budget.key, NOTHING))
            if percent and counted.guild_id is not None:
                told = [subject(budget, each) for each in (WARNING_PERCENT, ALL_PERCENT) if each <= percent]
                if not await notices.is_told(transaction, counted.guild_id, told[-1]):
                    due.append((budget, percent))
                    for each in told:
                        await notices.mark(transaction, counted.guild_id, each, self._clock())
        return due


def is_told_of(budget: Budget) -> bool:
    """A limit for a minute is there to be reached, and one of nothing always is."""
    return budget.name.period is not Period.MINUTE and budget.limit > 0


def passed(budget: Budget, used: Used) -> int:
    """Of 80 and 100 percent the most that is used; 0 for none."""
    percent = used.of(budget.name.unit) * 100 // budget.limit
    return next((each for each in (ALL_PERCENT, WARNING_PERCENT) if percent >= each), 0)


def replace_budgets(counted: Counted, budgets: Iterable[Budget]) -> Counted:
    """The same place with these budgets alone."""
    return Counted(guild_id=counted.guild_id, log_channel=counted.log_channel, budgets=tuple(budgets))


def subject(budget: Budget, percent: int) -> str:
    """By what a guild's notices know that it was told."""
    key = budget.key
    return (
        f"{TOLD}{key.place.kind}/{key.place.id} {key.counted_for} {key.member_id} {budget.name.unit} "
        f"{key.period} {key.starts_at:%Y-%m-%dT%H:%MZ} {percent}"
    )


def news_text(budget: Budget, used: Used, percent: int) -> str:
    """A line in the log channel."""
    amount = amount_text(budget.name.unit, used.of(budget.name.unit))
    what = "is used up" if percent == ALL_PERCENT else f"is used to {WARNING_PERCENT} %"
    return (
        f"⏳ The budget of {whose_text(budget)} in {place_text(budget.place)}, {rule_text(budget)}, {what} "
        f"({amount}). It begins anew {resets_text(budget)}."
    )


def small_text(budget: Budget) -> str:
    """A sentence below an answer."""
    return (
        f"The budget of {whose_text(budget)} in {place_text(budget.place)}, {rule_text(budget)}, is nearly used up; it "
        f"begins anew {resets_text(budget)}."
    )
