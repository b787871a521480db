"""Usage: what each run cost in tokens, and in money where that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Executable,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.days import ONE_DAY, Days, spans
from bot.providers.events import Usage
from bot.store.conversations import Scope
from bot.store.dialect import Insert, insert_into
from bot.store.schema import MILLISECOND, UNIX_EPOCH, command_usage, conversations, runs
from bot.store.schema import usage as usage_table
from bot.usage.subject import Subject, Whose

# What there was before there were several providers.
ONLY_PROVIDER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What answers took together, of which `unpriced` have no known price and are not in the cost.

    `cached_tokens` are part of `input_tokens`, `reasoning_tokens` of `output_tokens`; `is_estimated`: we counted some.
    What a command had a model do counts as an answer, too.
    """

    answers: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_nanos: int
    is_estimated: bool

    @property
    def tokens(self) -> int:
        """What was read and written."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent(Sums):
    """What the answers of a provider took."""

    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDay(Sums):
    """What the answers of a model took on one of the days, counted from 0."""

    day: int
    provider: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSums(Sums):
    """What the answers in a place took; `place_id` None are private ones, or all that there were in a server."""

    guild_id: int | None
    place_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSums(Sums):
    """What the answers to a member took; 0 is somebody who was deleted."""

    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(ModelDay):
    """What the answers of a model in a place took on one of the days."""

    guild_id: int | None
    place_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The same usage summed up in different ways.

    `members` are those who took most, and none where that is nobody's business.
    """

    models: tuple[ModelDay, ...]
    places: tuple[PlaceSums, ...]
    members: tuple[MemberSums, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where usage is found: its table, the rows of it with what is known of them, and who asked where."""

    table: Table
    rows: FromClause
    guild_id: ColumnElement[Any]
    place_id: ColumnElement[Any]
    member_id: ColumnElement[Any]
    is_private: ColumnElement[bool]


SOURCES = (
    # The join with `runs` is cheap, because what is looked up are the newest of its rows, which lie side by side.
    Source(
        table=usage_table,
        rows=usage_table.join(runs, runs.c.id == usage_table.c.run_id).join(
            conversations, conversations.c.id == runs.c.conversation_id
        ),
        guild_id=runs.c.guild_id,
        place_id=runs.c.place_id,
        member_id=runs.c.asker_id,
        is_private=conversations.c.scope == Scope.PRIVATE,
    ),
    Source(
        table=command_usage,
        rows=command_usage,
        guild_id=command_usage.c.guild_id,
        place_id=command_usage.c.place_id,
        member_id=command_usage.c.user_id,
        is_private=command_usage.c.is_private,
    ),
)
COUNTS = tuple(field.name for field in fields(Sums))
BY_MODEL = ("day", "provider", "model")
BY_PLACE = ("guild_id", "place_id")
BY_MEMBER = ("member_id",)
# A page names some; a server may have had thousands.
MAX_MEMBERS = 10
KEYS = (*BY_MODEL, *BY_PLACE, *BY_MEMBER)


async def record(
    connection: AsyncConnection, run_id: int, model: str, usage: Usage, now: datetime, *, provider: str | None = None
) -> None:
    """Add the tokens of one request to those of its run: a run with tool calls makes several.

    A run of which one request has an unknown cost has an unknown cost.
    """
    values = {"run_id": run_id, "model": model, "provider": provider, "created_at": now, **asdict(usage)}
    await connection.execute(_added(insert_into(connection, usage_table)), values)


@cache
def _added(first: Insert) -> Executable:
    table = usage_table.c
    counts = [field.name for field in fields(Usage) if field.name != "is_estimated"]
    further = {
        "model": first.excluded.model,
        "provider": first.excluded.provider,
        "is_estimated": or_(table.is_estimated, first.excluded.is_estimated),
        **{name: table[name] + first.excluded[name] for name in counts},
    }
    return first.on_conflict_do_update(index_elements=[table.run_id], set_=further)


async def spent_since(connection: AsyncConnection, since: datetime) -> tuple[Spent, ...]:
    """What each provider was asked for by answers that were begun since then, ordered by their names.

    A run that several providers answered counts for the last of them.
    """
    picked = union_all(
        *(
            select(_provider(source.table), *_counted(source.table)).where(source.table.c.created_at >= since)
            for source in SOURCES
        )
    ).subquery()
    provider = picked.c.provider
    statement = select(provider, *_sums(picked)).group_by(provider).order_by(provider)
    return tuple(Spent(provider=row.provider, **_counts(row._asdict())) for row in await connection.execute(statement))


async def report(connection: AsyncConnection, subject: Subject, days: Days) -> Report:
    """What the answers that were begun in these days took, in no order."""
    picked = _picked(subject, days).cte()  # read once, however many sums there are
    ways = [_grouped(picked, BY_MODEL), _grouped(picked, BY_PLACE)]
    if subject.shows_members:
        ways.append(_most(_grouped(picked, BY_MEMBER).where(picked.c.member_id.is_not(None)), MAX_MEMBERS))
    rows = (await connection.execute(union_all(*ways))).all()
    return Report(
        models=tuple(ModelDay(**_keyed(row, BY_MODEL)) for row in rows if row.way == BY_MODEL[0]),
        places=tuple(PlaceSums(**_keyed(row, BY_PLACE)) for row in rows if row.way == BY_PLACE[0]),
        members=tuple(MemberSums(**_keyed(row, BY_MEMBER)) for row in rows if row.way == BY_MEMBER[0]),
    )


async def lines(connection: AsyncConnection, subject: Subject, days: Days, limit: int) -> Iterator[Line]:
    """The same in all detail, up to a limit: newest day first, and of a day what took most tokens.

    The lines are made one by one as they are taken, which is work for a thread where they are many.
    """
    picked, keys = _picked(subject, days).subquery(), (*BY_MODEL, *BY_PLACE)
    order = (picked.c.day.desc(), func.sum(picked.c.input_tokens + picked.c.output_tokens).desc())
    rows = (await connection.execute(_grouped(picked, keys).order_by(*order).limit(limit))).all()
    return (Line(**_keyed(row, keys)) for row in rows)


def _picked(subject: Subject, days: Days) -> CompoundSelect[Any]:
    """The rows of the subject in these days, with what they can be grouped by."""
    return union_all(*(_picked_of(source, subject, days) for source in SOURCES))


def _picked_of(source: Source, subject: Subject, days: Days) -> Select[Any]:
    """Those of one source."""
    at, nobody = source.table.c.created_at, cast(null(), BigInteger)
    place_id, member_id = source.place_id, source.member_id
    if subject.whose is Whose.HOST:
        place_id = nobody
    elif subject.whose is Whose.SERVER:
        place_id, member_id = (case((source.is_private, nobody), else_=column) for column in (place_id, member_id))
    return (
        select(
            _day(at, days).label("day"),
            _provider(source.table),
            source.table.c.model,
            source.guild_id.label("guild_id"),
            place_id.label("place_id"),
            member_id.label("member_id"),
            *_counted(source.table),
        )
        .select_from(source.rows)
        .where(at >= days.begins_at[0], at < days.begins_at[-1], _is_of(source, subject))
    )


def _is_of(source: Source, subject: Subject) -> ColumnElement[bool]:
    """Whether a row counts for the subject."""
    match subject.whose:
        case Whose.ME:
            return source.member_id == subject.id
        case Whose.HOST:
            return literal(True)
    in_guild = source.guild_id == subject.guild_id
    match subject.whose:
        case Whose.SERVER:
            return in_guild
        case Whose.CHANNEL:
            return and_(in_guild, ~source.is_private, source.place_id == subject.id)
        case Whose.MEMBER:
            return and_(in_guild, ~source.is_private, source.member_id == subject.id)


def _provider(table: Table) -> ColumnElement[str]:
    return func.coalesce(table.c.provider, ONLY_PROVIDER).label("provider")


def _counted(table: Table) -> Iterable[ColumnElement[Any]]:
    return (table.c[name] for name in COUNTS if name in table.c)


def _day(created_at: ColumnElement[Any], days: Days) -> ColumnElement[int]:
    """Which of the days a moment belongs to; by division, which is far faster than a comparison with each day."""
    at = type_coerce(created_at, BigInteger)
    whens = []
    for span in spans(days):
        begin = (span.begins_at - UNIX_EPOCH) // MILLISECOND
        passed = (at - begin) // (ONE_DAY // MILLISECOND)
        whens.append((at >= begin, passed + span.first if span.is_even else literal(span.first, BigInteger)))
    return case(*reversed(whens))


def _grouped(picked: FromClause, keys: tuple[str, ...]) -> Select[Any]:
    """The sums for each combination of these keys; `way` is the first of them."""
    shown = (picked.c[key] if key in keys else cast(null(), picked.c[key].type).label(key) for key in KEYS)
    return select(literal(keys[0]).label("way"), *shown, *_sums(picked)).group_by(*(picked.c[key] for key in keys))


def _most(sums: Select[Any], limit: int) -> Select[Any]:
    """Of these sums those of most tokens."""
    found = sums.subquery()
    return (
        select(found).order_by((found.c.input_tokens + found.c.output_tokens).desc()).limit(limit).subquery().select()
    )


def _sums(source: FromClause) -> Iterable[ColumnElement[Any]]:
    """The columns of `Sums` over rows of usage."""
    table = source.c
    summed = {name: func.coalesce(func.sum(table[name]), 0) for name in COUNTS if name in table}
    special = {
        "answers": func.count(),
        "unpriced": func.count() - func.count(table.cost_nanos),
        "is_estimated": func.max(case((table.is_estimated, 1), else_=0)),
    }
    return [column.label(name) for name, column in (summed | special).items()]


def _keyed(row: Row[Any], keys: tuple[str, ...]) -> dict[str, Any]:
    found = row._asdict()
    return {key: found[key] for key in keys} | _counts(found)


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Sums`."""
    counts = {name: int(row[name]) for name in COUNTS}  # PostgreSQL sums to a Decimal
    return {**counts, "is_estimated": bool(counts["is_estimated"])}
