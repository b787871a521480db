"""Sees what the bot does to a Discord, a provider and a database, and tells it for the verdict."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from bench.verdict import TABLES, Death, Evidence, Heard, Question, Tables
from bot.providers.tokens import TokenCounter
from sandbox.journal import RequestRecord
from sandbox.provider import STORY_WORD, Performance, ScriptedProvider
from sandbox.world import Sandbox

STORY = re.compile(rf"{STORY_WORD}(\S+)")
RECENT_RUNS = 500  # more than are under way at once


class Witness:
    """Notes each death when it is told of it, and everything else by itself."""

    def __init__(self, sandbox: Sandbox, provider: ScriptedProvider, database_file: Path) -> None:
        self._sandbox = sandbox
        self._provider = provider
        self._database_file = database_file
        self._counter = TokenCounter()
        self._posted: dict[str, set[int]] = {}
        self._deaths: list[Death] = []
        sandbox.requests.listen(self._on_request)

    def tables(self) -> Tables:
        """All rows that the file holds now."""
        with contextlib.closing(sqlite3.connect(f"file:{self._database_file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return {
                table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608
                for table in TABLES
            }

    def note_death(self) -> Tables:
        """Keep what the file holds of the latest runs, and give it back."""
        tables = recent(self.tables())
        self._deaths.append(Death(tables=tables, requests=len(self._provider.requests)))
        return tables

    def evidence(self, questions: Sequence[Question]) -> Evidence:
        """All that was seen."""
        sandbox = self._sandbox
        return Evidence(
            bot_id=sandbox.bot_id,
            questions=questions,
            channels={channel_id: sandbox.messages(channel_id) for channel_id in sandbox.channels.values()},
            posted={nonce: frozenset(ids) for nonce, ids in self._posted.items()},
            tables=self.tables(),
            requests=[
                heard(performance, self._provider.go_on, self._counter) for performance in self._provider.requests
            ],
            deaths=self._deaths,
        )

    def _on_request(self, record: RequestRecord) -> None:
        if record.status == 200 and record.nonce is not None and record.message_id is not None:
            self._posted.setdefault(record.nonce, set()).add(record.message_id)


def recent(tables: Tables) -> Tables:
    """The rows of the latest runs, which are all that a death can have to do with."""
    latest = {run["id"] for run in tables["runs"][-RECENT_RUNS:]}
    return {
        table: [row for row in rows if row["id" if table == "runs" else "run_id"] in latest]
        for table, rows in tables.items()
    }


def heard(performance: Performance, go_on: str | None, counter: TokenCounter) -> Heard:
    """What a request to the provider held of the answer that it asks for."""
    messages = performance.body["messages"]
    if not isinstance(messages, list):
        raise TypeError("a request has no list of messages")
    asked = [
        number for number, message in enumerate(messages) if message["role"] == "user" and message["content"] != go_on
    ]
    named = STORY.search(messages[asked[-1]]["content"])
    spoken = [message for message in messages[asked[-1] :] if message["role"] == "assistant"]
    return Heard(
        story="" if named is None else named[1],
        so_far=" ".join(message["content"] or "" for message in spoken),
        steps=sum(bool(message.get("tool_calls")) for message in spoken),
        tokens=chargeable(performance, counter),
    )


def chargeable(performance: Performance, counter: TokenCounter) -> int:
    """The tokens of what was sent: a piece is one to the provider, but the bot counts itself what was broken off."""
    if not performance.disconnected.is_set():
        return performance.token_count
    return max(performance.token_count, counter.count_tokens(performance.text))
