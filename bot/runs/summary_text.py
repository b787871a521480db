"""Runs as text, for Discord and for a terminal; pure: both show the same facts, each in its own writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta

from bot.runs.model import RunKind, Status
from bot.runs.summary import Moment, RunHistory, RunSummary, duration, moments, spoken
from bot.tools.model import Need

UNKNOWN = "\N{EN DASH}"
MAX_NAME_CHARACTERS = 48  # ten models of this length, with all else, are half of what a Discord message holds
MAX_OPTION_NAME_CHARACTERS = 30  # an option of a menu holds 100, of which an emoji counts two
MAX_SENTENCE_CHARACTERS = 300
MAX_NEEDS = 5  # more are not asked of people at once
# Discord allows 4000 characters in all components of a message; the facts above a timeline take less than a thousand.
MAX_TIMELINE_CHARACTERS = 2800
LEFT_OUT = "… what came before is left out here"

SIGNS = {
    Status.QUEUED: "⏳",
    Status.IN_PROGRESS: "💬",
    Status.REQUIRES_ACTION: "🛠️",
    Status.COMPLETED: "✅",
    Status.INCOMPLETE: "✂️",
    Status.FAILED: "⚠️",
    Status.CANCELLED: "⏹️",
    Status.EXPIRED: "⌛",
}

NEEDS = {Need.APPROVAL: "approval of", Need.ANSWER: "an answer to"}
HOW_TO_READ = (
    "Tokens are those read and written; ≈ stands before what the provider did not count. Times count from when an "
    "answer was begun, from its question if it never was."
)
PRICE_UNKNOWN = "price unknown"
NANOS_PER_DOLLAR = 1_000_000_000
LEAST_DOLLARS = 0.0001  # a single answer often costs less than a hundredth


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How a place of reading writes what the other writes otherwise."""

    date: Callable[[datetime], str]
    time: Callable[[datetime], str]
    person: Callable[[int], str]
    name: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run in words; the fields are a terminal's columns."""

    run: str
    status: str
    model: str
    tokens: str
    cost: str
    duration: str
    asker: str
    place: str
    asked: str


def plain(text: str, max_characters: int) -> str:
    """One line without anything that a terminal would act upon, cut to a length."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return line if len(line) <= max_characters else f"{line[: max_characters - 1]}…"


DISCORD = Writing(
    date=lambda at: f"<t:{int(at.timestamp())}:R>",
    time=lambda at: f"<t:{int(at.timestamp())}:T>",
    person=lambda user_id: f"<@{user_id}>" if user_id else "the host",
    name=lambda name: f"`{plain(name.replace('`', ' '), MAX_NAME_CHARACTERS) or '?'}`",
)
TERMINAL = Writing(
    date=lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    time=lambda at: at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    person=lambda user_id: str(user_id) if user_id else "the host",
    name=lambda name: plain(name, MAX_NAME_CHARACTERS) or "?",
)


def row(run: RunSummary, now: datetime, writing: Writing) -> Row:
    """A run in words."""
    what, passed = duration(run, now)
    return Row(
        run=f"#{run.id}",
        status=spoken(run.status),
        model=writing.name(run.answered_by),
        tokens=UNKNOWN if run.tokens is None else f"{about(run)}{run.tokens:,}",
        cost=UNKNOWN if run.tokens is None else cost_text(run.cost_nanos, about(run)),
        duration=f"{what} {duration_text(passed)}",
        asker=writing.person(run.asker_id) + (", in private" if run.is_private else ""),
        place=str(run.place_id),
        asked=writing.date(run.created_at),
    )


def used_line(run: RunSummary) -> str | None:
    """What an answer that has ended took, for its small print; None where nobody counted it."""
    if run.input_tokens is None or run.output_tokens is None or run.started_at is None or run.ended_at is None:
        return None
    parts = [
        DISCORD.name(run.answered_by),
        f"{about(run)}{run.input_tokens:,} tokens read, {about(run)}{run.output_tokens:,} written",
        *([] if run.cost_nanos is None else [cost_text(run.cost_nanos, about(run))]),
        duration_text(run.ended_at - run.started_at),
    ]
    return " · ".join(parts)


def about(run: RunSummary) -> str:
    """What stands before numbers that are estimated."""
    return "≈" if run.is_estimated else ""


def cost_text(nanos: int | None, about: str = "") -> str:
    """Billionths of a US dollar as dollars, with what stands before them."""
    if nanos is None:
        return PRICE_UNKNOWN
    dollars = nanos / NANOS_PER_DOLLAR
    return f"{about}<${LEAST_DOLLARS}" if 0 < dollars < LEAST_DOLLARS else f"{about}${dollars:,.4f}"


def duration_text(passed: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds = max(0.0, passed.total_seconds())  # a clock may have been set back meanwhile
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def option_text(run: RunSummary) -> str:
    """A run as one of a menu's options, where Discord draws no mentions and no times."""
    return f"#{run.id} {spoken(run.status)}, {plain(run.model, MAX_OPTION_NAME_CHARACTERS)}"


def facts(history: RunHistory, now: datetime, writing: Writing) -> tuple[tuple[str, str], ...]:
    """What is known of one run, each fact with its name."""
    run = history.run
    words = row(run, now, writing)
    found: list[tuple[str, str | None]] = [
        ("status", words.status),
        ("waits for", waits_text(history, writing) if run.is_live else None),
        ("why", plain(run.failure, MAX_SENTENCE_CHARACTERS) if run.failure else None),
        ("kind", None if run.kind is RunKind.ANSWER else run.kind),
        ("asker", words.asker),
        ("asked", words.asked),
        ("model", words.model),
        ("asked for", None if run.model in (run.answered_by, run.answering_model) else writing.name(run.model)),
        ("tokens", token_text(run)),
        ("cost", words.cost),
        ("duration", words.duration),
        ("attempts", str(run.attempt) if run.attempt > 1 else None),
        ("deadline", writing.date(run.expires_at) if run.is_live else None),
    ]
    return tuple((name, text) for name, text in found if text is not None)


def waits_text(history: RunHistory, writing: Writing) -> str | None:
    """What a person has to do before the run goes on; None if nobody has to do anything."""
    waiting = [f"{NEEDS[tool.waits_for]} {writing.name(tool.name)}" for tool in history.tools if tool.waits_for]
    more = [f"{len(waiting) - MAX_NEEDS} more"] if len(waiting) > MAX_NEEDS else []
    return ", ".join([*waiting[:MAX_NEEDS], *more]) or None


def token_text(run: RunSummary) -> str:
    """What was read and what was written, and of each what was cheaper or not to be seen."""
    if run.tokens is None:
        return UNKNOWN
    cached = f" ({run.cached_tokens:,} from the cache)" if run.cached_tokens else ""
    thought = f" ({run.reasoning_tokens:,} to think)" if run.reasoning_tokens else ""
    return f"{about(run)}{run.input_tokens:,} read{cached}, {about(run)}{run.output_tokens:,} written{thought}"


def timeline(history: RunHistory, writing: Writing) -> tuple[tuple[str, str, str], ...]:
    """Of each thing that happened: when, how long after the question, and what."""
    begun_at = history.run.created_at
    return tuple(
        (writing.time(moment.at), f"+{duration_text(moment.at - begun_at)}", moment_text(moment, writing))
        for moment in moments(history)
    )


def moment_text(moment: Moment, writing: Writing) -> str:
    """What happened, to which tool, and whose doing it was."""
    name = "" if moment.name is None else f" {writing.name(moment.name)}"
    who = "" if moment.who is None else f" by {writing.person(moment.who)}"
    return f"{moment.what}{name}{who}"


def discord_list(runs: Sequence[RunSummary], now: datetime, *, page: int) -> str:
    """A page of runs for Discord, pages counted from 0."""
    heading = "### Runs here" + (f", page {page + 1}" if page else "")
    if not runs:
        return f"{heading}\nThere are none{' on this page any more' if page else ' yet'}."
    entries = [_discord_entry(run, row(run, now, DISCORD)) for run in runs]
    return "\n".join([heading, *entries, "", f"-# {HOW_TO_READ}"])


def _discord_entry(run: RunSummary, words: Row) -> str:
    return (
        f"{SIGNS[run.status]} **{words.run}** {words.status}, {words.duration}\n"
        f"-# {words.asker} · {words.asked} · {words.model} · {words.tokens} tokens · {words.cost}"
    )


def discord_history(history: RunHistory, now: datetime) -> str:
    """One run for Discord, with as much of its timeline as a message holds."""
    run = history.run
    known = [f"**{name.capitalize()}:** {text}" for name, text in facts(history, now, DISCORD)]
    lines = [" · ".join(entry) for entry in timeline(history, DISCORD)]
    return "\n".join(
        [f"### {SIGNS[run.status]} Run #{run.id}", *known, "", *newest_that_fit(lines, MAX_TIMELINE_CHARACTERS)]
    )


def newest_that_fit(lines: Sequence[str], max_characters: int) -> tuple[str, ...]:
    """The last lines that fit, below a word about those that do not."""
    left, first = max_characters, len(lines)
    while first and len(lines[first - 1]) < left:
        first -= 1
        left -= len(lines[first]) + 1
    return (*((LEFT_OUT,) if first else ()), *lines[first:])


def terminal_list(runs: Sequence[RunSummary], now: datetime) -> str:
    """A table of runs for a terminal."""
    if not runs:
        return "There are none."
    headings = tuple(field.name.upper() for field in fields(Row))
    table = [headings, *(astuple(row(run, now, TERMINAL)) for run in runs)]
    return "\n".join([*aligned(table), "", HOW_TO_READ])


def terminal_history(history: RunHistory, now: datetime) -> str:
    """One run for a terminal."""
    known = facts(history, now, TERMINAL)
    return "\n".join([f"Run #{history.run.id}", *aligned(known), "", *aligned(timeline(history, TERMINAL))])


def aligned(table: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The rows of a table as lines in which the columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) for cells in table)
    return tuple(line.rstrip() for line in lines)
