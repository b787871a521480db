"""Usage in words, for Discord."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from bot.runs.summary_text import DISCORD
from bot.spending import counted, money_text
from bot.store.usage import Report, Sums
from bot.usage.names import Names
from bot.usage.ranking import by_model, by_place, total
from bot.usage.subject import Subject, Whose

# Three lists of this length are a third of what a message holds, whatever the names.
LIST_LENGTH = 5
DELETED = "deleted"
HOW_TO_READ = (
    "-# Days are those of {zone}, and an answer belongs to the one in which it was begun. ≈ stands before what we "
    "counted in part, because a provider did not. Costs are what the prices make of the tokens."
)
OF_THREADS = " A thread counts by itself."
OF_PRIVATE = " What was asked in private is in the sums alone."
WHOSE = {
    Whose.ME: "Your usage",
    Whose.MEMBER: "Usage of <@{id}> in this server",
    Whose.CHANNEL: "Usage in <#{id}>",
    Whose.SERVER: "Usage in this server",
    Whose.HOST: "Usage everywhere",
}


def heading(subject: Subject, day_count: int) -> str:
    """What is shown."""
    return f"### {WHOSE[subject.whose].format(id=subject.id)}, last {day_count} days"


def sums_text(sums: Sums) -> str:
    """All of it together."""
    if not sums.answers:
        return "There was no answer in these days."
    about = _about(sums)
    cached = f" ({sums.cached_tokens:,} from the cache)" if sums.cached_tokens else ""
    thought = f" ({sums.reasoning_tokens:,} to think)" if sums.reasoning_tokens else ""
    return (
        f"**{counted(sums.answers)}**, {money_text(sums, about)}\n"
        f"{about}{sums.input_tokens:,} tokens read{cached}, {about}{sums.output_tokens:,} written{thought}"
    )


def lists_text(report: Report, subject: Subject, names: Names) -> str:
    """What took most, each list with its heading."""
    models = [(DISCORD.name(name), total(parts)) for name, parts in by_model(report)]
    places = [(names.mentioned(place), total(parts)) for place, parts in by_place(report)]
    members = sorted(report.members, key=lambda part: -part.tokens)
    found = [_list("Models", models)]
    if subject.whose is not Whose.CHANNEL:
        found.append(_list("Servers" if subject.whose is Whose.HOST else "Channels", places))
    if subject.shows_members:
        found.append(_list("Members", [(_member(part.member_id), part) for part in members]))
    return "\n".join(filter(None, found))


def small_print(subject: Subject, zone: tzinfo) -> str:
    """How to read it."""
    of_threads = "" if subject.whose is Whose.HOST else OF_THREADS
    of_private = OF_PRIVATE if subject.whose is Whose.SERVER else ""
    return HOW_TO_READ.format(zone=zone) + of_threads + of_private


def _list(title: str, entries: Sequence[tuple[str, Sums]]) -> str:
    lines = [f"{place}. {name}: {_short(sums)}" for place, (name, sums) in enumerate(entries[:LIST_LENGTH], start=1)]
    more = ["-# and others"] if len(entries) > LIST_LENGTH else []
    return "\n".join([f"**{title}**", *lines, *more]) if lines else ""


def _short(sums: Sums) -> str:
    about = _about(sums)
    return f"{counted(sums.answers)}, {about}{sums.tokens:,} tokens, {money_text(sums, about)}"


def _member(member_id: int) -> str:
    return f"<@{member_id}>" if member_id else DELETED


def _about(sums: Sums) -> str:
    return "≈" if sums.is_estimated else ""
