"""The table of the situations, in Markdown, with the targets beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.measure import Measured, Spread
from bench.play import Outcome

NOTHING = "-"

HEAD = """\
The real bot in its own process, against the sandbox's Discord over sockets: round trip 80 ms, 5 edits and 5 posts per \
5 s and channel, 50 requests a second in all; a provider of 50 tokens a second; answers of 150 to 450 tokens.
Targets in parentheses."""

FOOT = """\
- *First text*: from the provider's first token, or from the question, until Discord has applied the first write that \
shows any of the answer. The provider begins 0.3 s after the request.
- *Final text*: from the provider's last token until Discord has applied the write after which the whole answer is \
visible.
- *Staleness*: the mean over time, from the first token to the final text, of the age of the oldest token that was \
sent and is not visible yet.
- *Updates*: posts and edits per answer. *Exact*: answers whose messages hold what the provider sent, and reply to \
their question.
- *CPU*: user and system time of the bot from the first question to the last answer, all of its threads, start-up \
left out. *Memory*: the most resident memory since its start.
- One: 12 answers one after another. 20 channels: asked in the same moment, three times. 100 channels: asked over 3 s, \
twice. 4 in one channel: each with their own conversation, 6 questions each, reading for 4 to 9 s in between."""


def table(outcomes: Sequence[Outcome]) -> str:
    """What was measured, one column for each situation."""
    rows = [["", *(outcome.situation.title for outcome in outcomes)]]
    rows += [[title, *(cell(outcome) for outcome in outcomes)] for title, cell in ROWS]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"| {' | '.join(['---'] * len(rows[0]))} |")
    return "\n".join((HEAD, "", *lines, "", FOOT))


def milliseconds(seconds: float) -> str:
    """Whole milliseconds."""
    return f"{seconds * 1000:,.0f}"


def spread(outcome: Outcome, pick: Callable[[Measured], float | None], target: str = "") -> str:
    """Median, 95th percentile and worst of one number of all answers."""
    found = Spread.of(number for answer in outcome.answers if (number := pick(answer)) is not None)
    if found is None:
        return NOTHING
    shown = " / ".join(map(milliseconds, (found.median, found.p95, found.worst)))
    return f"{shown} ({target})" if target else shown


def mean(numbers: Iterable[float | None]) -> float | None:
    """The mean of those that are there."""
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None


def first_text(outcome: Outcome) -> str:
    """From the first token on."""
    return spread(outcome, lambda answer: answer.first_after_token, f"{outcome.situation.targets.first_text_ms:,.0f}")


def first_text_after_question(outcome: Outcome) -> str:
    """From the question on."""
    return spread(outcome, lambda answer: answer.first_after_question)


def final_text(outcome: Outcome) -> str:
    """From the last token on."""
    targets = outcome.situation.targets
    target = f"{targets.final_text_ms:,.0f} / {targets.final_text_p95_ms:,.0f}"
    return spread(outcome, lambda answer: answer.final_after_token, target)


def staleness(outcome: Outcome) -> str:
    """The mean over all answers."""
    found = mean(answer.staleness for answer in outcome.answers)
    target = f"{outcome.situation.targets.staleness_ms:,.0f}"
    return NOTHING if found is None else f"{milliseconds(found)} ({target})"


def updates(outcome: Outcome) -> str:
    """Writes per answer."""
    found = mean(answer.updates for answer in outcome.answers)
    return NOTHING if found is None else f"{found:.1f}"


def exact(outcome: Outcome) -> str:
    """Right answers of all, and writes that belong to none."""
    right = sum(answer.is_exact and answer.final_after_token is not None for answer in outcome.answers)
    strays = f", {outcome.strays} stray messages" if outcome.strays else ""
    return f"{right} of {len(outcome.answers)}{strays}"


def calls(outcome: Outcome) -> str:
    """Requests to Discord."""
    return f"{outcome.calls:,}"


def refused(outcome: Outcome) -> str:
    """Requests that were answered with 429."""
    return f"{outcome.refused} (0)"


def cpu_per_token(outcome: Outcome) -> str:
    """The bot's CPU time."""
    if outcome.bot_cpu_seconds is None or not outcome.tokens:
        return NOTHING
    target = outcome.situation.targets.cpu_us_per_token
    shown = f"{outcome.bot_cpu_seconds / outcome.tokens * 1e6:,.0f}"
    return shown if target is None else f"{shown} ({target:,.0f})"


def memory(outcome: Outcome) -> str:
    """The bot's memory."""
    if outcome.bot_memory_mb is None:
        return NOTHING
    target = outcome.situation.targets.memory_mb
    return f"{outcome.bot_memory_mb:,.0f}" + ("" if target is None else f" ({target:,.0f})")


def load(outcome: Outcome) -> str:
    """How much of a core the bot was using, and how much the sandbox's Discord and the provider."""
    if outcome.bot_cpu_seconds is None or outcome.others_cpu_seconds is None:
        return NOTHING
    shares = (outcome.bot_cpu_seconds / outcome.seconds, outcome.others_cpu_seconds / outcome.seconds)
    return " / ".join(f"{share:.0%}" for share in shares)


ROWS: tuple[tuple[str, Callable[[Outcome], str]], ...] = (
    ("First text after the first token, median / p95 / worst, ms (median)", first_text),
    ("First text after the question, median / p95 / worst, ms", first_text_after_question),
    ("Final text after the last token, median / p95 / worst, ms (median / p95)", final_text),
    ("Staleness, mean, ms", staleness),
    ("Updates per answer", updates),
    ("Exact answers", exact),
    ("REST calls", calls),
    ("429s", refused),
    ("CPU per token, µs", cpu_per_token),
    ("Memory, MB", memory),
    ("A core's use: the bot / the sandbox and the provider", load),
)
