"""What a server with threads and runs streams, in any split and any of the ways that servers write it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError, ProviderFault
from bot.providers.assistants.runs_decoder import RunDecoder, Speech
from bot.providers.assistants.runs_objects import RunStatus
from bot.providers.events import Event, RemoteStep, Started, TextDelta, Usage

RUN = {"id": "run_1", "object": "thread.run", "status": "in_progress", "model": "m", "last_error": None}
CALLS = [{"id": "call_1", "type": "function", "function": {"name": "roll", "arguments": ""}}]
ACTION = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": CALLS}}
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
STEP = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1", "type": "message_creation"}


def delta(text: str, id: str = "msg_1") -> tuple[str, dict[str, Any]]:
    """More of a message."""
    part = {"index": 0, "type": "text", "text": {"value": text, "annotations": []}}
    return "thread.message.delta", {"id": id, "object": "thread.message.delta", "delta": {"content": [part]}}


def message(text: str, id: str = "msg_1") -> tuple[str, dict[str, Any]]:
    """A whole message."""
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    return "thread.message.completed", {"id": id, "object": "thread.message", "role": "assistant", "content": [part]}


STREAM = (
    ("thread.run.created", {**RUN, "status": "queued"}),
    ("thread.run.in_progress", RUN),
    ("thread.run.step.created", {**STEP, "status": "in_progress"}),
    delta("Žluťoučký "),
    delta("kůň 🐎"),
    message("Žluťoučký kůň 🐎"),
    ("thread.run.step.completed", {**STEP, "status": "completed", "usage": USAGE}),
    ("thread.run.completed", {**RUN, "status": "completed", "usage": USAGE}),
)


def written(
    *events: tuple[str, dict[str, Any]], line_end: str = "\n", done: str = "event: done\ndata: [DONE]\n\n"
) -> bytes:
    """Events as they go over the wire."""
    lines = (f"event: {name}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n" for name, body in events)
    return ("".join(lines) + done).replace("\n", line_end).encode()


def decoded(*chunks: bytes, shown: str = "") -> tuple[list[Event], RunDecoder]:
    """All events of a body that comes in these pieces."""
    decoder = RunDecoder(Speech(shown))
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    if not decoder.is_done:
        events += decoder.close()
    return events + decoder.speech.close(), decoder


def text_of(events: list[Event]) -> str:
    """What was said."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@given(st.data(), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_stream_is_whole_in_any_split(data: st.DataObject, line_end: str, has_done: bool) -> None:
    """Bytes may be parted anywhere, lines end in any way, and `done` may be missing."""
    body = written(*STREAM, line_end=line_end, **({} if has_done else {"done": ""}))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=20)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    events, decoder = decoded(*chunks)
    assert text_of(events) == "Žluťoučký kůň 🐎"
    assert events[0] == Started("run_1", "m")
    step = RemoteStep(
        id="step_1",
        remote_run_id="run_1",
        kind="message_creation",
        status="completed",
        usage=Usage(input_tokens=7, output_tokens=3),
    )
    assert [event for event in events if isinstance(event, RemoteStep)] == [step]
    assert decoder.run is not None
    assert (decoder.run.status, decoder.run.usage) == (RunStatus.COMPLETED, Usage(input_tokens=7, output_tokens=3))
    assert decoder.message_count == 1


@given(st.lists(st.text(min_size=1), min_size=1), st.integers(0, 400))
def test_text_that_was_shown_is_told_once(pieces: list[str], size: int) -> None:
    """What an earlier attempt has shown is left out, however the text comes now."""
    whole = "".join(pieces).lstrip()
    if whole.startswith("<"):
        return  # thinking is another matter
    whole = whole.replace("\r", "")
    shown = whole[:size]
    events, _ = decoded(written(message(whole)), shown=shown)
    assert shown + text_of(events) == whole


def odd(**changes: Any) -> tuple[str, dict[str, Any]]:
    """A run's event with changes."""
    return "thread.run.completed", {**RUN, "status": "completed", **changes}


ODD: dict[str, tuple[bytes, str, RunStatus]] = {
    "without names": (written(*STREAM).replace(b"event: thread", b": thread"), "Žluťoučký kůň 🐎", RunStatus.COMPLETED),
    "name and data in one": (
        written(*(("", {"event": name, "data": body}) for name, body in STREAM)),
        "Žluťoučký kůň 🐎",
        RunStatus.COMPLETED,
    ),
    "status in the name alone": (
        written(*((name, {**body, "status": None}) for name, body in STREAM)),
        "Žluťoučký kůň 🐎",
        RunStatus.COMPLETED,
    ),
    "status in a time alone": (
        written(("", {"id": "run_1", "object": "thread.run", "completed_at": 1.5})),
        "",
        RunStatus.COMPLETED,
    ),
    "status in an action alone": (
        written(("", {"id": 1, "object": "thread.run", "required_action": ACTION})),
        "",
        RunStatus.REQUIRES_ACTION,
    ),
    "no deltas": (written(message("Hello."), odd()), "Hello.", RunStatus.COMPLETED),
    "less in deltas than in the whole": (
        written(delta("Hel"), message("Hello."), odd()),
        "Hello.",
        RunStatus.COMPLETED,
    ),
    "two messages": (written(delta("One."), delta("Two.", "msg_2"), odd()), "One.\n\nTwo.", RunStatus.COMPLETED),
    "content as a text": (
        written(("thread.message.completed", {"id": "m", "object": "thread.message", "content": "Hi."}), odd()),
        "Hi.",
        RunStatus.COMPLETED,
    ),
    "unknown events": (
        written(("thread.new.thing", {"object": "thread.new"}), ("x", {"a": 1}), delta("Hi."), odd()),
        "Hi.",
        RunStatus.COMPLETED,
    ),
    "a person's message": (
        written(("thread.message.created", {**message("Not mine.")[1], "role": "user"}), odd()),
        "",
        RunStatus.COMPLETED,
    ),
    "JSON instead of a stream": (json.dumps({**RUN, "status": "queued"}).encode(), "", RunStatus.QUEUED),
    "the first version": (
        json.dumps({**RUN, "status": "queued", "file_ids": [], "expires_at": 1699076192.5}).encode(),
        "",
        RunStatus.QUEUED,
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bodies_are_understood(name: str) -> None:
    """Nothing but what matters has to be there, and that in any of several places."""
    body, text, status = ODD[name]
    events, decoder = decoded(body)
    assert text_of(events) == text
    assert decoder.run is not None
    assert decoder.run.status is status


def test_calls_of_a_run_are_read_leniently() -> None:
    """Arguments may be missing or be no text, and ids may be numbers or missing."""
    calls = [
        *CALLS,
        {"id": 7, "function": {"name": "roll", "arguments": {"sides": 6}}},
        {"function": {"name": "toss"}},
        "nonsense",
    ]
    action = {"submit_tool_outputs": {"tool_calls": calls}}
    _, decoder = decoded(written(("thread.run.requires_action", {**RUN, "status": None, "required_action": action})))
    assert decoder.run is not None
    assert [(call.id, call.name, call.arguments) for call in decoder.run.calls] == [
        ("call_1", "roll", "{}"),
        ("7", "roll", '{"sides": 6}'),
        ("", "toss", "{}"),
    ]


FAILURES = {
    "error event": (
        b'event: error\ndata: {"message": "Slow down.", "code": "rate_limit_exceeded"}\n\n',
        "rate_limited",
    ),
    "error object": (b'data: {"error": {"message": "no", "code": 401}}\n\n', "auth"),
    "error that is no JSON": (b"event: error\ndata: overloaded\n\n", "busy"),
    "error as JSON": (b'{"error": {"message": "no", "code": 401}}', "auth"),
    "broken JSON": (b"data: {\n\n", "protocol"),
    "page": (b"<html><title>Hi</title>", "protocol"),
    "nothing": (b"", "protocol"),
    "endless line": (b"data: " + b"x" * 2_000_000, "protocol"),
    "endless JSON": (b"{" + b" " * 2_000_000, "protocol"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_no_stream_says_why(name: str) -> None:
    """Complaints and rubbish are raised with their reason."""
    body, fault = FAILURES[name]
    with pytest.raises(ProviderError) as caught:
        decoded(body)
    assert caught.value.fault is ProviderFault(fault)


@given(st.binary(max_size=400))
def test_rubbish_raises_nothing_else(body: bytes) -> None:
    """Whatever comes, it is events or a ProviderError."""
    with suppress(ProviderError):
        decoded(b"data: {}\n\n" + body)
    with suppress(ProviderError):
        decoded(body)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "object",
                    "status",
                    "delta",
                    "content",
                    "text",
                    "value",
                    "required_action",
                    "submit_tool_outputs",
                    "tool_calls",
                    "function",
                    "arguments",
                    "usage",
                    "metadata",
                    "last_error",
                    "incomplete_details",
                    "error",
                ]
            ),
            inner | st.sampled_from(["thread.run", "thread.message", "thread.message.delta", "thread.run.step"]),
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES, st.sampled_from([name for name, _ in STREAM]))
def test_objects_of_any_shape_raise_nothing_else(value: Any, name: str) -> None:
    """Each field may be of any type."""
    with suppress(ProviderError):
        decoded(f"event: {name}\ndata: {json.dumps(value)}\n\n".encode())


def test_page_that_repeats_a_key_is_told_without_it() -> None:
    """The beginning of what is no run at all goes into the log."""
    decoder = RunDecoder(Speech(), secrets=("hunter2hunter2",))
    assert list(decoder.feed(b"<p>unknown caller hunter2hunter2</p>")) == []
    with pytest.raises(ProviderError) as caught:
        list(decoder.close())
    assert caught.value.detail == "<p>unknown caller [redacted]</p>"
