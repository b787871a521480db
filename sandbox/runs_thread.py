"""Threads and what is in them, as a server of the assistants API keeps, plays and shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, cycle
from typing import Protocol

from sandbox.stories import Frame, ScriptedCall, Story
from sandbox.wire import Payload

LIFE_SECONDS = 600
ENDED = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})
# The end of a story, in the words of chat completions or of runs, as a run's status.
STATUSES: Mapping[str | None, str] = {"length": "incomplete", "content_filter": "incomplete", "failed": "failed"}
REASONS: Mapping[str | None, str] = {"length": "max_completion_tokens", "content_filter": "content_filter"}


NewId = Callable[[str], str]
Tell = Callable[[], Frame]


class Told(Protocol):
    """Writes an event."""

    def __call__(self, name: str, body: Payload | str, text: str = "", *, is_token: bool = False) -> Frame:
        """The event of this name."""


@dataclass(slots=True, kw_only=True)
class Look:
    """How the server writes, and what it cannot do; switched on by tests and by people."""

    streams: bool = True
    lists_runs: bool = True
    polls: int = 0  # how often a run that nobody reads is looked at before it has gone on
    sends_statuses: bool = True
    sends_names: bool = True
    sends_deltas: bool = True
    has_float_times: bool = False
    has_odd_ids: bool = False
    is_first_version: bool = False


@dataclass(slots=True, kw_only=True)
class Message:
    """One message of a thread."""

    id: str
    role: str
    content: str
    run_id: str | None = None
    is_refusal: bool = False


@dataclass(slots=True, kw_only=True)
class Step:
    """One step of a run."""

    id: str
    kind: str
    status: str = "in_progress"


@dataclass(slots=True, kw_only=True)
class Run:
    """One run; `leg` plays what comes until it waits or has ended, `calls` are those of its newest step."""

    id: str
    thread: Thread
    body: Mapping[str, object]
    created_at: float
    status: str = "queued"
    calls: tuple[ScriptedCall, ...] = ()
    submitted: list[Sequence[Mapping[str, str]]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    story: Story = field(default_factory=Story)
    leg: Iterator[Frame] = field(default_factory=lambda: iter(()))
    hangs: Callable[[], bool] = lambda: False
    note: Callable[[Frame], None] = lambda _: None
    in_flight: tuple[Frame, ...] = ()
    is_read: bool = False
    is_cancelled: bool = False
    looks: int = 0
    completion_tokens: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it locks its thread."""
        return self.status not in ENDED

    @property
    def outputs(self) -> list[str]:
        """What was submitted, in the order of the calls."""
        return [output["output"] for step in self.submitted for output in step]

    def call_ids(self) -> list[str]:
        """The ids of the calls that it waits for."""
        return [call.id or "" for call in self.calls]

    def shown(self, look: Look) -> Payload:
        """The run as the server shows it."""
        body: Payload = {
            "id": self.id,
            "object": "thread.run",
            "created_at": _time(self.created_at, look),
            "thread_id": self.thread.id,
            "assistant_id": self.body.get("assistant_id"),
            "status": self.status,
            "started_at": _time(self.created_at, look),
            "expires_at": _time(self.created_at + LIFE_SECONDS, look) if self.is_active else None,
            "completed_at": _time(self.created_at, look) if self.status == "completed" else None,
            "cancelled_at": _time(self.created_at, look) if self.status == "cancelled" else None,
            "failed_at": _time(self.created_at, look) if self.status == "failed" else None,
            "last_error": json.loads(self.story.error).get("error") if self.status == "failed" else None,
            "model": self.body.get("model"),
            "instructions": self.body.get("instructions"),
            "tools": self.body.get("tools", []),
            "metadata": self.body.get("metadata", {}),
            "required_action": self._required_action() if self.status == "requires_action" else None,
        }
        if look.is_first_version:
            body["file_ids"] = []
        else:
            reason = REASONS.get(self.story.finish_reason)
            body["incomplete_details"] = {"reason": reason} if self.status == "incomplete" else None
            body["usage"] = self._usage() if not self.is_active else None
        if not look.sends_statuses:
            del body["status"]
        return body

    def _required_action(self) -> Payload:
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": "".join(call.arguments)}}
            for call in self.calls
        ]
        return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}

    def _usage(self) -> Payload | None:
        return None if self.story.usage is None else {"completion_tokens": self.completion_tokens, **self.story.usage}

    def play(
        self, story: Story, look: Look, new_id: NewId, hangs: Callable[[], bool], note: Callable[[Frame], None]
    ) -> None:
        """Begin a leg, which does not go on by itself while it `hangs`; what is said to nobody then is noted."""
        self.story, self.is_read, self.looks, self.hangs, self.note = story, False, 0, hangs, note
        self.leg = self._leg(story, look, new_id)

    def go_on(self, look: Look) -> None:
        """Somebody looks: what nobody reads goes on by itself."""
        self.looks += 1
        if not self.is_read and self.looks > look.polls and not self.hangs():
            unheard, self.in_flight = self.in_flight, ()
            for frame in chain(unheard, self.leg):
                self.note(frame)

    def read(self) -> Iterator[Frame]:
        """The leg for somebody who hears it."""
        for frame in self.leg:
            self.in_flight = (frame,)
            yield frame
            self.in_flight = ()

    def _leg(self, story: Story, look: Look, new_id: NewId) -> Iterator[Frame]:
        """What happens and what is told of it: each thing has happened when it is told."""
        end = story.line_end

        def told(name: str, body: Payload | str, text: str = "", *, is_token: bool = False) -> Frame:
            data = body if isinstance(body, str) else json.dumps(body)
            lines = [f"event: {name}"] if look.sends_names else []
            lines = [*([": PING"] if story.comments else []), *lines, f"data: {data}"]
            return Frame((end.join(lines) + end * 2).encode("utf-8", "surrogatepass"), text, is_token)

        def run() -> Frame:
            return told(f"thread.run.{self.status}", self.shown(look))

        events = self._events(story, look, new_id, run, told)
        raw = (Frame(f"data: {data}{end * 2}".encode()) for data in story.raw or ())
        number = 0
        while not self.is_cancelled and (frame := next(raw, None) or next(events, None)) is not None:
            if number == story.error_at:
                self.status = "failed"
                yield told("error", story.error)
                return
            number += 1
            yield frame
        if self.is_cancelled:
            self.status = "cancelled"
            yield run()
        if story.sends_done:
            yield told("done", "[DONE]")

    def _events(self, story: Story, look: Look, new_id: NewId, run: Tell, told: Told) -> Iterator[Frame]:
        if not self.submitted:
            yield told("thread.run.created", self.shown(look))
        for step in self.steps:
            if step.status == "in_progress":
                step.status = "completed"
                yield told("thread.run.step.completed", self._step(step))
        self.status = "in_progress"
        yield run()
        words = story.words() if not story.tool_calls or story.pieces is not None else ()
        if story.refusal is not None:
            words = (story.refusal,)
        if words:
            yield from self._said(story, words, look, new_id, told)
        self.calls = story.tool_calls
        if story.tool_calls:
            if look.has_odd_ids:
                self.calls = tuple(replace(call, id=None) for call in story.tool_calls)
            step = Step(id=new_id("step"), kind="tool_calls")
            self.steps.append(step)
            yield told("thread.run.step.created", self._step(step))
            self.status = "requires_action"
        else:
            self.status = STATUSES.get(story.finish_reason, story.finish_reason or "completed")
            if self.status not in ENDED:
                self.status = "completed"
        yield run()

    def _said(self, story: Story, words: Sequence[str], look: Look, new_id: NewId, told: Told) -> Iterator[Frame]:
        message = Message(
            id=new_id("msg"), role="assistant", content="", run_id=self.id, is_refusal=story.refusal is not None
        )
        self.thread.messages.append(message)
        step = Step(id=new_id("step"), kind="message_creation")
        self.steps.append(step)
        yield told("thread.run.step.created", self._step(step))
        yield told("thread.message.created", self.thread.shown(message, look))
        for word in cycle(words) if story.is_endless else words:
            message.content += word
            self.completion_tokens += 1
            part: Payload = {"index": 0, "type": "text", "text": {"value": word, "annotations": []}}
            if message.is_refusal:
                part = {"index": 0, "type": "refusal", "refusal": word}
            body = {"id": message.id, "object": "thread.message.delta", "delta": {"content": [part]}}
            if look.sends_deltas:
                yield told("thread.message.delta", body, word, is_token=True)
        yield told("thread.message.completed", self.thread.shown(message, look))
        step.status = "completed"
        yield told("thread.run.step.completed", self._step(step))

    def _step(self, step: Step) -> Payload:
        return {
            "id": step.id,
            "object": "thread.run.step",
            "run_id": self.id,
            "type": step.kind,
            "status": step.status,
            "usage": {"prompt_tokens": 10, "completion_tokens": 5} if step.status in ENDED else None,
        }

    def listed_steps(self) -> list[Payload]:
        """Its steps, newest first."""
        return [self._step(step) for step in reversed(self.steps)]


@dataclass(slots=True, kw_only=True)
class Thread:
    """One thread: its messages, oldest first, and its runs."""

    id: str
    messages: list[Message] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def active_run(self) -> Run | None:
        """The run that locks it."""
        return next((run for run in self.runs.values() if run.is_active), None)

    def said(self, outputs: Sequence[Mapping[str, str]] = ()) -> list[Payload]:
        """Its messages as chat completions have them, then the steps of its active run, and outputs that come now."""
        said: list[Payload] = [{"role": message.role, "content": message.content} for message in self.messages]
        run = self.active_run
        for step in [] if run is None else [*run.submitted, *([outputs] if outputs else [])]:
            called = [{"id": output["tool_call_id"]} for output in step]
            said.append({"role": "assistant", "content": "", "tool_calls": called})
            said += [{"role": "tool", "content": output["output"]} for output in step]
        return said

    def shown(self, message: Message, look: Look) -> Payload:
        """A message as the server shows it."""
        part: Payload = {"type": "text", "text": {"value": message.content, "annotations": []}}
        if message.is_refusal:
            part = {"type": "refusal", "refusal": message.content}
        extra: Payload = {"file_ids": []} if look.is_first_version else {"attachments": [], "status": "completed"}
        return {
            "id": message.id,
            "object": "thread.message",
            "thread_id": self.id,
            "role": message.role,
            "content": [part] if message.content else [],
            "run_id": message.run_id,
            **extra,
        }


def _time(seconds: float, look: Look) -> float:
    return seconds if look.has_float_times else int(seconds)
