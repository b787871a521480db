"""Usage: what each run cost in tokens, and in money where that is known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.providers.events import Usage
from bot.store.dialect import insert_into
from bot.store.schema import usage as usage_table

# What there was before there were several providers.
ONLY_PROVIDER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the answers of a provider took together, of which `unpriced` have no known price and are not in the cost.

    `cached_tokens` are part of `input_tokens`, `reasoning_tokens` of `output_tokens`; `is_estimated`: we counted some.
    """

    provider: str
    answers: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_nanos: int
    is_estimated: bool


async def record(
    connection: AsyncConnection, run_id: int, model: str, usage: Usage, now: datetime, *, provider: str | None = None
) -> None:
    """Add the tokens of one request to those of its run: a run with tool calls makes several.

    A run of which one request has an unknown cost has an unknown cost.
    """
    table, counts = usage_table.c, asdict(usage)
    first = insert_into(connection, usage_table).values(
        run_id=run_id, model=model, provider=provider, created_at=now, **counts
    )
    del counts["is_estimated"]
    further = {
        "model": first.excluded.model,
        "provider": first.excluded.provider,
        "is_estimated": or_(table.is_estimated, first.excluded.is_estimated),
        **{name: table[name] + first.excluded[name] for name in counts},
    }
    await connection.execute(first.on_conflict_do_update(index_elements=[table.run_id], set_=further))


async def spent_since(connection: AsyncConnection, since: datetime) -> tuple[Spent, ...]:
    """What each provider was asked for by answers that were begun since then, ordered by their names.

    A run that several providers answered counts for the last of them.
    """
    table = usage_table.c
    provider = func.coalesce(table.provider, ONLY_PROVIDER).label("provider")
    statement = (
        select(
            provider,
            func.count().label("answers"),
            (func.count() - func.count(table.cost_nanos)).label("unpriced"),
            func.sum(table.input_tokens).label("input_tokens"),
            func.sum(table.output_tokens).label("output_tokens"),
            func.sum(table.cached_tokens).label("cached_tokens"),
            func.sum(table.reasoning_tokens).label("reasoning_tokens"),
            func.coalesce(func.sum(table.cost_nanos), 0).label("cost_nanos"),
            func.max(case((table.is_estimated, 1), else_=0)).label("is_estimated"),
        )
        .where(table.created_at >= since)
        .group_by(provider)
        .order_by(provider)
    )
    return tuple(
        Spent(
            provider=row.provider,
            answers=row.answers,
            unpriced=row.unpriced,
            input_tokens=int(row.input_tokens),  # PostgreSQL sums to a Decimal
            output_tokens=int(row.output_tokens),
            cached_tokens=int(row.cached_tokens),
            reasoning_tokens=int(row.reasoning_tokens),
            cost_nanos=int(row.cost_nanos),
            is_estimated=bool(row.is_estimated),
        )
        for row in await connection.execute(statement)
    )
