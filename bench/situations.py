"""The situations that are measured, and how people behave in them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from bench.script import ANSWER_TOKENS, Script

# Any seed will do; a fixed one makes every run of the benchmark ask the same.
SEED = 20

PEOPLE = ("ada", "grace", "linus", "edsger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What is to be reached; milliseconds, microseconds of CPU, and megabytes."""

    first_text_ms: float
    final_text_ms: float
    final_text_p95_ms: float
    staleness_ms: float
    cpu_us_per_token: float | None = None
    memory_mb: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Some channels with some people in each, who ask and read for a while.

    People begin spread evenly over `spread_seconds`.  After an answer a person reads for a time between the two
    `reading_seconds` and asks again, `questions` times in all; then, if there are `waves`, everybody begins again.
    """

    name: str
    title: str
    channels: int
    people: int = 1
    questions: int = 1
    waves: int = 1
    spread_seconds: float = 0.0
    reading_seconds: tuple[float, float] = (1.0, 2.0)
    settings: Mapping[str, str] = field(default_factory=dict)
    targets: Targets

    def talkers(self) -> tuple[Talker, ...]:
        """Everybody who asks, with what they ask; each length of an answer comes equally often."""
        numbers, chance = count(), random.Random(SEED)
        return tuple(
            Talker(
                channel=channel,
                user=PEOPLE[person],
                begins_after_seconds=self.spread_seconds * (channel * self.people + person) / self.size,
                waves=tuple(self._questions(channel + person + wave, numbers, chance) for wave in range(self.waves)),
            )
            for channel in range(self.channels)
            for person in range(self.people)
        )

    @property
    def seconds(self) -> float:
        """About how long it takes, start and end of the processes included."""
        mean_answer_seconds = Script(0, sum(ANSWER_TOKENS) // len(ANSWER_TOKENS)).seconds
        longest_seconds = Script(0, max(ANSWER_TOKENS)).seconds
        turn_seconds = (mean_answer_seconds if self.questions > 1 else longest_seconds) + sum(self.reading_seconds) / 2
        return 10.0 + self.waves * (self.spread_seconds + self.questions * turn_seconds)

    @property
    def size(self) -> int:
        """How many people there are."""
        return self.channels * self.people

    def _questions(self, first: int, numbers: Iterator[int], chance: random.Random) -> tuple[Question, ...]:
        lengths = [ANSWER_TOKENS[(first + number) % len(ANSWER_TOKENS)] for number in range(self.questions)]
        if self.people > 1:
            chance.shuffle(lengths)
        return tuple(
            Question(Script(next(numbers), length), chance.uniform(*self.reading_seconds)) for length in lengths
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and for how long its answer is read."""

    script: Script
    reading_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Talker:
    """One person in one channel."""

    channel: int
    user: str
    begins_after_seconds: float
    waves: tuple[tuple[Question, ...], ...]


SITUATIONS = (
    Situation(
        name="one",
        title="one",
        channels=1,
        questions=2 * len(ANSWER_TOKENS),
        targets=Targets(
            first_text_ms=60, final_text_ms=60, final_text_p95_ms=130, staleness_ms=600, cpu_us_per_token=800
        ),
    ),
    Situation(
        name="twenty",
        title="20 channels",
        channels=20,
        waves=3,
        targets=Targets(
            first_text_ms=80, final_text_ms=80, final_text_p95_ms=150, staleness_ms=600, cpu_us_per_token=250
        ),
    ),
    Situation(
        name="hundred",
        title="100 channels",
        channels=100,
        waves=2,
        spread_seconds=3.0,
        targets=Targets(
            first_text_ms=400,
            final_text_ms=200,
            final_text_p95_ms=600,
            staleness_ms=1500,
            cpu_us_per_token=200,
            memory_mb=120,
        ),
    ),
    Situation(
        name="four",
        title="4 in one channel",
        channels=1,
        people=4,
        questions=len(ANSWER_TOKENS),
        spread_seconds=4.0,
        reading_seconds=(4.0, 9.0),
        settings={"CONVERSATION_SCOPE": "member"},
        targets=Targets(first_text_ms=100, final_text_ms=500, final_text_p95_ms=3500, staleness_ms=1400),
    ),
)
