"""What is asked and answered: each answer has its own words, so that none can be taken for another."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from sandbox.stories import WORDS, Story

# One length alone would measure the luck of the rate limit's phase.
ANSWER_TOKENS = (150, 200, 250, 300, 350, 450)
TOKENS_PER_SECOND = 50.0
# A hosted model takes this long to begin; it changes only what is measured from the question on.
FIRST_TOKEN_SECONDS = 0.3
PARAGRAPH_TOKENS = 60

NUMBERED = re.compile(r"A(\d+):")


@dataclass(frozen=True, slots=True)
class Script:
    """One question and how long its answer is."""

    number: int
    token_count: int

    @property
    def story_name(self) -> str:
        """By what the question names its answer to the scripted provider."""
        return f"answer-{self.number}"

    @property
    def seconds(self) -> float:
        """How long the provider takes over it."""
        return FIRST_TOKEN_SECONDS + self.token_count / TOKENS_PER_SECOND

    def question(self, bot_id: int) -> str:
        """What a person writes."""
        return f"<@{bot_id}> Please play story:{self.story_name}"

    def tokens(self) -> tuple[str, ...]:
        """The answer's tokens, the same in every process; the first one tells its number."""
        words = random.Random(self.number)
        tokens = [f"A{self.number}:"]
        for position in range(1, self.token_count):
            gap = " " if position % PARAGRAPH_TOKENS else "\n\n"
            tokens.append(gap + words.choice(WORDS))
        return tuple(tokens)

    def story(self) -> Story:
        """The answer as the scripted provider plays it."""
        return Story(pieces=self.tokens(), tokens_per_second=TOKENS_PER_SECOND, first_token_seconds=FIRST_TOKEN_SECONDS)


def number_in(content: str) -> int | None:
    """The number of the answer that begins with this text; None where none does."""
    match = NUMBERED.match(content)
    return None if match is None else int(match[1])
