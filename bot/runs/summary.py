"""What a run looks like from outside: how it stands, what it took, what happened to it; pure, and nobody's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.runs.model import LIVE, RunKind, Status
from bot.tools.model import Need, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run as a list shows it.

    `model` is what was asked for, `answering_model` its name at the `provider` that answered.  Until the tokens are
    counted they and the cost are None; `cost_nanos`, billionths of a US dollar, also where no price is known, and then
    `is_estimated` is not.  `waiting_since` is set while it waits for a person.
    """

    id: int
    status: Status
    kind: RunKind
    model: str
    place_id: int
    asker_id: int
    is_private: bool
    waiting_since: datetime | None
    attempt: int
    created_at: datetime
    expires_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    delivered_at: datetime | None
    cancel_requested_at: datetime | None
    cancel_requested_by: int | None
    failure: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost_nanos: int | None
    is_estimated: bool | None
    provider: str | None
    answering_model: str | None

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in LIVE

    @property
    def answered_by(self) -> str:
        """The `provider/model` that answered; until that is known, the one that was asked for."""
        return self.model if self.provider is None else f"{self.provider}/{self.answering_model}"

    @property
    def tokens(self) -> int | None:
        """What was read and written together."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One entry of a run's event log."""

    at: datetime
    cause: str
    to_status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """One Discord message of a reply, counted from 0; `posted_at` is None until Discord acknowledged it."""

    number: int
    created_at: datetime
    posted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRecord:
    """One tool call, without what went in and came out; `waits_for` is what a person has yet to do."""

    name: str
    started_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None = None
    waits_for: Need | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """A run with all that is written down about its way."""

    run: RunSummary
    events: tuple[RunEvent, ...]
    pages: tuple[PageRecord, ...]
    tools: tuple[ToolRecord, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened; `who` is whose doing it was, 0 the host's; `name` is a tool's."""

    at: datetime
    what: str
    who: int | None = None
    name: str | None = None


def spoken(word: str) -> str:
    """A word of the tables as people say it."""
    return word.replace("_", " ")


def duration(run: RunSummary, now: datetime) -> tuple[str, timedelta]:
    """What a run has been doing, and for how long.

    It counts from when the run was first taken up, or from its question if it never was or waits again, to its end or
    until now; one that waits for a person counts from when it began to.
    """
    if run.is_live and run.waiting_since is not None:
        return "waiting for a person for", now - run.waiting_since
    begun_at = None if run.status is Status.QUEUED else run.started_at
    what = {
        (True, True): "answering for",
        (True, False): "took",
        (False, True): "waiting for",
        (False, False): "waited",
    }[begun_at is not None, run.is_live]
    return what, (run.ended_at or now) - (begun_at or run.created_at)


def moments(history: RunHistory) -> tuple[Moment, ...]:
    """All that happened to a run, in order; of what happened in the same millisecond, the cause comes first."""
    return tuple(sorted(_moments(history), key=lambda moment: moment.at))


def _moments(history: RunHistory) -> Iterator[Moment]:
    run = history.run
    if run.cancel_requested_at is not None:
        yield Moment(run.cancel_requested_at, "asked to stop", who=run.cancel_requested_by)
    before: Status | None = None
    for event in history.events:
        is_told = event.to_status not in (event.cause, before)
        yield Moment(event.at, spoken(f"{event.cause}, now {event.to_status}" if is_told else event.cause))
        before = event.to_status
    for tool in history.tools:
        ended = "tool ended" if tool.outcome in (None, Outcome.DONE) else f"tool ended ({spoken(tool.outcome)})"
        for at, what in ((tool.started_at, "tool started"), (tool.ended_at, ended)):
            if at is not None:
                yield Moment(at, what, name=tool.name)
    for page in history.pages:
        yield from _page_moments(page, run.created_at)
    if run.delivered_at is not None:
        yield Moment(run.delivered_at, "delivered")


def _page_moments(page: PageRecord, begun_at: datetime) -> Iterator[Moment]:
    name = f"page {page.number + 1}"
    if page.created_at < begun_at:
        yield Moment(begun_at, f"{name} taken over from an earlier run")
        return
    yield Moment(page.created_at, f"{name} planned")
    if page.posted_at is not None:
        yield Moment(page.posted_at, f"{name} posted")
