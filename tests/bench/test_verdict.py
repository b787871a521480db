"""The judge of the crash tests finds everything that a crash can do to an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.verdict import Death, Evidence, Heard, Question, violations

BOT, ASKER, CHANNEL = 1, 2, 10
QUESTION = Question(message_id=100, channel_id=CHANNEL, story="walk", answer="One two three.", tools=("roll",))
REGENERATE = [{"type": 1, "components": [{"type": 2, "label": "Regenerate"}]}]


def page(message_id: int, content: str, **changed: Any) -> dict[str, Any]:
    """A message of the bot."""
    return {"id": str(message_id), "author": {"id": str(BOT)}, "content": content, "components": [], **changed}


def entry(text: str, **changed: Any) -> dict[str, Any]:
    """A part of the answer as the conversation remembers it."""
    return {"id": 0, "role": "assistant", "discord_id": None, "run_id": 7, "text": text, "hidden_at": None, **changed}


def right() -> Evidence:
    """A question with an answer of two steps over two pages, killed once in the middle of the second step."""
    call = {"id": 5, "run_id": 7, "message_id": 2, "name": "roll", "started_at": 50, "output": "4"}
    run = {"id": 7, "question_id": 100, "status": "completed", "delivered_at": 99, "text": "two three."}
    tables = {
        "runs": [run],
        "messages": [entry("walk", id=1, role="user", discord_id=100), entry("One", id=2), entry("two three.", id=3)],
        "replies": [{"run_id": 7, "number": number, "discord_id": 101 + number} for number in range(2)],
        "usage": [{"run_id": 7, "output_tokens": 4}],
        "tool_calls": [call],
    }
    killed = {**tables, "runs": [{**run, "status": "in_progress", "delivered_at": None, "text": "two"}]}
    return Evidence(
        bot_id=BOT,
        questions=[QUESTION],
        channels={
            CHANNEL: [
                {"id": "100", "author": {"id": str(ASKER)}, "content": "walk", "components": []},
                page(101, "One two", message_reference={"message_id": "100"}),
                page(102, "three.", components=REGENERATE),
            ]
        },
        posted={"a": frozenset({101}), "b": frozenset({102})},
        tables=tables,
        requests=[
            Heard(story="walk", so_far="", steps=0, tokens=1),
            Heard(story="walk", so_far="One ", steps=1, tokens=2),
            Heard(story="walk", so_far="One  two", steps=1, tokens=1),
        ],
        deaths=[Death(tables=killed, requests=2)],
    )


def row(table: str, number: int = 0, **changed: Any) -> Callable[[Evidence], Evidence]:
    """Change one row of what the tables hold in the end."""

    def change(evidence: Evidence) -> Evidence:
        rows = [dict(found) for found in evidence.tables[table]]
        rows[number] |= changed
        return replace(evidence, tables={**evidence.tables, table: rows})

    return change


def doubled(table: str) -> Callable[[Evidence], Evidence]:
    """Double the last row of a table."""
    return lambda evidence: replace(
        evidence, tables={**evidence.tables, table: [*evidence.tables[table], evidence.tables[table][-1]]}
    )


def shown(number: int, **changed: Any) -> Callable[[Evidence], Evidence]:
    """Change one of the messages in the channel."""

    def change(evidence: Evidence) -> Evidence:
        messages = [dict(found) for found in evidence.channels[CHANNEL]]
        messages[number] |= changed
        return replace(evidence, channels={CHANNEL: messages})

    return change


def also(message: dict[str, Any]) -> Callable[[Evidence], Evidence]:
    """Add a message to the channel."""
    return lambda evidence: replace(evidence, channels={CHANNEL: [*evidence.channels[CHANNEL], message]})


def without_answer(evidence: Evidence) -> Evidence:
    """Take the answer out of the channel."""
    return replace(evidence, channels={CHANNEL: evidence.channels[CHANNEL][:1]})


def asked(**changed: Any) -> Callable[[Evidence], Evidence]:
    """Change the request that followed the kill."""
    return lambda evidence: replace(
        evidence, requests=[*evidence.requests[:2], replace(evidence.requests[2], **changed)]
    )


def killed_when_done(evidence: Evidence) -> Evidence:
    """Kill after the end instead of before it."""
    return replace(evidence, deaths=[Death(tables=evidence.tables, requests=2)])


def killed_in_tool(evidence: Evidence) -> Evidence:
    """Kill between the start of the tool and its output."""
    tables = evidence.deaths[0].tables
    under_way = {**tables, "tool_calls": [{**tables["tool_calls"][0], "output": None}]}
    return replace(evidence, deaths=[Death(tables=under_way, requests=2)])


FAULTS = {
    "lost": without_answer,
    "answered twice": also(page(103, "One two three.", message_reference={"message_id": "100"}, components=REGENERATE)),
    "answers nobody": also(page(103, "Hello.", message_reference={"message_id": "7"})),
    "page twice": also(page(103, "three.", components=REGENERATE)),
    "words doubled": shown(1, content="One two two"),
    "words missing": shown(2, content="three"),
    "note left": shown(2, content="three.\n-# Paused."),
    "no buttons": shown(2, components=[]),
    "buttons in the middle": shown(1, components=REGENERATE),
    "stop left": shown(2, components=[{"type": 1, "components": [{"type": 2, "label": "Stop"}]}]),
    "live": row("runs", status="in_progress"),
    "failed": row("runs", status="failed"),
    "undelivered": row("runs", delivered_at=None),
    "run twice": doubled("runs"),
    "question lost": row("messages", 0, discord_id=None),
    "answer forgotten": row("messages", 2, hidden_at=98),
    "answer remembered twice": doubled("messages"),
    "posted twice": lambda evidence: replace(evidence, posted={"a": frozenset({101, 103})}),
    "page not noted": row("replies", 1, discord_id=None),
    "charged for more than was sent": row("usage", output_tokens=5),
    "charged twice": doubled("usage"),
    "tool called twice": doubled("tool_calls"),
    "tool without output": row("tool_calls", output=None),
    "tool run again": killed_in_tool,
    "tool made another output": row("tool_calls", output="6"),
    "stored words asked for again": asked(so_far="One "),
    "stored step asked for again": asked(steps=0),
    "asked again when done": killed_when_done,
}


def test_right_evidence_has_no_violations() -> None:
    """What went well is found good, or nothing would be found."""
    assert list(violations(right())) == []


def test_tool_that_was_killed_may_have_an_unknown_outcome() -> None:
    """Nobody knows whether it had done its work, and the model is told so."""
    assert list(violations(row("tool_calls", output="The outcome is unknown.")(killed_in_tool(right())))) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_violation_is_found(fault: str) -> None:
    """Each thing that may go wrong alone is told of."""
    assert list(violations(FAULTS[fault](right()))) != []
