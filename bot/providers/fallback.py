"""Who answers instead of a model whose provider cannot, and who is left out for a while; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import ProviderFault
from bot.messages import PARTIAL, ProviderRequest, Role
from bot.providers.events import (
    Alternatives,
    Event,
    Finished,
    ReasoningDelta,
    ServerTool,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolCallStarted,
)

# What another provider may do better, and how people are told of it.  All else it would do no better (a bad request),
# or has to be seen by the host (a key, the credit), or is meant (moderation).
REASONS = {
    ProviderFault.BUSY: "was overloaded",
    ProviderFault.RATE_LIMITED: "was getting too many requests",
    ProviderFault.NETWORK: "could not be reached",
    ProviderFault.TIMEOUT: "took too long to answer",
}
# After these somebody has seen something, and nobody else takes over.
SHOWN = (
    TextDelta,
    ReasoningDelta,
    ToolCallStarted,
    ToolCallDelta,
    ToolCallDone,
    ServerTool,
    Alternatives,
    Finished,
)

# Most overloads last for seconds.  Who asks meanwhile does not wait for the same failure; more would keep people from
# the model that they chose.
REST_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One of a chain: a provider and its own name of a model."""

    provider: str
    model: str

    @property
    def reference(self) -> str:
        """The `provider/model`."""
        return f"{self.provider}/{self.model}"


class Circuit:
    """Which models have just failed; times are seconds of any clock that only goes forward."""

    def __init__(self) -> None:
        self._failures: dict[Link, tuple[float, str]] = {}

    def failed(self, link: Link, reason: str, now: float) -> None:
        """Leave it out for a while."""
        self._failures[link] = (now + REST_SECONDS, reason)

    def why(self, link: Link, now: float) -> str | None:
        """Why it is left out, None where it is not."""
        until, reason = self._failures.get(link, (now, ""))
        return reason if until > now else None


def shows(event: Event) -> bool:
    """Whether people see something of it."""
    return isinstance(event, SHOWN)


def chain(links: Sequence[Link], request: ProviderRequest, circuit: Circuit, now: float) -> tuple[Link, ...]:
    """Who is asked, one after the other, of the model that was chosen and those that may stand in for it.

    A provider that keeps the run comes first, and where it waits for the outputs of tools it is alone: nobody else can
    go on with it.  What was written before an interrupt has been shown, so nobody takes over in the middle of it.
    """
    keeper = next((link for link in links if keeps_run(link, request)), None)
    awake = (*([keeper] if keeper else []), *(link for link in links if circuit.why(link, now) is None))
    tried = tuple(dict.fromkeys(awake or links))
    is_resumed = any(message.key == PARTIAL for message in request.messages)
    is_awaited = keeper is not None and request.messages[-1].role is Role.TOOL
    return tried[:1] if is_resumed or is_awaited else tried


def keeps_run(link: Link, request: ProviderRequest) -> bool:
    """Whether this provider goes on with the run that the request is part of."""
    return is_run_of(request.bookmarks.get(link.provider, {}), request.run_key)


def is_run_of(state: Mapping[str, Any], run_key: str) -> bool:
    """Whether the run in a bookmark is for this run of ours."""
    run = state.get("run")
    return isinstance(run, dict) and run.get("owner") == run_key


def given_up(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A bookmark whose run nobody goes on with: the rest of the answer, and outputs, are for whoever takes over."""
    run = state.get("run")
    return {**state, "run": {**run, "owner": ""}} if isinstance(run, dict) else state
