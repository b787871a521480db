"""An answer as far as it has come, and how it may end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.messages import ToolCall
from bot.providers.events import (
    Alternatives,
    Bookmark,
    Carried,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    RemoteStep,
    Routed,
    Started,
    TextDelta,
    ToolCallDone,
    Usage,
    Waiting,
)
from bot.reply.activity import plain
from bot.reply.characters import clean, has_content
from bot.runs.model import Cause, Choice, IncompleteReason
from bot.store.database import Transaction

log = logging.getLogger(__name__)

# A model that never stops is stopped: by then Discord would show a hundred messages.
MAX_ANSWER_CHARACTERS = 200_000
# Five times what the longest thinking of a model comes to; nothing reads it but an estimate and a glance.
MAX_THINKING_CHARACTERS = 1_000_000
# A run that a provider keeps takes a step for each use of tools and each message.
MAX_REMOTE_STEPS = 200
# Between what was written before a tool was used and what after it.
STEP_SEPARATOR = "\n\n"
# What is kept of a growing answer ends with a whole word, where words are parted by spaces and not longer than this.
MAX_WORD_CHARACTERS = 24


class Reservation(Protocol):
    """What was reserved of budgets for a request."""

    async def settle(self, transaction: Transaction, usage: Usage | None) -> None:
        """Count what the request took in place of it; None: its provider did not take it."""


@dataclass(slots=True)
class Draft:
    """An answer in the making: `before` holds the text of its finished steps, the rest is of the step under way.

    `resumed` is what an earlier attempt had written of this step; the provider is asked to go on from there.
    `remark` is small print of the answer as a whole, who wrote it instead of whom; `alternatives` are other texts of
    this step to pick from.  `position` is where in the provider's line it waits, and 0 after the wait until the model
    says something.  Of the step under way, `is_begun` says that the provider took its request, and `is_run_elsewhere`
    that it answers with a run of its own, which it counts at the run's end.  A draft that `is_withdrawn` leaves nothing
    in the history, what its steps have added neither.  `asked` is the model that the last request was for,
    `reservation` is of its step's request, and `warning` belongs to the small print too.
    """

    before: str = ""
    resumed: str = ""
    text: str = ""
    thinking: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    is_begun: bool = False
    is_run_elsewhere: bool = False
    usage: Usage | None = None
    reason: FinishReason | None = None
    routed: Routed | None = None
    carried: Mapping[str, Any] | None = None
    remote_steps: list[RemoteStep] = field(default_factory=list)
    remark: str | None = None
    alternatives: tuple[str, ...] = ()
    position: int | None = None
    asked: str = ""
    is_withdrawn: bool = False
    reservation: Reservation | None = None
    warning: str | None = None

    @classmethod
    def from_stored(cls, stored: str, before: str) -> Draft:
        """The draft that goes on where a stored text ends, of which the finished steps are `before`."""
        beginning = before + STEP_SEPARATOR if before else ""
        resumed = stored.removeprefix(beginning) if stored.startswith(beginning) else ""
        return cls(before=before, resumed=resumed, text=resumed)

    def take(self, event: Event) -> None:
        """Add what the provider sent."""
        if self.position is not None and not isinstance(event, Started):
            self.position = None
        match event:
            case TextDelta():
                self._add(event.text)
            case Waiting():
                self.position = event.position
            case Started():
                self.is_begun = True
            case Bookmark():
                self.is_run_elsewhere = "run" in event.state
            case ReasoningDelta():
                self.thinking += event.text
            case ToolCallDone():
                self.calls.append(
                    ToolCall(id=clean(event.id), name=clean(event.name), arguments=clean(event.arguments))
                )
            case Usage():
                self.usage = event
            case Routed():
                self.routed = event
                self.is_run_elsewhere = False  # that was somebody who did not answer
                if event.instead_of is not None:
                    who, because = plain(f"{event.provider}/{event.model}"), event.because or "did not answer"
                    told = f"Answered by {who}: {plain(event.instead_of)} {because}."
                    self.remark = f"{self.warning} {told}" if self.warning else told
            case Carried():
                self.carried = event.data
            case Alternatives() if not self.resumed:  # else they are the rest of what nobody has the beginning of
                self.alternatives = self._others(event.texts)
            case RemoteStep() if len(self.remote_steps) < MAX_REMOTE_STEPS:
                self.remote_steps.append(event)
            case Finished():
                self.reason = event.reason
            case _:
                log.debug("not used: %s", type(event).__name__)
        if len(self.text) > MAX_ANSWER_CHARACTERS or len(self.thinking) > MAX_THINKING_CHARACTERS:
            self.reason = FinishReason.LENGTH

    def _add(self, text: str) -> None:
        if self.resumed and self.text == self.resumed and text[:1].isspace():
            self.text = self.text.rstrip()  # the space between was sent twice
        self.text += text

    def _others(self, texts: Iterable[str]) -> tuple[str, ...]:
        others = dict.fromkeys(text for text in map(clean, texts) if has_content(text) and text != clean(self.text))
        return tuple(others) if has_content(self.text) else ()

    def warn(self, sentence: str) -> None:
        """Have a sentence stand below it."""
        self.warning = sentence
        self.remark = f"{self.remark} {sentence}" if self.remark else sentence

    def withdraw(self) -> None:
        """Nothing of it may be shown or kept."""
        self.before = self.resumed = self.text = self.thinking = ""
        self.calls.clear()
        self.alternatives = ()
        self.is_withdrawn = True

    def next_step(self) -> None:
        """The tools that were asked for have been used: what comes now is the answer to their outputs."""
        self.before = self.whole
        self.resumed = self.text = self.thinking = ""
        self.calls.clear()
        self.remote_steps.clear()
        self.is_begun = self.is_run_elsewhere = False
        self.usage = self.reason = self.carried = self.reservation = None
        self.alternatives = ()

    @property
    def spent(self) -> Draft:
        """What its step took, and nothing else of it."""
        return Draft(usage=self.usage, routed=self.routed, reservation=self.reservation)

    @property
    def choice(self) -> Choice | None:
        """Which of how many answers it is, where there are several."""
        return Choice(number=1, count=1 + len(self.alternatives)) if self.alternatives else None

    @property
    def whole(self) -> str:
        """All that is to be seen."""
        return joined(self.before, self.text)

    @property
    def kept(self) -> str:
        """As much as an attempt after this one can go on from: up to the last whole word."""
        end = max(self.text.rfind(" "), self.text.rfind("\n")) + 1
        text = self.text[:end] if len(self.text) - end <= MAX_WORD_CHARACTERS else self.text
        return joined(self.before, text)


def joined(*steps: str) -> str:
    """The text of several steps, as it is shown."""
    return STEP_SEPARATOR.join(step for step in steps if step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ends, and why."""

    cause: Cause
    incomplete_reason: IncompleteReason | None = None
    failure: str | None = None

    def filtered(self, sentence: str) -> Ending:
        """The same ending of an answer that was taken back, as the sentence says."""
        if self.cause in (Cause.FINISHED, Cause.CUT_SHORT):
            return replace(CONTENT_FILTERED, failure=sentence)
        if self is WAITS:  # it might be stopped, or expire, before anybody looks again
            return Ending(cause=Cause.FAILED, failure=sentence)
        return replace(self, failure=sentence)


TOO_MANY_STEPS = Ending(cause=Cause.CUT_SHORT, incomplete_reason=IncompleteReason.MAX_STEPS)
IN_CIRCLES = Ending(cause=Cause.CUT_SHORT, incomplete_reason=IncompleteReason.REPEATED_CALL)
WAITS = Ending(cause=Cause.PERSON_ASKED)  # for now
FINISHED = Ending(cause=Cause.FINISHED)
CONTENT_FILTERED = Ending(cause=Cause.CUT_SHORT, incomplete_reason=IncompleteReason.CONTENT_FILTER)
ENDINGS = {
    FinishReason.LENGTH: Ending(cause=Cause.CUT_SHORT, incomplete_reason=IncompleteReason.MAX_OUTPUT_TOKENS),
    FinishReason.CONTENT_FILTER: CONTENT_FILTERED,
}
