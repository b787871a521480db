"""What must hold of every question in the end, however often the bot was killed; pure.

White space between words is not compared: pages are parted at it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
TABLES = ("runs", "messages", "replies", "usage", "tool_calls")
TERMINAL = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})
OF_A_CALL = re.compile(r"-# \S+ \*\*\w+\*\* · ")
NOT_IDEMPOTENT = ("roll", "order")


class Harm(StrEnum):
    """What a crash can do."""

    LOST = "lost"
    DOUBLED = "doubled"
    STUCK = "stuck"
    WRONG = "wrong"
    REPEATED = "done again"
    CHARGED = "charged"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it should be, and of which question; empty where that cannot be told."""

    harm: Harm
    story: str
    what: str

    def __str__(self) -> str:
        return f"{self.harm}: {self.story} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, and what has to be answered: the text, and the tools that are called on the way."""

    message_id: int
    channel_id: int
    story: str
    answer: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request to the provider: the answer so far that it held, and how many tokens may be charged for it."""

    story: str
    so_far: str
    steps: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """What the tables held when the bot was killed, and how many requests the provider had had by then."""

    tables: Tables
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that can be seen from outside once everything is quiet; `posted` are the messages by their nonces."""

    bot_id: int
    questions: Sequence[Question]
    channels: Mapping[int, Sequence[Row]]
    posted: Mapping[str, frozenset[int]]
    tables: Tables
    requests: Sequence[Heard]
    deaths: Sequence[Death]


def violations(evidence: Evidence) -> Iterator[Violation]:
    """What is wrong; nothing if nothing was lost, doubled or left unfinished."""
    for rule in RULES:
        yield from rule(evidence)


def wrong_answers(evidence: Evidence) -> Iterator[Violation]:
    """Each question has one answer, with the right words and no trace of an interruption, and nothing else is there."""
    for channel_id, shown in evidence.channels.items():
        found = answers(evidence.bot_id, shown)
        asked = {question.message_id: question for question in evidence.questions if question.channel_id == channel_id}
        for reference, pages in found:
            if reference not in asked:
                yield Violation(Harm.DOUBLED, "", f"this answers nothing: {words(pages[0]['content'])[:80]!r}")
        for question in asked.values():
            replies = [pages for reference, pages in found if reference == question.message_id]
            if len(replies) != 1:
                harm = Harm.DOUBLED if replies else Harm.LOST
                yield Violation(harm, question.story, f"has {len(replies)} answers")
            for pages in replies:
                yield from wrong_pages(question, pages)


def wrong_pages(question: Question, pages: Sequence[Row]) -> Iterator[Violation]:
    """An answer shows exactly its text, and buttons under its last page alone, without Stop."""
    text = words(" ".join(without_calls(page["content"]) for page in pages))
    if text != words(question.answer):
        yield Violation(Harm.WRONG, question.story, f"reads {difference(words(question.answer), text)}")
    for number, page in enumerate(pages, start=1):
        labels = [str(button.get("label")) for row in page["components"] for button in row["components"]]
        if bool(labels) != (number == len(pages)) or "Stop" in labels:
            yield Violation(Harm.STUCK, question.story, f"has the buttons {labels} under page {number}/{len(pages)}")


def unfinished_runs(evidence: Evidence) -> Iterator[Violation]:
    """Each question was stored once and has one run, which completed and was delivered; no run is left over."""
    stored = Counter(row["discord_id"] for row in evidence.tables["messages"] if row["role"] == "user")
    for question in evidence.questions:
        if stored[question.message_id] != 1:
            yield Violation(Harm.LOST, question.story, f"was stored {stored[question.message_id]} times")
        statuses = [row["status"] for row in runs_of(evidence.tables, question)]
        if statuses != ["completed"]:
            harm = Harm.DOUBLED if len(statuses) > 1 else Harm.WRONG
            yield Violation(harm, question.story, f"has the runs {statuses}")
    for run in evidence.tables["runs"]:
        if run["status"] not in TERMINAL or run["delivered_at"] is None:
            yield Violation(Harm.STUCK, "", f"run {run['id']} is {run['status']}, delivered at {run['delivered_at']}")


def wrong_history(evidence: Evidence) -> Iterator[Violation]:
    """The next request of a conversation would hold each answer once."""
    for question in evidence.questions:
        text = words(" ".join(row["text"] for row in said(evidence.tables, question)))
        if text != words(question.answer):
            yield Violation(Harm.WRONG, question.story, f"is remembered as {difference(words(question.answer), text)}")


def doubled_posts(evidence: Evidence) -> Iterator[Violation]:
    """No nonce made two messages, and every page that was written down is a message of the channel."""
    for nonce, ids in evidence.posted.items():
        if len(ids) != 1:
            yield Violation(Harm.DOUBLED, "", f"the nonce {nonce} made the messages {sorted(ids)}")
    there = {int(message["id"]) for shown in evidence.channels.values() for message in shown}
    for row in evidence.tables["replies"]:
        if row["discord_id"] not in there:
            yield Violation(
                Harm.WRONG, "", f"page {row['number']} of run {row['run_id']} is noted as {row['discord_id']}"
            )


def wrong_usage(evidence: Evidence) -> Iterator[Violation]:
    """Nobody is charged for more tokens than were sent."""
    sent = Counter[str]()
    for request in evidence.requests:
        sent[request.story] += request.tokens
    for question in evidence.questions:
        for run in runs_of(evidence.tables, question):
            rows = [row["output_tokens"] for row in evidence.tables["usage"] if row["run_id"] == run["id"]]
            if len(rows) > 1 or sum(rows) > sent[question.story]:
                yield Violation(Harm.CHARGED, question.story, f"is charged {rows} of {sent[question.story]} tokens")


def wrong_tool_calls(evidence: Evidence) -> Iterator[Violation]:
    """Each tool was called once, in order, and has one output."""
    for question in evidence.questions:
        calls = [row for run in runs_of(evidence.tables, question) for row in calls_of(evidence.tables, run)]
        if tuple(row["name"] for row in calls) != question.tools or any(row["output"] is None for row in calls):
            outputs = [(row["name"], row["output"]) for row in calls]
            yield Violation(Harm.WRONG, question.story, f"has the tool calls {outputs}")


def repeated_work(evidence: Evidence) -> Iterator[Violation]:
    """What was stored when the bot was killed is neither asked for again nor done again."""
    stories = {question.message_id: question.story for question in evidence.questions}
    for death in evidence.deaths:
        for run in death.tables["runs"]:
            if run["question_id"] in stories:
                yield from asked_again(death, run, stories[run["question_id"]], evidence)
                yield from called_again(death, run, stories[run["question_id"]], evidence)


def asked_again(death: Death, run: Row, story: str, evidence: Evidence) -> Iterator[Violation]:
    """Requests to the provider for what a run had stored."""
    steps = len({call["message_id"] for call in calls_of(death.tables, run)})
    for request in evidence.requests[death.requests :]:
        if request.story != story:
            continue
        if run["status"] in TERMINAL or request.steps < steps or words(run["text"]) not in words(request.so_far):
            yield Violation(
                Harm.REPEATED,
                story,
                f"was {run['status']} with {steps} steps and {len(words(run['text']))} characters, and was asked for "
                f"again after {request.steps} steps and {len(words(request.so_far))} characters",
            )


def called_again(death: Death, run: Row, story: str, evidence: Evidence) -> Iterator[Violation]:
    """Tool calls whose output changed, or that were started once more although that may do harm."""
    after = {call["id"]: call for call in evidence.tables["tool_calls"]}
    for call in calls_of(death.tables, run):
        now = after.get(call["id"], {"started_at": None, "output": None})
        if call["output"] is not None:
            is_same = now["output"] == call["output"]
        elif call["started_at"] is not None and call["name"] in NOT_IDEMPOTENT:
            is_same = now["started_at"] == call["started_at"] and "unknown" in str(now["output"])
        else:
            continue
        if not is_same:
            yield Violation(
                Harm.REPEATED,
                story,
                f"called {call['name']} at {call['started_at']} with the output {call['output']!r}, "
                f"then at {now['started_at']} with {now['output']!r}",
            )


RULES: tuple[Callable[[Evidence], Iterator[Violation]], ...] = (
    wrong_answers,
    unfinished_runs,
    wrong_history,
    doubled_posts,
    wrong_usage,
    wrong_tool_calls,
    repeated_work,
)


def answers(bot_id: int, shown: Iterable[Row]) -> list[tuple[int | None, list[Row]]]:
    """The bot's messages by the message that the first of them replies to; None where it replies to nothing."""
    found: list[tuple[int | None, list[Row]]] = []
    for message in shown:
        if int(message["author"]["id"]) != bot_id:
            continue
        reference = message.get("message_reference")
        if reference is not None or not found:
            found.append((None if reference is None else int(reference["message_id"]), []))
        found[-1][1].append(message)
    return found


def runs_of(tables: Tables, question: Question) -> list[Row]:
    """The runs that answer a question."""
    return [row for row in tables["runs"] if row["question_id"] == question.message_id]


def said(tables: Tables, question: Question) -> list[Row]:
    """What the conversation remembers of an answer, in order."""
    ids = {run["id"] for run in runs_of(tables, question)}
    mine = [row for row in tables["messages"] if row["run_id"] in ids and row["role"] == "assistant"]
    return [row for row in mine if row["hidden_at"] is None]


def calls_of(tables: Tables, run: Row) -> list[Row]:
    """The tool calls of a run, in order."""
    return [row for row in tables["tool_calls"] if row["run_id"] == run["id"]]


def without_calls(text: str) -> str:
    """The text without the small lines that tell of tool calls."""
    return "\n".join(line for line in text.split("\n") if not OF_A_CALL.match(line))


def words(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


def difference(expected: str, found: str) -> str:
    """Where two texts part, shortly."""
    pairs = enumerate(zip(expected, found, strict=False))
    at = next((number for number, (left, right) in pairs if left != right), min(len(expected), len(found)))
    return f"...{found[max(0, at - 20) : at + 40]!r} ({len(found)} of {len(expected)} characters, the same to {at})"
