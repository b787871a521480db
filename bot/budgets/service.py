"""Budgets at work: questions are counted when they are taken up, and what requests may take is reserved before them.

What is reserved counts as used until the request has ended, and then what it took.  A reservation that nobody settles,
because the bot died over it, stays counted: nobody knows what the provider had written by then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.budgets.model import (
    Budget,
    BudgetReached,
    Counted,
    HostBudgets,
    Key,
    Used,
    counting,
    needs_roles,
    no_host_budgets,
    of_host,
)
from bot.budgets.news import TOLD, News
from bot.budgets.spending import Estimate, affordable, first_used_up
from bot.errors import Refusal, StoreError
from bot.messages import ProviderRequest
from bot.place_settings.budget_names import Unit
from bot.place_settings.chosen import PlaceValues
from bot.providers.events import Usage
from bot.providers.fallback import is_run_of
from bot.runs.draft import Draft
from bot.runs.metering import Meter
from bot.runs.model import Run
from bot.store import budgets as store
from bot.store.budgets import Reserved
from bot.store.database import Database, Transaction

log = logging.getLogger(__name__)

# Our count of what a request reads differs from the provider's: it is a tenth less for some scripts, and nobody tells
# what a chat template adds.  Only the reservation has this margin.
INPUT_MARGIN = 1.25
SWEEP_SECONDS = 3600.0
# A run that has ended is settled in the same transaction, or at once after it.
SETTLES_WITHIN = timedelta(minutes=10)
KEPT_NOTICES = timedelta(days=62)  # the longest window, and as much again
UNPRICED = (
    "Money is budgeted here, and nobody knows what `{model}` costs, so it is not asked. A moderator can choose another "
    "model or budget tokens; the host can set its price under `prices` in providers.toml."
)


class Places(Protocol):
    """What moderators chose for places."""

    async def at(self, guild_id: int | None, channel_id: int) -> PlaceValues:
        """What counts in a channel.  Raises: Refusal if it cannot be found."""


class Offers(Protocol):
    """Who may answer."""

    def may_answer(self, request: ProviderRequest) -> Sequence[tuple[str, str]]:
        """The provider of a request's model and its own name of it, and of each that may stand in for it."""


class Roles(Protocol):
    """Knows people."""

    async def roles(self, guild_id: int, user_id: int) -> frozenset[int]:
        """The roles of a member.  Raises: Refusal if nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What was reserved for a request of one attempt of a run."""

    budgets: Budgets
    counted: Counted
    run_id: int
    attempt: int

    async def settle(self, transaction: Transaction, usage: Usage | None) -> None:
        """Count what the request took in place of what was reserved; None: its provider did not take it."""
        found = await store.reservation(transaction, self.run_id)
        if found is None or found.attempt != self.attempt:  # another attempt has begun, for which this stays used
            return
        await store.remove_reservation(transaction, self.run_id)
        await correct(transaction, found.of, usage)
        self.budgets.news.hear(self.counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What was counted for a request before it was made."""

    budgets: Budgets
    counted: Counted
    of: Mapping[Key, tuple[int, int]]

    async def settle(self, transaction: Transaction, usage: Usage | None) -> None:
        """Count what the request took in place of that; None: its provider did not take it."""
        await correct(transaction, self.of, usage)
        self.budgets.news.hear(self.counted)


async def correct(transaction: Transaction, of: Mapping[Key, tuple[int, int]], usage: Usage | None) -> None:
    """Count what a request took in place of what was counted; a cost that nobody knows stays as it was reserved."""
    tokens = 0 if usage is None else usage.input_tokens + usage.output_tokens
    for amounts in set(of.values()):
        keys = [key for key, counted in of.items() if counted == amounts]
        cost = 0 if usage is None else amounts[1] if usage.cost_nanos is None else usage.cost_nanos
        await store.add(transaction, keys, tokens=tokens - amounts[0], cost_nanos=cost - amounts[1])


class Budgets:
    """Knows which budgets count for whom, and lets nothing be used beyond them."""

    def __init__(
        self,
        database: Database,
        places: Places,
        offers: Offers,
        meter: Meter,
        *,
        zone: str,
        clock: Callable[[], datetime],
        host: HostBudgets = no_host_budgets,
    ) -> None:
        """`zone` is the one by which the host's own budgets begin anew."""
        self.news = News(database, clock=clock)
        self._database = database
        self._places = places
        self._offers = offers
        self._meter = meter
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._host = host
        self._roles: Roles | None = None

    def meet(self, roles: Roles) -> None:
        """Learn who knows the members' roles."""
        self._roles = roles

    async def of(
        self, guild_id: int | None, channel_id: int, user_id: int, chosen: PlaceValues | None = None
    ) -> Counted:
        """What counts for a person in a place: in direct messages what the host set, and nothing else.

        `chosen` is what moderators chose there, if that is known.  Raises: Refusal if that cannot be found out.
        """
        now = self._clock()
        found = [*of_host(self._host(guild_id), guild_id, user_id, now, self._zone)]
        if guild_id is None:
            return Counted(guild_id=guild_id, budgets=tuple(found))
        values = await self._places.at(guild_id, channel_id) if chosen is None else chosen
        roles = frozenset[int]()
        if self._roles is not None and needs_roles(values.budgets):
            roles = await self._roles.roles(guild_id, user_id)
        found += counting(values, user_id, roles, now)
        return Counted(guild_id=guild_id, log_channel=values.log_channel, budgets=tuple(found))

    async def require_some_left(self, guild_id: int | None, channel_id: int, user_id: int) -> None:
        """Raises: BudgetReached where a question would not be taken up, Refusal."""
        counted = await self.of(guild_id, channel_id, user_id)
        if counted.budgets:
            async with self._database.read() as transaction:
                await self._require(transaction, counted)

    async def take_question(self, transaction: Transaction, counted: Counted) -> None:
        """Count a question, in the transaction that takes it up.  Raises: BudgetReached."""
        if not counted.budgets:
            return
        keys = {budget.key for budget in counted.budgets if budget.is_of_questions}
        if keys:
            await store.lock(transaction, counted.guild_id, keys)
        await self._require(transaction, counted)
        await store.add(transaction, keys, questions=1)
        self.news.hear(counted)

    async def _require(self, transaction: Transaction, counted: Counted) -> None:
        used = await store.used(transaction, {budget.key for budget in counted.budgets})
        reached = first_used_up(counted.budgets, used)
        if reached is not None:
            self.news.hear(counted, reached)
            raise BudgetReached(reached)

    async def reserve(
        self, run: Run, draft: Draft, request: ProviderRequest, chosen: PlaceValues | None = None
    ) -> ProviderRequest:
        """The request, which may write no more than all budgets allow; that is reserved for it in `draft`.

        `chosen` is what moderators chose for the place, if that is known.  Nothing is written where no budget counts.
        Raises: BudgetReached, Refusal.
        """
        counted = await self.of(run.guild_id, run.place_id, run.asker_id, chosen)
        budgets = tuple(budget for budget in counted.budgets if not budget.is_of_questions)
        if not budgets:
            return request
        await self._meter.load()
        estimate = self._estimate(request, budgets)
        draft.reservation = Reservation(budgets=self, counted=counted, run_id=run.id, attempt=run.attempt)
        told: str | None = None
        async with self._database.write() as transaction:
            used, output_tokens, of = await self._hold(transaction, counted, budgets, estimate)
            reserved = Reserved(attempt=run.attempt, of=of)
            before = await store.reservation(transaction, run.id)
            if before is not None and _goes_on_elsewhere(request):
                reserved = _together(before, reserved)
            await store.put_reservation(transaction, run.id, reserved, self._clock())
            if run.interaction_token is None:
                told = await self.news.small_print(transaction, counted, used)
        if told is not None:
            draft.warn(told)
        return replace(request, max_output_tokens=output_tokens)

    async def charge(
        self, guild_id: int | None, channel_id: int, user_id: int, request: ProviderRequest, draft: Draft
    ) -> ProviderRequest:
        """The same for a request that no run makes, or one beside a run's own.

        Where the bot dies over it, it stays counted until its windows end.  Raises: BudgetReached, Refusal.
        """
        counted = await self.of(guild_id, channel_id, user_id)
        budgets = tuple(budget for budget in counted.budgets if not budget.is_of_questions)
        if not budgets:
            return request
        await self._meter.load()
        estimate = self._estimate(request, budgets)
        async with self._database.write() as transaction:
            _, output_tokens, of = await self._hold(transaction, counted, budgets, estimate)
        draft.reservation = Charge(budgets=self, counted=counted, of=of)
        return replace(request, max_output_tokens=output_tokens)

    async def _hold(
        self, transaction: Transaction, counted: Counted, budgets: Sequence[Budget], estimate: Estimate
    ) -> tuple[Mapping[Key, Used], int, Mapping[Key, tuple[int, int]]]:
        """Count as much as is affordable: what was used before, how long each answer may be, and what was counted.

        Raises: BudgetReached.
        """
        keys = {budget.key for budget in budgets}
        used = await store.lock(transaction, counted.guild_id, keys)
        try:
            output_tokens = affordable(estimate, budgets, used)
        except BudgetReached as reached:
            self.news.hear(counted, reached.budget)
            raise
        amounts = estimate.tokens(output_tokens), estimate.cost(output_tokens)
        await store.add(transaction, keys, tokens=amounts[0], cost_nanos=amounts[1])
        return used, output_tokens, dict.fromkeys(keys, amounts)

    def _estimate(self, request: ProviderRequest, budgets: Sequence[Budget]) -> Estimate:
        """Raises: Refusal where money is budgeted and a price is not known."""
        models = self._offers.may_answer(request)
        if any(budget.name.unit is Unit.DOLLARS for budget in budgets):
            for provider, model in models:
                if self._meter.cost_nanos(((provider, model),), 1, 1) is None:
                    raise Refusal(UNPRICED.format(model=f"{provider}/{model}"))
        return Estimate(
            input_tokens=int(self._meter.input_tokens(request) * INPUT_MARGIN),
            output_tokens=request.max_output_tokens or 1,
            answers=int(request.parameters.get("n") or 1),
            cost_nanos=lambda read, written: self._meter.cost_nanos(models, read, written),
        )

    async def keep(self) -> None:
        """Let go what nobody settles any more, now and every hour, until cancelled."""
        while True:
            try:
                await self.let_go()
            except StoreError as error:
                log.error("old reservations could not be let go: %s", error)
            await asyncio.sleep(SWEEP_SECONDS)

    async def let_go(self) -> None:
        """Forget the reservations of runs that have ended, which stay counted, and old notices.  Raises: StoreError."""
        ended_before, told_before = self._clock() - SETTLES_WITHIN, self._clock() - KEPT_NOTICES
        async with self._database.write() as transaction:
            await store.sweep(transaction, ended_before=ended_before, told_before=told_before, told=TOLD)


def _goes_on_elsewhere(request: ProviderRequest) -> bool:
    """Whether a provider goes on with a run of its own, which it counts at the run's end: all that was reserved."""
    return any(is_run_of(state, request.run_key) for state in request.bookmarks.values())


def _together(one: Reserved, other: Reserved) -> Reserved:
    """What both reserve; where they are settled, all windows get the whole."""
    of = dict(one.of)
    for key, (tokens, cost) in other.of.items():
        before_tokens, before_cost = of.get(key, (0, 0))
        of[key] = before_tokens + tokens, before_cost + cost
    return Reserved(attempt=other.attempt, of=of)
