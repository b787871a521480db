"""What the host paid to each provider and what is left there: `/usage` in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from bot.errors import ProviderError
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoints.balance import Balance, balances
from bot.runs.summary_text import cost_text
from bot.store import usage
from bot.store.database import Database
from bot.store.usage import Spent, Sums

HEADING = "### What the model providers took"
HOW_TO_READ = (
    "-# Days and months are those of UTC, and an answer belongs to the one in which it was begun. ≈ stands before what "
    "we counted in part, because a provider did not. Costs are what the prices make of the tokens; what you are billed "
    "may differ."
)
NOTHING = "nothing"
NOT_OFFERED = "not offered"
MAX_CHARACTERS = 2000 - 200  # what a message holds in Discord, without heading and a word about what is left out

Balances = tuple[Balance | ProviderError | None, ...]


class Spending:
    """Sums up what these providers took, and asks them what is left."""

    def __init__(
        self, database: Database, providers: Iterable[ProviderConfiguration], *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._providers = {provider.name: provider for provider in providers}
        self._clock = clock

    async def for_host(self) -> str:
        """This day, this month and the balance of every provider, for Discord.  Raises: StoreError."""
        today = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
        async with self._database.read() as transaction:
            of_day = await usage.spent_since(transaction, today)
            of_month = await usage.spent_since(transaction, today.replace(day=1))
        left = await self._left()
        day, month = ({spent.provider: spent for spent in sums} for sums in (of_day, of_month))
        names = [*self._providers, *(name for name in month if name not in self._providers)]
        return shown([block(name, day.get(name), month.get(name), left.get(name)) for name in names])

    async def _left(self) -> Mapping[str, Balances]:
        """The balances of the providers, which are asked all at once."""
        async with asyncio.TaskGroup() as tasks:
            asked = {name: tasks.create_task(balances(provider)) for name, provider in self._providers.items()}
        return {name: task.result() for name, task in asked.items()}


def shown(blocks: Sequence[str]) -> str:
    """As many of the blocks as a message holds."""
    kept, room = list[str](), MAX_CHARACTERS - len(HOW_TO_READ)
    for each in blocks:
        room -= len(each) + 1
        if room < 0:
            kept.append(f"… and {len(blocks) - len(kept)} more providers")
            break
        kept.append(each)
    return "\n".join([HEADING, *kept, HOW_TO_READ])


def block(name: str, day: Spent | None, month: Spent | None, left: Balances | None) -> str:
    """What is known of one provider; `left` None is one that is no longer configured."""
    lines = [f"**{name}**", f"Today: {spent_text(day)}", f"This month: {spent_text(month)}"]
    if left is None:
        lines[0] += ", no longer configured"
    elif len(left) > 1:
        lines += [f"Balance of key {number}: {balance_text(each)}" for number, each in enumerate(left, start=1)]
    else:
        lines += [f"Balance: {balance_text(left[0] if left else None)}"]
    return "\n".join(lines)


def spent_text(spent: Spent | None) -> str:
    """How many answers, tokens and dollars."""
    if spent is None:
        return NOTHING
    about = "≈" if spent.is_estimated else ""
    parts = [
        f"{spent.cached_tokens:,} from the cache" if spent.cached_tokens else "",
        f"{spent.reasoning_tokens:,} to think" if spent.reasoning_tokens else "",
    ]
    of_these = ", ".join(part for part in parts if part)
    tokens = f"{about}{spent.input_tokens + spent.output_tokens:,} tokens" + (f" ({of_these})" if of_these else "")
    return f"{counted(spent.answers)}, {tokens}, {money_text(spent, about)}"


def money_text(spent: Sums, about: str) -> str:
    """The dollars, and how many answers are not in them."""
    if spent.unpriced == spent.answers:
        return cost_text(None)
    known = cost_text(spent.cost_nanos, about)
    return f"{known} and {counted(spent.unpriced)} of unknown price" if spent.unpriced else known


def balance_text(balance: Balance | ProviderError | None) -> str:
    """What is left, what was spent, and until when; or why nobody knows."""
    if balance is None:
        return NOT_OFFERED
    if isinstance(balance, ProviderError):
        return f"not known. {balance}"
    parts = ["no limit" if balance.left_nanos is None else f"{money(balance.left_nanos)} left"]
    if balance.spent_nanos is not None:
        parts.append(f"{money(balance.spent_nanos)} spent")
    if balance.expires_at is not None:
        parts.append(f"until <t:{int(balance.expires_at.timestamp())}:D>")
    return ", ".join(parts)


def money(nanos: int) -> str:
    """Dollars, also owed ones."""
    return f"-{cost_text(-nanos)}" if nanos < 0 else cost_text(nanos)


def counted(answers: int) -> str:
    """So many answers."""
    return "1 answer" if answers == 1 else f"{answers:,} answers"
