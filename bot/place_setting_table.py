"""Every setting that moderators choose for a place, in one table; pure.

Commands offer it and refuse by it, lists and `docs/parameters.md` print it.  The parameters of a request come from the
table of the providers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.errors import Refusal
from bot.messages import one_line
from bot.providers.parameters import PARAMETERS, Kind, Parameter, checked, understood

MAX_NAME_CHARACTERS = 32


class Moderation(StrEnum):
    """What a moderation model looks at before people or models see it."""

    OFF = "off"
    BEFORE = "before"
    AFTER = "after"
    BOTH = "both"

    @property
    def of_questions(self) -> bool:
        """Whether what people ask is looked at."""
        return self in (Moderation.BEFORE, Moderation.BOTH)

    @property
    def of_answers(self) -> bool:
        """Whether what models answer is looked at."""
        return self in (Moderation.AFTER, Moderation.BOTH)


MODEL = Parameter(
    name="model",
    kind=Kind.MODEL,
    meaning="Which model answers.",
    example="provider/model",
    paths={},
)
MODERATION = Parameter(
    name="moderation",
    kind=Kind.CHOICE,
    meaning="Whether questions are checked before the model is asked, answers after it has answered, or both.",
    example="before",
    choices=tuple(Moderation),
    paths={},
)
SETTINGS: Mapping[str, Parameter] = {MODEL.name: MODEL, **PARAMETERS, MODERATION.name: MODERATION}


def setting(name: str) -> Parameter:
    """The setting of this name.  Raises: Refusal."""
    found = SETTINGS.get(name.strip().lower())
    if found is None:
        typed = one_line(name, MAX_NAME_CHARACTERS)
        raise Refusal(f"There is no setting named {typed}: there are {', '.join(SETTINGS)}.")
    return found


def value_of(name: str, text: str) -> Any:
    """What somebody wrote as the value of a setting.  Raises: Refusal, which names it, its range and an example."""
    return understood(setting(name), text)


def is_valid(name: str, value: Any) -> bool:
    """Whether a setting still exists and may have this value: an older Parley may have stored it."""
    try:
        checked(SETTINGS[name], value)
    except (KeyError, ValueError):
        return False
    return True
