"""`ask_user`: the person is the tool."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Annotated, Any

from pydantic import Field

from bot.errors import Refusal
from bot.tools.arguments import Arguments, Parameter
from bot.tools.caller import Caller
from bot.tools.model import Need
from bot.tools.toolbox import Tool

MAX_QUESTION_CHARACTERS = 700  # with what stands around it, it fits one message
MAX_CHOICES, MAX_CHOICE_CHARACTERS = 25, 80  # of Discord's lists and buttons

QUESTION = Field(
    description="The question, as the person will read it", min_length=1, max_length=MAX_QUESTION_CHARACTERS
)
CHOICES = Field(description="Answers to pick from; the person may always say something else", max_length=MAX_CHOICES)
CHOICE = Field(min_length=1, max_length=MAX_CHOICE_CHARACTERS)


async def ask(_: Caller, **_arguments: Any) -> str:
    """Raises: Refusal; the output is what the person says, and comes from elsewhere."""
    raise Refusal("Nobody was asked.")


ASK_USER = Tool(
    name="ask_user",
    description="Ask the person you are talking with a question and wait for the answer. "
    "Use it only where you cannot go on without knowing.",
    arguments=Arguments(
        [
            Parameter(name="question", kind=Annotated[str, QUESTION], default=MISSING),
            Parameter(name="choices", kind=Annotated[list[Annotated[str, CHOICE]], CHOICES], default=None),
        ]
    ),
    carry_out=ask,
    is_idempotent=True,
    timeout_seconds=1.0,
    need=Need.ANSWER,
    for_people=False,
    group="people",
)
