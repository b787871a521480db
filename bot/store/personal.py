"""What is stored about one person: what there is of it, and all of it, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import (
    alternatives,
    budget_windows,
    command_usage,
    conversations,
    http_tool_calls,
    http_tools,
    messages,
    place_settings,
    reminders,
    runs,
    setting_changes,
    tool_approvals,
    tool_calls,
    tool_files,
    usage,
)

PAGE_ROWS = 500  # read within a few milliseconds
SAID_IN = conversations.c.guild_id, conversations.c.place_id, conversations.c.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows of one kind that are about a person, by the columns that name them; ordered by their key, newest first."""

    rows: FromClause
    person: Sequence[Column[Any]]
    columns: Sequence[ColumnElement[Any]]
    key: Sequence[Column[Any]]

    def about(self, user_id: int) -> ColumnElement[bool]:
        """Whether a row is about this person."""
        return or_(*(column == user_id for column in self.person))


def _columns(table: Any, *without: str) -> tuple[ColumnElement[Any], ...]:
    return tuple(column for column in table.c if column.name not in without)


SECTIONS: Mapping[str, Section] = {
    "messages": Section(
        rows=messages.join(conversations),
        person=[messages.c.author_id],
        columns=[
            *SAID_IN,
            *_columns(messages, "conversation_id", "role", "tokens", "author_id", "is_reworded", "quote_author_id"),
        ],
        key=[messages.c.id],
    ),
    "quotes": Section(
        rows=messages.join(conversations),
        person=[messages.c.quote_author_id],
        columns=[
            *SAID_IN,
            *(messages.c[name] for name in ("id", "discord_id", "created_at", "quote_author", "quote_text")),
        ],
        key=[messages.c.id],
    ),
    "answers": Section(
        rows=runs.outerjoin(usage),
        person=[runs.c.asker_id],
        columns=[
            *_columns(runs, "conversation_id", "interaction_token", "lease_owner", "lease_expires_at", "asker_id"),
            *(usage.c[name] for name in ("input_tokens", "output_tokens", "reasoning_tokens", "cost_nanos")),
        ],
        key=[runs.c.id],
    ),
    "command_usage": Section(
        rows=command_usage,
        person=[command_usage.c.user_id],
        columns=_columns(command_usage, "user_id"),
        key=[command_usage.c.id],
    ),
    "alternatives": Section(
        rows=alternatives.join(runs),
        person=[runs.c.asker_id],
        columns=_columns(alternatives),
        key=[alternatives.c.run_id, alternatives.c.number],
    ),
    "tool_calls": Section(
        rows=tool_calls.join(runs),
        person=[runs.c.asker_id],
        columns=_columns(tool_calls, "message_id", "decided_by"),
        key=[tool_calls.c.id],
    ),
    "tool_files": Section(
        rows=tool_files.join(runs, runs.c.id == tool_files.c.run_id),
        person=[runs.c.asker_id],
        columns=_columns(tool_files, "content"),  # it is in Discord, below the answer
        key=[tool_files.c.id],
    ),
    "decisions": Section(
        rows=tool_calls,
        person=[tool_calls.c.decided_by],
        columns=_columns(tool_calls, "message_id", "decided_by", "arguments"),
        key=[tool_calls.c.id],
    ),
    "stopped_answers": Section(
        rows=runs,
        person=[runs.c.cancel_requested_by],
        columns=[runs.c.id, runs.c.guild_id, runs.c.place_id, runs.c.cancel_requested_at],
        key=[runs.c.id],
    ),
    "tool_approvals": Section(
        rows=tool_approvals,
        person=[tool_approvals.c.asker_id, tool_approvals.c.approved_by],
        columns=_columns(tool_approvals),
        key=[tool_approvals.c.conversation_id, tool_approvals.c.epoch, tool_approvals.c.tool],
    ),
    "reminders": Section(
        rows=reminders, person=[reminders.c.user_id], columns=_columns(reminders, "user_id"), key=[reminders.c.id]
    ),
    "http_tool_calls": Section(
        rows=http_tool_calls,
        person=[http_tool_calls.c.user_id],
        columns=_columns(http_tool_calls, "user_id"),
        key=[http_tool_calls.c.id],
    ),
    "http_tools": Section(
        rows=http_tools,
        person=[http_tools.c.created_by],
        columns=_columns(http_tools, "created_by", "secret"),
        key=[http_tools.c.id],
    ),
    "settings": Section(
        rows=place_settings,
        person=[place_settings.c.set_by],
        columns=_columns(place_settings, "set_by"),
        key=[place_settings.c.set_at, place_settings.c.place_id, place_settings.c.name],
    ),
    "setting_changes": Section(
        rows=setting_changes,
        person=[setting_changes.c.changed_by],
        columns=_columns(setting_changes, "changed_by"),
        key=[setting_changes.c.id],
    ),
    "budgets": Section(
        rows=budget_windows,
        person=[budget_windows.c.member_id],
        columns=_columns(budget_windows, "member_id"),
        key=[budget_windows.c.starts_at, budget_windows.c.place_id, budget_windows.c.period],
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How much there is: by section, of the messages by where, and what the answers took; `since` the first of it."""

    counts: Mapping[str, int]
    messages_here: int
    messages_direct: int
    tokens: int
    cost_nanos: int
    since: datetime | None


async def page(connection: AsyncConnection, user_id: int, name: str, offset: int) -> list[Mapping[str, Any]]:
    """Some rows of a section by their columns' names, the newest first; fewer than PAGE_ROWS at its end."""
    section = SECTIONS[name]
    found = select(*section.columns).select_from(section.rows).where(section.about(user_id))
    ordered = found.order_by(*(column.desc() for column in section.key)).limit(PAGE_ROWS).offset(offset)
    return [dict(row._mapping) for row in await connection.execute(ordered)]


async def stored(connection: AsyncConnection, user_id: int, guild_id: int | None) -> Stored:
    """What there is about a person; `guild_id` is where they are."""
    counts = {
        name: await _number(connection, _of(section, user_id, func.count())) for name, section in SECTIONS.items()
    }
    said, asked = SECTIONS["messages"], SECTIONS["answers"]
    by_place = _of(said, user_id, conversations.c.guild_id, func.count()).group_by(conversations.c.guild_id)
    spread = {row[0]: row[1] for row in await connection.execute(by_place)}
    tokens = func.coalesce(func.sum(usage.c.input_tokens + usage.c.output_tokens), 0)
    first = [
        await connection.scalar(_of(said, user_id, func.min(messages.c.created_at))),
        await connection.scalar(_of(asked, user_id, func.min(runs.c.created_at))),
    ]
    return Stored(
        counts=counts,
        messages_here=spread.get(guild_id, 0),
        messages_direct=spread.get(None, 0),
        tokens=await _number(connection, _of(asked, user_id, tokens)),
        cost_nanos=await _number(connection, _of(asked, user_id, func.coalesce(func.sum(usage.c.cost_nanos), 0))),
        since=min((moment for moment in first if moment is not None), default=None),
    )


def _of(section: Section, user_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).select_from(section.rows).where(section.about(user_id))


async def _number(connection: AsyncConnection, statement: Select[Any]) -> int:
    return int(await connection.scalar(statement) or 0)  # PostgreSQL sums to a Decimal
