"""Overview: the runs of a place or of all places as lists, and one run's way; it reads nobody's words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, SelectBase, and_, case, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.runs.model import LIVE
from bot.runs.summary import PageRecord, RunEvent, RunHistory, RunSummary, ToolRecord
from bot.store.conversations import Scope
from bot.store.schema import IS_LIVE, conversations, messages, replies, run_events, runs, status_in, tool_calls, usage

SUMMARIES = (
    select(
        runs.c.id,
        runs.c.status,
        runs.c.kind,
        runs.c.model,
        runs.c.place_id,
        runs.c.asker_id,
        (conversations.c.scope == Scope.PRIVATE).label("is_private"),
        runs.c.waiting_since,
        runs.c.attempt,
        runs.c.created_at,
        runs.c.expires_at,
        runs.c.started_at,
        runs.c.ended_at,
        runs.c.delivered_at,
        runs.c.cancel_requested_at,
        runs.c.cancel_requested_by,
        runs.c.failure,
        usage.c.input_tokens,
        usage.c.output_tokens,
        usage.c.cached_tokens,
        usage.c.reasoning_tokens,
        usage.c.cost_nanos,
        usage.c.is_estimated,
        usage.c.provider,
        usage.c.model.label("answering_model"),
    )
    .join_from(runs, conversations, conversations.c.id == runs.c.conversation_id)
    .outerjoin(usage, usage.c.run_id == runs.c.id)
)
IS_UNDECIDED = and_(tool_calls.c.decided_at.is_(None), tool_calls.c.output.is_(None), messages.c.hidden_at.is_(None))
WAITS_FOR = case((IS_UNDECIDED, tool_calls.c.need)).label("waits_for")
listed = runs.alias()


async def of_place(
    connection: AsyncConnection, place_id: int, *, limit: int, offset: int = 0
) -> tuple[RunSummary, ...]:
    """The runs of a place, whoever asked: first the live ones, then the others, newest first in each."""
    # Of each conversation there no more is looked at than could be shown; its live run is always its newest.
    there = conversations.alias()
    newest = (
        select(listed.c.id)
        .where(listed.c.conversation_id == there.c.id)
        .order_by(listed.c.epoch.desc(), listed.c.id.desc())
        .limit(offset + limit)
        .correlate(there)
    )
    candidate = runs.alias()
    candidates = select(candidate.c.id).join_from(there, candidate, candidate.c.id.in_(newest))
    return await _shown(connection, candidates.where(there.c.place_id == place_id), limit=limit, offset=offset)


async def of_all_places(connection: AsyncConnection, *, limit: int, live_only: bool) -> tuple[RunSummary, ...]:
    """The runs of every place: first the live ones, then, unless only those count, the others, newest first in each."""
    live = select(listed.c.id).where(status_in(listed.c.status, LIVE))
    newest = select(listed.c.id).order_by(listed.c.id.desc()).limit(limit).subquery()
    return await _shown(connection, live if live_only else union(live, select(newest.c.id)), limit=limit)


async def summary(connection: AsyncConnection, run_id: int) -> RunSummary | None:
    """One run; None if there is no such run."""
    return next(iter(await _summaries(connection, SUMMARIES.where(runs.c.id == run_id))), None)


async def history(connection: AsyncConnection, run_id: int) -> RunHistory | None:
    """A run with its events, its pages and its tool calls, each in order; None if there is no such run."""
    found = await summary(connection, run_id)
    if found is None:
        return None
    events = select(run_events.c.at, run_events.c.cause, run_events.c.to_status).where(run_events.c.run_id == run_id)
    pages = select(replies.c.number, replies.c.created_at, replies.c.posted_at).where(replies.c.run_id == run_id)
    tools = (
        select(tool_calls.c.name, tool_calls.c.started_at, tool_calls.c.ended_at, tool_calls.c.outcome, WAITS_FOR)
        .join(messages, messages.c.id == tool_calls.c.message_id)
        .where(tool_calls.c.run_id == run_id)
    )
    return RunHistory(
        run=found,
        events=tuple(RunEvent(**row._mapping) for row in await connection.execute(events.order_by(run_events.c.id))),
        pages=tuple(PageRecord(**row._mapping) for row in await connection.execute(pages.order_by(replies.c.number))),
        tools=tuple(ToolRecord(**row._mapping) for row in await connection.execute(tools.order_by(tool_calls.c.id))),
    )


async def _shown(
    connection: AsyncConnection, candidates: SelectBase, *, limit: int, offset: int = 0
) -> tuple[RunSummary, ...]:
    """Those of the candidates that a list shows, in its order."""
    order = (IS_LIVE.desc(), runs.c.id.desc())
    chosen = SUMMARIES.where(runs.c.id.in_(candidates))
    return await _summaries(connection, chosen.order_by(*order).limit(limit).offset(offset))


async def _summaries(connection: AsyncConnection, statement: Select[Any]) -> tuple[RunSummary, ...]:
    return tuple(RunSummary(**row._mapping) for row in await connection.execute(statement))
