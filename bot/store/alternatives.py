"""Answers to pick from: a run's text is one of them, and the rows are the others.

They are numbered from 1 in the order in which the provider gave them; the number that no row has is the shown one's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import Choice
from bot.store.schema import alternatives


async def add(connection: AsyncConnection, run_id: int, texts: Sequence[str]) -> None:
    """Keep the answers after the first."""
    rows = [{"run_id": run_id, "number": number, "text": text} for number, text in enumerate(texts, 2)]
    if rows:
        await connection.execute(insert(alternatives), rows)


async def choice(connection: AsyncConnection, run_id: int) -> Choice | None:
    """Which of how many answers a run shows; None if it has but one."""
    others = set(await connection.scalars(select(alternatives.c.number).where(alternatives.c.run_id == run_id)))
    if not others:
        return None
    count = len(others) + 1
    (shown,) = set(range(1, count + 1)) - others
    return Choice(number=shown, count=count)


async def swap(connection: AsyncConnection, run_id: int, number: int, shown: Choice, text: str) -> str | None:
    """The answer of this number, for which the shown one, whose text is given, is kept; None if there is none."""
    row = alternatives.c.run_id == run_id, alternatives.c.number == number
    picked: str | None = await connection.scalar(select(alternatives.c.text).where(*row))
    if picked is not None:
        await connection.execute(update(alternatives).where(*row).values(number=shown.number, text=text))
    return picked
