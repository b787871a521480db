"""The objects of servers with threads and runs, of the API's first and second version, read leniently; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bot.errors import ProviderError, ProviderFault
from bot.messages import ToolCall
from bot.providers.events import FinishReason, RemoteStep, Usage
from bot.providers.failures import Complaint, complaint_in, failure_of
from bot.providers.usage import usage_in

Json = Mapping[str, object]

# In whose metadata what is ours is marked.
MARK = "parley"
# Between the messages that one leg of a run writes.
SEPARATOR = "\n\n"


class Words(NamedTuple):
    """What a message says, and whether it says that the model will not answer."""

    text: str
    is_refusal: bool


class RunStatus(StrEnum):
    """How a run stands; the words are the API's."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    REQUIRES_ACTION = "requires_action"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


UNDER_WAY = frozenset({RunStatus.QUEUED, RunStatus.IN_PROGRESS, RunStatus.CANCELLING})
ENDED = frozenset(RunStatus) - UNDER_WAY - {RunStatus.REQUIRES_ACTION}
STEP_ENDINGS = frozenset({"completed", "failed", "cancelled", "expired"})
STATUSES: Mapping[str, RunStatus] = {status.value: status for status in RunStatus}

# What tells the status of a run that has none; the first that is set does.
TRACES: tuple[tuple[str, RunStatus], ...] = (
    ("completed_at", RunStatus.COMPLETED),
    ("cancelled_at", RunStatus.CANCELLED),
    ("failed_at", RunStatus.FAILED),
    ("last_error", RunStatus.FAILED),
    ("incomplete_details", RunStatus.INCOMPLETE),
    ("required_action", RunStatus.REQUIRES_ACTION),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRunView:
    """A run as its server shows it; the calls have the server's ids, which may be empty or alike."""

    id: str
    status: RunStatus
    model: str = ""
    mark: str = ""
    calls: tuple[ToolCall, ...] = ()
    reason: str = ""
    error: Complaint | None = None
    usage: Usage | None = None

    @property
    def call_ids(self) -> tuple[str, ...]:
        """The server's ids of the calls whose outputs it waits for."""
        return tuple(call.id for call in self.calls)

    @property
    def finish_reason(self) -> FinishReason:
        """Why a run that has ended without an error did."""
        if self.status is not RunStatus.INCOMPLETE:
            return FinishReason.STOP
        return FinishReason.CONTENT_FILTER if self.reason == "content_filter" else FinishReason.LENGTH

    def failure(self, secrets: tuple[str, ...]) -> ProviderError | None:
        """What went wrong, where anything did."""
        match self.status:
            case RunStatus.FAILED:
                complaint = self.error or Complaint(message="the run failed")
                found = failure_of(complaint, secrets=secrets)
                is_prompt = complaint.code == "invalid_prompt" and found.fault is ProviderFault.UNKNOWN
                return ProviderError(ProviderFault.BAD_REQUEST, found.detail) if is_prompt else found
            case RunStatus.EXPIRED:
                return ProviderError(ProviderFault.TIMEOUT, "the run expired")
            case RunStatus.CANCELLED:
                return ProviderError(ProviderFault.UNKNOWN, "the run was cancelled by somebody else")
            case _:
                return None


def run_in(body: Json, event: str = "") -> RemoteRunView:
    """The run in an object; the `event` that it came with tells the status of one that has none."""
    metadata, details = body.get("metadata"), body.get("incomplete_details")
    error = body.get("last_error")
    return RemoteRunView(
        id=text_in(body.get("id")),
        status=_status(body, event),
        model=text_in(body.get("model")),
        mark=text_in(metadata.get(MARK)) if isinstance(metadata, dict) else "",
        calls=tuple(_calls(body.get("required_action"))),
        reason=text_in(details.get("reason")) if isinstance(details, dict) else "",
        error=complaint_in({"error": error}) if error else None,
        usage=usage_in(body.get("usage")),
    )


def step_in(body: Json, event: str = "") -> RemoteStep | None:
    """The step in an object, if it has ended."""
    status = text_in(body.get("status")) or event.rpartition(".")[2]
    if status not in STEP_ENDINGS or not text_in(body.get("id")):
        return None
    return RemoteStep(
        id=text_in(body["id"]),
        remote_run_id=text_in(body.get("run_id")),
        kind=text_in(body.get("type")) or "unknown",
        status=status,
        usage=usage_in(body.get("usage")),
    )


def words_in(body: Json) -> Words:
    """The words of a message, or of more of it."""
    content = body.get("content")
    parts = content if isinstance(content, list) else [content]
    return Words("".join(map(_part_text, parts)), any(isinstance(part, dict) and part.get("refusal") for part in parts))


def listed(body: object) -> tuple[Json, ...]:
    """The objects in a list."""
    found = body.get("data") if isinstance(body, dict) else body
    return tuple(each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def text_in(value: object) -> str:
    """A text, also where a server writes an id as a number; empty for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _status(body: Json, event: str) -> RunStatus:
    said = STATUSES.get(text_in(body.get("status"))) or STATUSES.get(event.rpartition(".")[2])
    if said is not None:
        return said
    return next((status for field, status in TRACES if body.get(field)), RunStatus.IN_PROGRESS)


def _calls(action: object) -> Iterable[ToolCall]:
    wanted = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = wanted.get("tool_calls") if isinstance(wanted, dict) else None
    for call in calls if isinstance(calls, list) else []:
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            arguments = function.get("arguments")
            written = json.dumps(arguments) if isinstance(arguments, (dict, list)) else text_in(arguments)
            yield ToolCall(id=text_in(call.get("id")), name=text_in(function.get("name")), arguments=written or "{}")


def _part_text(part: object) -> str:
    if not isinstance(part, dict):
        return text_in(part)
    text = part.get("text")
    return text_in(text.get("value")) if isinstance(text, dict) else text_in(text) or text_in(part.get("refusal"))
