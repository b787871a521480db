"""The words of tools: what a call needs, what came of it, and what it hands over; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.tools.switches import Policy


class Need(StrEnum):
    """What a call waits for from a person before it goes on."""

    APPROVAL = "approval"  # it is carried out once somebody has approved it
    ANSWER = "answer"  # the person's words are its output


class Outcome(StrEnum):
    """What came of a call; all but DONE, ANSWERED and SUPPLIED tell the model what was wrong."""

    DONE = "done"
    REFUSED = "refused"  # the tool, or the toolbox for it, said no: wrong arguments, no permission, no such tool
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    DENIED = "denied"  # a person did not approve it
    ANSWERED = "answered"  # a person answered a question of the model's
    SUPPLIED = "supplied"  # a moderator gave the output by hand
    UNKNOWN = "unknown"  # it was interrupted, and may not be carried out again


class Cost(StrEnum):
    """What a call uses up, roughly: a word for people, and for limits to go by."""

    FREE = "free"  # our own processor, briefly
    METERED = "metered"  # requests or tokens that somebody counts
    EXPENSIVE = "expensive"  # noticeable money, or minutes of a machine


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file or a picture that a tool hands to people; no model ever gets its bytes."""

    name: str
    content: bytes
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a tool returns where a text alone does not say it."""

    text: str
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a model's call: `text` fits what a model may be told, `files` are for people."""

    text: str
    outcome: Outcome
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """For whom a model calls, by ids: the person who asked, in a place, in a run; `call_id` is the stored call's.

    `is_approved` is whether a person has approved this call.  `model` is who calls, and `policy` what moderators wanted
    of tools when the step began; without them the toolbox and the people look for themselves.
    """

    user_id: int
    guild_id: int | None
    channel_id: int
    run_id: int
    question_id: int | None = None
    call_id: int | None = None
    is_approved: bool = False
    model: str | None = None
    policy: Policy | None = None
