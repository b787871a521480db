"""What moderators see of the budgets of a place and how they change them, and what a member sees of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.model import (
    DELETED_ROLE,
    NOTHING,
    OF_ROLES,
    Budget,
    Key,
    Used,
    amount_text,
    nearest_first,
    of_choice,
    place_text,
    resets_text,
    rule_text,
    whose_text,
)
from bot.budgets.service import Budgets
from bot.errors import Refusal
from bot.place_settings.budget_names import BudgetName, Subject
from bot.place_settings.chosen import Choice
from bot.place_settings.desk import Kept
from bot.place_settings.service import Edit, PlaceSettings
from bot.place_settings.table import setting
from bot.places import Place, PlaceKind, Reach, reached
from bot.setting import understood
from bot.store import budgets as store
from bot.store.database import Database

PER_PAGE = 8  # a page of the longest lines fits a message of 4000 characters
BAR_SIGNS = 10
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
NONE_HERE = "No budget counts here. `/budget set` sets one."
NONE_OF_YOURS = "No budget limits you here."
NO_SUCH = "There is no such budget here any more. `/budget list` shows those that there are."
EACH_OF = {Subject.EACH: "each member", Subject.EACH_OF_ROLE: "each member with {role}"}


class BudgetDesk:
    """Shows and changes budgets; whether a person may, has been asked before."""

    def __init__(
        self, database: Database, settings: PlaceSettings, budgets: Budgets, *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._settings = settings
        self._budgets = budgets
        self._clock = clock

    async def place(self, guild_id: int, channel_id: int, reach: Reach) -> Place:
        """The place that somebody means from where they are.  Raises: Refusal."""
        return reached(await self._settings.places(guild_id, channel_id), reach)

    async def set(self, guild_id: int, place: Place, name: BudgetName, amount: str, user_id: int) -> Kept:
        """Set a budget, which the sentence is on.  Raises: Refusal for what is no amount."""
        field = replace(setting(str(name)), name="amount")  # which is what the command asks for
        value = understood(field, plain(amount))
        changes = await self._settings.change(guild_id, [Edit(place=place, name=str(name), value=value)], user_id)
        budget = of_choice(Choice(place=place, name=str(name), value=value), self._clock(), ZoneInfo("UTC"))
        whose = subject_text(budget)
        told = f"{whose[0].upper()}{whose[1:]} in {place_text(place)}: {rule_text(budget)} from now on."
        return Kept(sentence=told, changes=changes)

    async def remove(self, guild_id: int, place: Place, name: BudgetName, user_id: int) -> Kept:
        """Take a budget away, which the sentence is on.  Raises: Refusal if there is none."""
        changes = await self._settings.change(guild_id, [Edit(place=place, name=str(name), value=None)], user_id)
        if not changes:
            raise Refusal(NO_SUCH)
        return Kept(sentence=f"`{name}` does not count in {place_text(place)} any more.", changes=changes)

    async def rules(self, guild_id: int, channel_id: int) -> Sequence[Budget]:
        """The budgets that moderators set around a place, each as if nobody in particular used it."""
        values = await self._settings.at(guild_id, channel_id)
        zone, now = ZoneInfo(values.time_zone), self._clock()
        return [of_choice(choice, now, zone) for choice in nearest_first(values.budgets)]

    async def page(self, guild_id: int, channel_id: int, number: int, roles: Collection[int]) -> tuple[str, bool]:
        """A page of all budgets that count in a place, and whether more follow; `roles` are those of the server."""
        rules = await self.rules(guild_id, channel_id)
        shown = rules[number * PER_PAGE : (number + 1) * PER_PAGE]
        keys = {budget.key for budget in shown}
        async with self._database.read() as transaction:
            used = await store.used(transaction, keys)
            reserved = await store.reserved(transaction, keys)
            of_members = {
                budget.key: await store.of_members(transaction, budget.key)
                for budget in shown
                if budget.name.subject in EACH_OF
            }
        lines = [
            f"**{subject_text(budget, roles)}** in {place_text(budget.place)}: {rule_text(budget)}\n"
            + (
                members_text(budget, of_members[budget.key])
                if budget.key in of_members
                else standing_text(budget, used, reserved)
            )
            for budget in shown
        ]
        return "\n".join(("### Budgets here", *(lines or [NONE_HERE]))), len(rules) > (number + 1) * PER_PAGE

    async def mine(self, guild_id: int | None, channel_id: int, user_id: int) -> str:
        """What is left for one person in a place.  Raises: Refusal."""
        counted = await self._budgets.of(guild_id, channel_id, user_id)
        keys = {budget.key for budget in counted.budgets}
        async with self._database.read() as transaction:
            used = await store.used(transaction, keys)
        lines = [
            f"**{'Yours' if budget.member_id else shared_text(budget)}**: {rule_text(budget)}\n"
            f"{standing_text(budget, used, {})}"
            for budget in counted.budgets
        ]
        return "\n".join(("### What you can use here", *(lines or [NONE_OF_YOURS])))


def plain(amount: str) -> str:
    """An amount without its dollar sign, and without commas that part thousands; 0,50 stays, which is no number."""
    text = amount.strip().removeprefix("$")
    return text.replace(",", "") if THOUSANDS.fullmatch(text) else text


def subject_text(budget: Budget, roles: Collection[int] | None = None) -> str:
    """For whom a budget is; a role is looked for among these, if they are known."""
    subject, id = budget.name.subject, budget.name.id
    is_gone = roles is not None and subject in OF_ROLES and id not in roles
    role = DELETED_ROLE if is_gone else f"<@&{id}>"
    if subject in EACH_OF:
        return EACH_OF[subject].format(role=role)
    return f"everybody with {role}" if subject is Subject.ROLE else whose_text(budget)


def shared_text(budget: Budget) -> str:
    """Who shares a budget, as one of them reads it."""
    return f"{'The host, for ' if budget.is_of_host else ''}{whose_text(budget)} in {place_text(budget.place)}"


def standing_text(budget: Budget, used: Mapping[Key, Used], reserved: Mapping[Key, Used]) -> str:
    """How much is used, of it reserved, and left, and when it begins anew."""
    unit, taken = budget.name.unit, used.get(budget.key, NOTHING)
    amounts = [f"{amount_text(unit, taken.of(unit))} used"]
    held = reserved.get(budget.key, NOTHING).of(unit)
    if held:
        amounts.append(f"{amount_text(unit, held)} of it reserved")
    amounts.append(f"{amount_text(unit, budget.left(taken))} left")
    return f"{bar(taken.of(unit), budget.limit)} {', '.join(amounts)}; begins anew {resets_text(budget)}"


def members_text(budget: Budget, used: Sequence[Used]) -> str:
    """How many use a budget that everybody has for themselves."""
    done = sum(not budget.left(each) for each in used)
    who = "1 member" if len(used) == 1 else f"{len(used):,} members"
    return f"{who} used some of it, {done:,} all of it; begins anew {resets_text(budget)}"


def bar(used: int, limit: int) -> str:
    """How much of it that is, at a glance."""
    full = BAR_SIGNS if used >= limit else used * BAR_SIGNS // limit
    return "▰" * full + "▱" * (BAR_SIGNS - full)


def label(budget: Budget, names: Mapping[int, str]) -> str:
    """A budget as it is offered while somebody types, where nothing can be mentioned; `names` are by ids."""
    place, subject = budget.place, budget.name.subject
    where = "this server" if place.kind is PlaceKind.GUILD else names.get(place.id, f"{place.kind} {place.id}")
    who = names.get(budget.name.id, DELETED_ROLE if subject in OF_ROLES else f"member {budget.name.id}")
    each = "each " if subject in EACH_OF else ""
    return f"{each}{who if budget.name.id else 'member' if each else 'everybody'}: {rule_text(budget)} in {where}"
