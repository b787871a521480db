"""Follows what the bot writes, and tells who waits for an answer when all of it can be seen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bench.measure import Write, is_whole, pages_after, visible_characters
from bench.script import Script, number_in
from sandbox.journal import RequestRecord

WRITES = frozenset(
    {
        ("POST", "/channels/{channel_id}/messages"),
        ("PATCH", "/channels/{channel_id}/messages/{message_id}"),
    }
)


@dataclass(slots=True, eq=False)
class Watched:
    """An answer that somebody waits for."""

    script: Script
    channel_id: int
    question_id: int
    asked_at: float
    text: str
    writes: list[Write] = field(default_factory=list)
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, write: Write) -> None:
        """Note what was written to one of its messages."""
        self.writes.append(write)
        if is_whole(self.text, pages_after(self.writes)):
            self.whole.set()

    def goes_on_with(self, content: str) -> bool:
        """Whether a further message with this content continues what is shown."""
        position = visible_characters(self.text, pages_after(self.writes))
        return position > 0 and self.text[position:].lstrip().startswith(content.strip())

    @property
    def first_message_id(self) -> int | None:
        """The message that begins the answer."""
        return min((write.message_id for write in self.writes), default=None)


class Watch:
    """Listens to the sandbox's journal of requests; gives each write to the answer that it is of."""

    def __init__(self) -> None:
        self.answers: dict[int, Watched] = {}
        self.calls = 0
        self.refused = 0
        self.strays = 0
        self._by_message: dict[int, Watched] = {}

    def expect(self, answer: Watched) -> None:
        """Follow an answer from now on."""
        self.answers[answer.script.number] = answer

    def take(self, record: RequestRecord) -> None:
        """One request of the bot."""
        self.calls += 1
        self.refused += record.status == 429
        if record.status != 200 or (record.method, record.route) not in WRITES or record.repeated:
            return
        if record.message_id is None or record.content is None:
            return
        answer = self._by_message.get(record.message_id) or self._answer_of(record.channel_id, record.content)
        if answer is None:
            self.strays += 1
            return
        self._by_message[record.message_id] = answer
        answer.take(Write(record.at, record.message_id, record.content))

    def _answer_of(self, channel_id: int | None, content: str) -> Watched | None:
        """The answer that a new message begins, or goes on with."""
        number = number_in(content)
        if number is not None:
            return self.answers.get(number)
        there = (answer for answer in self.answers.values() if answer.channel_id == channel_id)
        return next((answer for answer in there if answer.goes_on_with(content)), None)
