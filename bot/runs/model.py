"""The run: one answer in the making, and the only table of how it may move; pure, no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.errors import InvalidTransition

NOBODY = 0  # who asked for a run, once they had their data deleted


class Status(StrEnum):
    """The statuses of the OpenAI Runs API that a run of ours can have."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    REQUIRES_ACTION = "requires_action"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Cause(StrEnum):
    """What moves a run; each is written to the run's event log."""

    CLAIMED = "claimed"
    FINISHED = "finished"
    CUT_SHORT = "cut_short"
    FAILED = "failed"
    TOOL_CALLS = "tool_calls"
    OUTPUTS_SUBMITTED = "outputs_submitted"
    PERSON_ASKED = "person_asked"  # nobody works on it until a person has decided or answered
    PERSON_ANSWERED = "person_answered"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    LEASE_LOST = "lease_lost"
    HANDED_BACK = "handed_back"
    QUESTION_EDITED = "question_edited"


TRANSITIONS: Mapping[tuple[Status, Cause], Status] = MappingProxyType(
    {
        (Status.QUEUED, Cause.CLAIMED): Status.IN_PROGRESS,
        (Status.QUEUED, Cause.CANCELLED): Status.CANCELLED,
        (Status.QUEUED, Cause.DEADLINE): Status.EXPIRED,
        (Status.QUEUED, Cause.QUESTION_EDITED): Status.QUEUED,
        (Status.IN_PROGRESS, Cause.FINISHED): Status.COMPLETED,
        (Status.IN_PROGRESS, Cause.CUT_SHORT): Status.INCOMPLETE,
        (Status.IN_PROGRESS, Cause.FAILED): Status.FAILED,
        (Status.IN_PROGRESS, Cause.TOOL_CALLS): Status.REQUIRES_ACTION,
        (Status.IN_PROGRESS, Cause.CANCELLED): Status.CANCELLED,
        (Status.IN_PROGRESS, Cause.DEADLINE): Status.EXPIRED,
        (Status.IN_PROGRESS, Cause.LEASE_LOST): Status.QUEUED,
        (Status.IN_PROGRESS, Cause.HANDED_BACK): Status.QUEUED,
        (Status.IN_PROGRESS, Cause.QUESTION_EDITED): Status.IN_PROGRESS,
        (Status.REQUIRES_ACTION, Cause.CLAIMED): Status.REQUIRES_ACTION,
        (Status.REQUIRES_ACTION, Cause.OUTPUTS_SUBMITTED): Status.IN_PROGRESS,
        (Status.REQUIRES_ACTION, Cause.PERSON_ASKED): Status.REQUIRES_ACTION,
        (Status.REQUIRES_ACTION, Cause.PERSON_ANSWERED): Status.REQUIRES_ACTION,
        (Status.REQUIRES_ACTION, Cause.FAILED): Status.FAILED,
        (Status.REQUIRES_ACTION, Cause.CANCELLED): Status.CANCELLED,
        (Status.REQUIRES_ACTION, Cause.DEADLINE): Status.EXPIRED,
        (Status.REQUIRES_ACTION, Cause.LEASE_LOST): Status.REQUIRES_ACTION,
        (Status.REQUIRES_ACTION, Cause.HANDED_BACK): Status.REQUIRES_ACTION,
        (Status.REQUIRES_ACTION, Cause.QUESTION_EDITED): Status.IN_PROGRESS,
    }
)

LIVE = frozenset(status for status, _ in TRANSITIONS)
TERMINAL = frozenset(Status) - LIVE


def advance(status: Status, cause: Cause) -> Status:
    """The status that `cause` leads to.  Raises: InvalidTransition, and nothing has changed."""
    try:
        return TRANSITIONS[status, cause]
    except KeyError:
        raise InvalidTransition(f"A run that is {status} cannot move by {cause}.") from None


class RunKind(StrEnum):
    """How an answer came to be asked for."""

    ANSWER = "answer"  # of the messages that waited
    AGAIN = "again"  # Regenerate and Retry: the same question once more, in the same messages
    CONTINUE = "continue"  # the rest of an answer that was cut by length
    IMPORT = "import"  # none: what was said in a channel before the bot was first used there


class IncompleteReason(StrEnum):
    """Why an answer is not whole; the words are those of the Runs API where it has them."""

    MAX_OUTPUT_TOKENS = "max_output_tokens"
    CONTENT_FILTER = "content_filter"
    MAX_STEPS = "max_steps"
    REPEATED_CALL = "repeated_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of the answers that a run was given it shows, counted from 1, and how many there are."""

    number: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of `runs`.

    `place_id` is the Discord channel, thread or DM channel the answer goes to; `question_id` the Discord message it
    replies to.  `previous_run_id` is the run that an AGAIN or CONTINUE follows.  `attempt` counts the claims and fresh
    starts: whoever holds an older number writes nothing any more.  While `waiting_since` is set the run waits for a
    person, and nobody holds it.  `remark` is small print of its answer.  Times are aware UTC.
    """

    id: int
    conversation_id: int
    epoch: int
    kind: RunKind
    status: Status
    model: str
    place_id: int
    guild_id: int | None
    asker_id: int
    question_id: int | None
    previous_run_id: int | None
    interaction_token: str | None
    attempt: int
    waiting_since: datetime | None
    created_at: datetime
    expires_at: datetime
    cancel_requested_at: datetime | None
    incomplete_reason: IncompleteReason | None
    failure: str | None
    text: str
    remark: str | None
    delivered_at: datetime | None
