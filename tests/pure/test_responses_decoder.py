"""Answers of the responses API as events: what servers and relays send."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ContextTooLong, ProviderError, ProviderFault
from bot.providers.body_decoder import BodyDecoder
from bot.providers.events import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    ServerTool,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolCallStarted,
    Usage,
)
from bot.providers.responses.decoder import ResponseDecoder

STOP = Finished(FinishReason.STOP)
CALLS = Finished(FinishReason.TOOL_CALLS)
FILTERED = Finished(FinishReason.CONTENT_FILTER)
Json = dict[str, Any]


def event(kind: str, **fields: object) -> Json:
    """One event of a response."""
    return {"type": f"response.{kind}", **fields}


def said(delta: str, **fields: object) -> Json:
    """A piece of the answer."""
    return event("output_text.delta", delta=delta, **fields)


def ended(status: str = "completed", *output: Json, **fields: object) -> Json:
    """The end of a response."""
    return event(status, response={"id": "resp_1", "status": status, "output": list(output), **fields})


def message(*texts: str, annotations: object = (), **fields: object) -> Json:
    """A message item."""
    parts = [{"type": "output_text", "text": text, "annotations": annotations} for text in texts]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": parts, **fields}


def call(name: str = "roll", arguments: object = "{}", id: str = "call_1", **fields: object) -> Json:
    """A function call's item."""
    return {"type": "function_call", "call_id": id, "name": name, "arguments": arguments, **fields}


def stream(*events: Json, line_end: str = "\n") -> bytes:
    """An event stream, each event with its name."""
    lines = (f"event: {each.get('type')}{line_end}data: {json.dumps(each)}{line_end * 2}" for each in events)
    return "".join(lines).encode()


def decode(body: bytes, *, size: int = 1 << 20) -> list[Event]:
    """The events of a body that arrives in pieces of this many bytes, without `Started`."""
    numbers = count(1)
    decoder = BodyDecoder(ResponseDecoder(new_call_id=lambda: f"made-{next(numbers)}"))
    events: list[Event] = []
    for start in range(0, len(body), size):
        events += decoder.feed(body[start : start + size])
    events += decoder.close()
    return [each for each in events if not isinstance(each, Started)]


def called(*pieces: str, name: str = "roll", id: str = "call_1", index: int = 0) -> list[Event]:
    """The events of a call while it is streamed."""
    return [ToolCallStarted(index, id, name), *(ToolCallDelta(index, piece) for piece in pieces)]


SIDES = '{"sides": 6}'
DONE = ToolCallDone(0, "call_1", "roll", SIDES)
SEARCH: Json = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
WISH: Json = {**SEARCH, "action": {"type": "search", "query": "owls"}}

ANSWERS: dict[str, tuple[list[Json], list[Event]]] = {
    "deltas": (
        [
            event("created", response={"id": "resp_1", "model": "m", "status": "in_progress"}),
            event("output_item.added", output_index=0, item=message()),
            event("content_part.added", output_index=0, part={}),
            said("Hel", output_index=0, item_id="msg_1", sequence_number=4),
            said("lo.", output_index=0, item_id="msg_1", sequence_number=5),
            event("output_text.done", output_index=0, text="Hello."),
            event("output_item.done", output_index=0, item=message("Hello.")),
            ended("completed", message("Hello.")),
        ],
        [TextDelta("Hel"), TextDelta("lo."), STOP],
    ),
    "deltas only": ([said("Hello."), ended()], [TextDelta("Hello."), STOP]),
    "an item only": ([event("output_item.done", item=message("Hel", "lo.")), ended()], [TextDelta("Hello."), STOP]),
    "the end only": ([ended("completed", message("Hello."))], [TextDelta("Hello."), STOP]),
    "the rest of an item": (
        [said("Hel"), event("output_item.done", item=message("Hello.")), ended("completed", message("Hello."))],
        [TextDelta("Hel"), TextDelta("lo."), STOP],
    ),
    "two messages": (
        [
            event("output_item.done", item=message("Hello.")),
            event("output_item.added", item=message()),
            said("Bye."),
            event("output_item.done", item=message("Bye.")),
            ended(),
        ],
        [TextDelta("Hello."), TextDelta("Bye."), STOP],
    ),
    "an id that changes with every event": (
        [said("Hello.", item_id="a"), event("output_item.done", item=message("Hello.", id="b")), ended()],
        [TextDelta("Hello."), STOP],
    ),
    "content that is a text": (
        [event("output_item.done", item={"type": "message", "content": "Hello."}), ended()],
        [TextDelta("Hello."), STOP],
    ),
    "thinking in tags": (
        [said("<think>Hm.</think>Hello."), ended()],
        [ReasoningDelta("Hm."), TextDelta("Hello."), STOP],
    ),
    "a summary of the thinking": (
        [event("reasoning_summary_text.delta", delta="Hm."), said("Hello."), ended()],
        [ReasoningDelta("Hm."), TextDelta("Hello."), STOP],
    ),
    "the thinking itself": (
        [event("reasoning_text.delta", delta="Hm."), said("Hello."), ended()],
        [ReasoningDelta("Hm."), TextDelta("Hello."), STOP],
    ),
    "thinking that was not streamed": (
        [
            event("output_item.done", item={"type": "reasoning", "summary": [{"text": "Hm."}], "content": None}),
            said("Hello."),
            ended(),
        ],
        [ReasoningDelta("Hm."), TextDelta("Hello."), STOP],
    ),
    "a refusal": (
        [event("refusal.delta", delta="I can"), event("refusal.delta", delta="not."), ended()],
        [TextDelta("I can"), TextDelta("not."), FILTERED],
    ),
    "a refusal that was not streamed": (
        [ended("completed", {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]})],
        [TextDelta("No."), FILTERED],
    ),
    "cut by length": (
        [said("Hel"), ended("incomplete", incomplete_details={"reason": "max_output_tokens"})],
        [TextDelta("Hel"), Finished(FinishReason.LENGTH)],
    ),
    "cut by a filter": (
        [said("Hel"), ended("incomplete", incomplete_details={"reason": "content_filter"})],
        [TextDelta("Hel"), FILTERED],
    ),
    "cut without a reason": ([said("Hel"), ended("incomplete")], [TextDelta("Hel"), Finished(FinishReason.LENGTH)]),
    "usage": (
        [
            said("Hello."),
            ended(
                usage={
                    "input_tokens": 20,
                    "output_tokens": 9,
                    "input_tokens_details": {"cached_tokens": 8},
                    "output_tokens_details": {"reasoning_tokens": 4},
                }
            ),
        ],
        [TextDelta("Hello."), Usage(input_tokens=20, output_tokens=9, cached_tokens=8, reasoning_tokens=4), STOP],
    ),
    "usage in the words of chat completions": (
        [said("Hello."), ended(usage={"prompt_tokens": 20, "completion_tokens": 9})],
        [TextDelta("Hello."), Usage(input_tokens=20, output_tokens=9), STOP],
    ),
    "a call": (
        [
            event("output_item.added", output_index=0, item=call(arguments="")),
            event("function_call_arguments.delta", output_index=0, delta='{"sides"'),
            event("function_call_arguments.delta", output_index=0, delta=": 6}"),
            event("function_call_arguments.done", output_index=0, arguments=SIDES),
            event("output_item.done", output_index=0, item=call(arguments=SIDES)),
            ended("completed", call(arguments=SIDES)),
        ],
        [*called('{"sides"', ": 6}"), DONE, CALLS],
    ),
    "a call by llama.cpp, without indexes": (
        [
            event("output_item.added", item=call(arguments="", id="call_1") | {"id": "fc_1"}),
            event("function_call_arguments.delta", item_id="fc_1", delta=SIDES),
            event("output_item.done", item=call(arguments=SIDES) | {"id": "fc_1"}),
            ended("completed", call(arguments=SIDES) | {"id": "fc_1"}),
        ],
        [*called(SIDES), DONE, CALLS],
    ),
    "a call whose arguments come at once": (
        [
            event("output_item.added", output_index=0, item=call(arguments="")),
            event("function_call_arguments.done", output_index=0, arguments=SIDES),
            ended(),
        ],
        [*called(SIDES), DONE, CALLS],
    ),
    "a call at the item's end only": (
        [event("output_item.done", item=call(arguments=SIDES)), ended()],
        [*called(SIDES), DONE, CALLS],
    ),
    "two calls at the end only": (
        [ended("completed", call(arguments=SIDES), call("toss", id="call_2"))],
        [
            *called(SIDES),
            *called("{}", name="toss", id="call_2", index=1),
            DONE,
            ToolCallDone(1, "call_2", "toss", "{}"),
            CALLS,
        ],
    ),
    "two calls whose pieces alternate": (
        [
            event("output_item.added", output_index=0, item=call(arguments="")),
            event("output_item.added", output_index=1, item=call("toss", "", "call_2")),
            event("function_call_arguments.delta", output_index=0, delta=SIDES),
            event("function_call_arguments.delta", output_index=1, delta="{}"),
            ended(),
        ],
        [
            ToolCallStarted(0, "call_1", "roll"),
            ToolCallStarted(1, "call_2", "toss"),
            ToolCallDelta(0, SIDES),
            ToolCallDelta(1, "{}"),
            DONE,
            ToolCallDone(1, "call_2", "toss", "{}"),
            CALLS,
        ],
    ),
    "two calls of one id": (
        [event("output_item.done", output_index=place, item=call()) for place in (0, 1)] + [ended()],
        [
            *called("{}"),
            *called("{}", id="made-1", index=1),
            ToolCallDone(0, "call_1", "roll", "{}"),
            ToolCallDone(1, "made-1", "roll", "{}"),
            CALLS,
        ],
    ),
    "a call without arguments": (
        [event("output_item.done", item=call(arguments="")), ended()],
        [*called(), ToolCallDone(0, "call_1", "roll", "{}"), CALLS],
    ),
    "arguments that are decoded": (
        [event("output_item.done", item=call(arguments={"sides": 6})), ended()],
        [*called(SIDES), DONE, CALLS],
    ),
    "a web search": (
        [
            event("output_item.added", output_index=0, item=SEARCH | {"status": "in_progress"}),
            event("web_search_call.in_progress", output_index=0, item_id="ws_1"),
            event("web_search_call.completed", output_index=0, item_id="ws_1"),
            event("output_item.done", output_index=0, item=WISH),
            said("Hoo."),
            ended(),
        ],
        [
            ServerTool("ws_1", "web_search", is_done=False),
            ServerTool("ws_1", "web_search", is_done=False),
            ServerTool("ws_1", "web_search", is_done=True, detail="owls"),
            TextDelta("Hoo."),
            STOP,
        ],
    ),
    "a search that failed, in a file": (
        [
            event(
                "output_item.done",
                item={"type": "file_search_call", "id": "fs", "status": "failed", "queries": ["owls", "bats"]},
            ),
            ended(),
        ],
        [ServerTool("fs", "file_search", is_done=True, detail="owls, bats, failed"), STOP],
    ),
    "citations": (
        [
            said("Hoo."),
            event(
                "output_text.annotation.added", annotation={"type": "url_citation", "url": "https://www.owls.example/a"}
            ),
            event(
                "output_item.done",
                item=message(
                    "Hoo.",
                    annotations=[{"url": "https://www.owls.example/a"}, {"url": "http://bats.example:80/?q=(1)"}],
                ),
            ),
            ended(),
        ],
        [
            TextDelta("Hoo."),
            TextDelta(
                "\n-# Sources: [owls.example](<https://www.owls.example/a>) · "
                "[bats.example](<http://bats.example:80/?q=(1)>)"
            ),
            STOP,
        ],
    ),
    "what nobody knows": (
        [event("new.thing", x=1), event("queued", response={}), {"type": 7}, {}, said("Hello."), ended()],
        [TextDelta("Hello."), STOP],
    ),
    "fields of other types": (
        [
            event("output_item.added", item=3),
            event("output_item.done", item={"type": "message", "content": [7, {"text": 8}]}),
            event("output_text.delta", delta={"a": 1}),
            event("function_call_arguments.delta", delta=None),
            event("output_text.annotation.added", annotation="x"),
            said("Hello."),
            ended(usage=[1], incomplete_details="x"),
        ],
        [TextDelta("Hello."), STOP],
    ),
    "the older word for the end": ([said("Hello."), event("done", response={})], [TextDelta("Hello."), STOP]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_response_becomes_its_events(name: str) -> None:
    """However much of it a server leaves out, an answer comes once, in order, and with its end."""
    sent, expected = ANSWERS[name]
    assert decode(stream(*sent)) == expected


@given(name=st.sampled_from(sorted(ANSWERS)), size=st.integers(1, 80), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_response_is_the_same_in_any_split(name: str, size: int, line_end: str) -> None:
    """How the network cuts a stream into pieces changes nothing."""
    sent, expected = ANSWERS[name]
    assert decode(stream(*sent, line_end=line_end), size=size) == expected


@pytest.mark.parametrize("name", ANSWERS)
def test_what_follows_the_end_is_not_looked_at(name: str) -> None:
    """The end is the end, whatever a server says after it."""
    sent, expected = ANSWERS[name]
    assert decode(stream(*sent) + b"data: [DONE]\n\n" + stream(said("More."), {"error": {"message": "x"}})) == expected


def test_done_alone_ends_an_answer() -> None:
    """A relay that knows `[DONE]` only is believed, if it has said something."""
    assert decode(stream(said("Hello.")) + b"data: [DONE]\n\n") == [TextDelta("Hello."), STOP]
    with pytest.raises(ProviderError):
        decode(b"data: [DONE]\n\n")


def test_events_without_names_or_types_are_told_apart_by_what_they_have() -> None:
    """The name of an event says its type where the data does not, and the other way round."""
    named = b'event: response.output_text.delta\ndata: {"delta": "Hello."}\n\n'
    typed = b"data: " + json.dumps(ended()).encode() + b"\n\n"
    assert decode(named + typed) == [TextDelta("Hello."), STOP]


def test_response_that_was_not_streamed_is_the_same() -> None:
    """One body of JSON with all of it."""
    body = {"id": "r", "object": "response", "status": "completed", "model": "m", "error": None}
    whole = json.dumps({**body, "output": [message("Hello."), call(arguments=SIDES)]}).encode()
    assert decode(whole) == [TextDelta("Hello."), *called(SIDES), DONE, CALLS]


def test_started_names_the_response_and_its_model() -> None:
    """Once, with the first that is heard of it."""
    decoder = ResponseDecoder(new_call_id=str)
    first = decoder.feed(json.dumps(event("created", response={"id": "resp_1", "model": "m"})))
    assert first == [Started("resp_1", "m")]
    assert decoder.feed(json.dumps(said("x"))) + decoder.feed(json.dumps(said("y"))) != first
    assert decoder.id == "resp_1"


def test_output_is_what_may_be_sent_back() -> None:
    """The items as they came, without what is null."""
    decoder = ResponseDecoder(new_call_id=str)
    thought: Json = {"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "status": None, "summary": []}
    decoder.feed(json.dumps(event("output_item.done", item=thought)))
    decoder.feed(json.dumps(event("output_item.done", item=call())))
    decoder.feed(json.dumps(ended("completed", thought, call())))
    assert decoder.output == [{"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": []}, call()]


FAILURES: dict[str, tuple[bytes, ProviderFault]] = {
    "an error event": (stream({"type": "error", "code": "server_error", "message": "Oh."}), ProviderFault.BUSY),
    "an error event with an object": (
        stream({"type": "error", "error": {"type": "rate_limit_exceeded", "message": "Slow."}}),
        ProviderFault.RATE_LIMITED,
    ),
    "an error that is only named": (b"event: error\ndata: Oh, overloaded.\n\n", ProviderFault.BUSY),
    "an error object": (b'data: {"error": {"message": "no", "code": 401}}\n\n', ProviderFault.AUTH),
    "an error object in a list": (b'[{"error": {"message": "no", "code": 401}}]', ProviderFault.AUTH),
    "a body with an error": (b'{"error": {"message": "no", "code": "insufficient_quota"}}', ProviderFault.QUOTA),
    "failed": (
        stream(said("x"), ended("failed", error={"code": "rate_limit_exceeded", "message": "Slow."})),
        ProviderFault.RATE_LIMITED,
    ),
    "failed without a reason": (stream(said("x"), ended("failed")), ProviderFault.BUSY),
    "cancelled": (stream(said("x"), ended("cancelled")), ProviderFault.UNKNOWN),
    "not there yet": (b'{"object": "response", "status": "queued"}', ProviderFault.PROTOCOL),
    "cut": (stream(said("x")), ProviderFault.PROTOCOL),
    "nothing": (b"", ProviderFault.PROTOCOL),
    "a page": (b"<html><title>Log in</title>", ProviderFault.PROTOCOL),
    "stray words": (b"data: ping\n\n", ProviderFault.PROTOCOL),
    "broken JSON": (b'data: {"type": "response.out\n\n', ProviderFault.PROTOCOL),
    "chat completions": (b'data: {"object": "chat.completion.chunk", "choices": []}\n\n', ProviderFault.PROTOCOL),
    "threads": (b'event: thread.created\ndata: {"object": "thread", "id": "t"}\n\n', ProviderFault.PROTOCOL),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failure_says_why(name: str) -> None:
    """What is no answer is an error with its reason, and never an end."""
    body, fault = FAILURES[name]
    with pytest.raises(ProviderError) as caught:
        decode(body)
    assert caught.value.fault is fault


def test_too_long_a_request_is_told_apart() -> None:
    """Also when the response fails with it."""
    with pytest.raises(ContextTooLong):
        decode(stream(ended("failed", error={"code": "context_length_exceeded", "message": "Too long."})))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_an_error(body: bytes) -> None:
    """Nothing that a server may send breaks the decoder."""
    with suppress(ProviderError):
        decode(b"data: " + body)


Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KINDS = sorted({sent["type"] for events, _ in ANSWERS.values() for sent in events if isinstance(sent.get("type"), str)})
FIELDS = ("item", "delta", "response", "output_index", "item_id", "arguments", "annotation")


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), Values)), max_size=5))
def test_any_fields_are_an_answer_or_an_error(events: list[tuple[str, Json]]) -> None:
    """Every field may be of any type."""
    with suppress(ProviderError):
        decode(stream(*({"type": kind, **fields} for kind, fields in events)))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a.example/>)@everyone",
        "https://a.example/ b",
        "https://good.example@bad.example/",
        "https://a.example/\n# big",
        "https://a.example/" + "x" * 300,
        "ftp://a.example/",
    ],
)
def test_unsafe_address_is_not_cited(url: str) -> None:
    """What could end the link, hide where it leads, or fill the message is left out."""
    sent = event("output_text.annotation.added", annotation={"url": url})
    assert decode(stream(said("Hoo."), sent, ended())) == [TextDelta("Hoo."), STOP]


def test_five_pages_are_cited_at_most() -> None:
    """The list stays one line."""
    pages = [{"url": f"https://a.example/{number}"} for number in range(9)]
    events = decode(stream(event("output_item.done", item=message("Hoo.", annotations=pages)), ended()))
    assert isinstance(events[1], TextDelta)
    assert events[1].text.count("](<https://") == 5
