"""Chat completions as events: what real providers and relays send."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ContextTooLong, ProviderError, ProviderFault
from bot.providers.body_decoder import BodyDecoder
from bot.providers.chat.decoder import ChunkDecoder
from bot.providers.events import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolCallStarted,
    Usage,
)

STOP = Finished(FinishReason.STOP)
CALLS = Finished(FinishReason.TOOL_CALLS)


def chunk(delta: object = None, finish: str | None = None, **more: object) -> str:
    """One chunk of a streamed completion."""
    choice = {"index": 0, "delta": delta if delta is not None else {}, "finish_reason": finish}
    return json.dumps({"id": "c1", "model": "m", "choices": [choice], **more})


def call(name: str | None = None, arguments: object = None, **more: object) -> dict[str, object]:
    """A delta with one piece of a tool call."""
    return {"tool_calls": [{"function": {"name": name, "arguments": arguments}, **more}]}


def stream(*chunks: str, done: bool = True) -> bytes:
    """An event stream of these data lines."""
    return "".join(f"data: {data}\n\n" for data in (*chunks, *(["[DONE]"] if done else []))).encode()


def whole(message: object, finish: str | None = "stop", **more: object) -> bytes:
    """A completion that is not streamed."""
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"id": "c1", "model": "m", "choices": [choice], **more}).encode()


def decode(body: bytes, *, size: int = 1 << 20) -> list[Event]:
    """The events of a body that arrives in pieces of this many bytes, without `Started`."""
    numbers = count(1)
    decoder = BodyDecoder(ChunkDecoder(origin={"provider": "relay"}, new_call_id=lambda: f"made-{next(numbers)}"))
    events: list[Event] = []
    for start in range(0, len(body), size):
        events += decoder.feed(body[start : start + size])
    events += decoder.close()
    return [event for event in events if not isinstance(event, Started)]


def text(*pieces: str) -> list[Event]:
    """The events of a plain answer."""
    events: list[Event] = [TextDelta(piece) for piece in pieces]
    return [*events, STOP]


def thought(thinking: str, *pieces: str) -> list[Event]:
    """The events of an answer with thinking before it."""
    events: list[Event] = [ReasoningDelta(thinking)]
    return events + text(*pieces)


@dataclass(frozen=True, slots=True)
class Quirk:
    """What was sent, and the events it must become."""

    body: bytes
    events: list[Event]


HI = chunk({"role": "assistant", "content": "Hi"})
END = chunk({}, "stop")
COUNTED = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
ONE_CALL: list[Event] = [
    ToolCallStarted(0, "t1", "roll"),
    ToolCallDelta(0, '{"n":6}'),
    ToolCallDone(0, "t1", "roll", '{"n":6}'),
    CALLS,
]

QUIRKS: dict[str, Quirk] = {
    "as documented": Quirk(
        stream(chunk({"role": "assistant", "content": ""}), HI, chunk({"content": "!"}), END), text("Hi", "!")
    ),
    "done without finish_reason": Quirk(stream(HI), text("Hi")),
    "finish_reason without done": Quirk(stream(HI, END, done=False), text("Hi")),
    "done without blank line": Quirk(stream(HI, END, done=False) + b"data: [DONE]\n", text("Hi")),
    "anything after done": Quirk(stream(HI) + stream(chunk({"content": "no"})), text("Hi")),
    "comments": Quirk(b": OPENROUTER PROCESSING\n\n" + stream(HI, END) + b": {}\n\n", text("Hi")),
    "no space, crlf": Quirk(stream(HI, END).replace(b"data: ", b"data:").replace(b"\n", b"\r\n"), text("Hi")),
    "no blank lines": Quirk(stream(HI, END).replace(b"\n\n", b"\n"), text("Hi")),
    "words that are no JSON": Quirk(stream("ping", "", HI, END), text("Hi")),
    "usage in a last chunk": Quirk(
        stream(HI, END, json.dumps({"choices": [], "usage": COUNTED})),
        [TextDelta("Hi"), Usage(input_tokens=9, output_tokens=2), STOP],
    ),
    "usage with the last words": Quirk(
        stream(
            chunk(
                {"content": "Hi"},
                "stop",
                usage={
                    **COUNTED,
                    "prompt_tokens_details": {"cached_tokens": 4},
                    "completion_tokens_details": {"reasoning_tokens": 1},
                },
            )
        ),
        [TextDelta("Hi"), Usage(input_tokens=9, output_tokens=2, cached_tokens=4, reasoning_tokens=1), STOP],
    ),
    "usage that grows": Quirk(
        stream(
            chunk({"content": "Hi"}, usage={"prompt_tokens": 9, "completion_tokens": 1}),
            chunk({}, "stop", usage=COUNTED),
        ),
        [TextDelta("Hi"), Usage(input_tokens=9, output_tokens=2), STOP],
    ),
    "usage of zero": Quirk(
        stream(HI, chunk({}, "stop", usage={"prompt_tokens": 0, "completion_tokens": 0})), text("Hi")
    ),
    "usage of wrong types": Quirk(
        stream(
            HI, chunk({}, "stop", usage={"prompt_tokens": "9", "completion_tokens": None, "prompt_tokens_details": []})
        ),
        text("Hi"),
    ),
    "choices empty first": Quirk(stream(json.dumps({"choices": [], "prompt_filter_results": []}), HI, END), text("Hi")),
    "choice without delta": Quirk(
        stream(HI, json.dumps({"choices": [{"content_filter_offsets": {}}]}), END), text("Hi")
    ),
    "null everywhere": Quirk(
        stream(
            chunk({"role": None, "content": None, "tool_calls": None, "refusal": None, "function_call": None}), HI, END
        ),
        text("Hi"),
    ),
    "wrong types everywhere": Quirk(
        stream(
            json.dumps({"id": 7, "model": [], "choices": [{"index": "0", "delta": "x"}]}),
            json.dumps({"choices": [3]}),
            json.dumps({"choices": {"a": 1}}),
            json.dumps([]),
            chunk({"content": 5, "reasoning": {}, "tool_calls": "x", "refusal": 3}),
            chunk({"tool_calls": [None, {"function": "x", "index": "y"}]}),
            HI,
            chunk({}, "stop", usage="much"),
        ),
        text("Hi"),
    ),
    "a choice that was not asked for": Quirk(
        stream(HI, json.dumps({"choices": [{"index": 1, "delta": {"content": "no"}}]}), END, done=False), text("Hi")
    ),
    "content as parts": Quirk(
        stream(chunk({"content": [{"type": "text", "text": "H"}, "i", {"type": "image_url"}]}), END), text("H", "i")
    ),
    "thinking as parts": Quirk(
        stream(chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}), HI, END),
        thought("Hm", "Hi"),
    ),
    "older text field": Quirk(
        stream(*(json.dumps({"choices": [{"text": word}]}) for word in ("Hi", "!"))), text("Hi", "!")
    ),
    "older text field, whole": Quirk(json.dumps({"choices": [{"text": "Hi"}]}).encode(), text("Hi")),
    "whole message after its deltas": Quirk(
        stream(HI, json.dumps({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]})), text("Hi")
    ),
    "refusal": Quirk(
        stream(chunk({"refusal": "I can't."}), END), [TextDelta("I can't."), Finished(FinishReason.CONTENT_FILTER)]
    ),
    "cut by length": Quirk(stream(HI, chunk({}, "length")), [TextDelta("Hi"), Finished(FinishReason.LENGTH)]),
    "cut by a filter": Quirk(
        stream(HI, chunk({}, "content_filter")), [TextDelta("Hi"), Finished(FinishReason.CONTENT_FILTER)]
    ),
    "a word of its own for the end": Quirk(stream(HI, chunk({}, "eos")), text("Hi")),
    "calls announced but absent": Quirk(stream(HI, chunk({}, "tool_calls")), text("Hi")),
    "reasoning_content": Quirk(stream(chunk({"reasoning_content": "Hm"}), HI, END), thought("Hm", "Hi")),
    "reasoning": Quirk(stream(chunk({"reasoning": "Hm", "content": ""}), HI, END), thought("Hm", "Hi")),
    "both names of reasoning": Quirk(
        stream(chunk({"reasoning": "Hm", "reasoning_content": "Hm"}), HI, END), thought("Hm", "Hi")
    ),
    "think block": Quirk(
        stream(chunk({"content": "<thi"}), chunk({"content": "nk>Hm</th"}), chunk({"content": "ink>\n\nHi"}), END),
        thought("Hm", "Hi"),
    ),
    "think block never closed": Quirk(stream(chunk({"content": "<think>Hm"}), END), [ReasoningDelta("Hm"), STOP]),
    "call in pieces": Quirk(
        stream(
            chunk(call("roll", "", index=0, id="t1")),
            chunk(call(None, '{"n"', index=0)),
            chunk(call(None, ":6}", index=0)),
            chunk({}, "tool_calls"),
        ),
        [
            ToolCallStarted(0, "t1", "roll"),
            ToolCallDelta(0, '{"n"'),
            ToolCallDelta(0, ":6}"),
            ToolCallDone(0, "t1", "roll", '{"n":6}'),
            CALLS,
        ],
    ),
    "call in one chunk, stop": Quirk(stream(chunk(call("roll", '{"n":6}', index=0, id="t1")), END), ONE_CALL),
    "call without index": Quirk(stream(chunk(call("roll", '{"n":6}', id="t1")), END), ONE_CALL),
    "call cut by length": Quirk(
        stream(chunk(call("roll", '{"n":6}', index=0, id="t1")), chunk({}, "length")), ONE_CALL
    ),
    "arguments as an object": Quirk(
        stream(chunk(call("roll", {"n": 6}, index=0, id="t1")), END),
        [
            ToolCallStarted(0, "t1", "roll"),
            ToolCallDelta(0, '{"n": 6}'),
            ToolCallDone(0, "t1", "roll", '{"n": 6}'),
            CALLS,
        ],
    ),
    "no arguments": Quirk(
        stream(chunk(call("now", "", index=0, id="t1")), END),
        [ToolCallStarted(0, "t1", "now"), ToolCallDone(0, "t1", "now", "{}"), CALLS],
    ),
    "null arguments": Quirk(
        stream(chunk(call("now", None, index=0, id="t1")), END),
        [ToolCallStarted(0, "t1", "now"), ToolCallDone(0, "t1", "now", "{}"), CALLS],
    ),
    "name and id in every piece": Quirk(
        stream(chunk(call("roll", '{"n"', index=0, id="t1")), chunk(call("roll", ":6}", index=0, id="t1")), END),
        [
            ToolCallStarted(0, "t1", "roll"),
            ToolCallDelta(0, '{"n"'),
            ToolCallDelta(0, ":6}"),
            ToolCallDone(0, "t1", "roll", '{"n":6}'),
            CALLS,
        ],
    ),
    "older function_call": Quirk(
        stream(
            chunk({"function_call": {"name": "roll", "arguments": ""}}),
            chunk({"function_call": {"arguments": "{}"}}),
            chunk({}, "function_call"),
        ),
        [ToolCallStarted(0, "made-1", "roll"), ToolCallDelta(0, "{}"), ToolCallDone(0, "made-1", "roll", "{}"), CALLS],
    ),
    "custom tool": Quirk(
        stream(chunk({"tool_calls": [{"id": "t1", "custom": {"name": "run", "input": "x"}}]}), END),
        [ToolCallStarted(0, "t1", "run"), ToolCallDelta(0, "x"), ToolCallDone(0, "t1", "run", "x"), CALLS],
    ),
    "whole completion": Quirk(
        whole({"role": "assistant", "content": "Hi"}, usage=COUNTED),
        [TextDelta("Hi"), Usage(input_tokens=9, output_tokens=2), STOP],
    ),
    "whole completion without finish_reason": Quirk(whole({"content": "Hi"}, None), text("Hi")),
    "whole completion with calls": Quirk(
        whole({"content": None, "tool_calls": [{"id": "t1", "function": {"name": "roll", "arguments": '{"n":6}'}}]}),
        ONE_CALL,
    ),
    "whole completion as an event": Quirk(stream(whole({"content": "Hi"}).decode()), text("Hi")),
    "only spaces": Quirk(stream(chunk({"content": "  "}), END), text("  ")),
    "nothing but an end": Quirk(stream(END), text()),
}

# Two calls of a step, as providers write them: all must stay apart.
PARALLEL: dict[str, list[dict[str, object]]] = {
    "as documented": [
        call("a", "{", index=0, id="x"),
        call("b", "{", index=1, id="y"),
        call(None, "}", index=0),
        call(None, "}", index=1),
    ],
    "without index": [call("a", "{}", id="x"), call("b", "{}", id="y")],
    "without index or id": [call("a", "{}"), call("b", "{}")],
    "index starts again": [call("a", "{}", index=0, id="x"), call("b", "{}", index=0, id="y")],
    "the same id": [call("a", "{}", index=0, id="x"), call("b", "{}", index=1, id="x")],
    "empty ids": [call("a", "{}", index=0, id=""), call("b", "{}", index=1, id="")],
    "in one delta": [
        {"tool_calls": [{"function": {"name": "a", "arguments": "{}"}}, {"function": {"name": "b", "arguments": "{}"}}]}
    ],
    "pieces without index": [call("a", "{", id="x"), call(None, "}"), call("b", "{", id="y"), call(None, "}")],
}


@pytest.mark.parametrize("size", [1 << 20, 7])
@pytest.mark.parametrize("name", QUIRKS)
def test_decoder_understands(name: str, size: int) -> None:
    """Each deviation that was seen in the wild gives the events that were meant, in large reads and in tiny ones."""
    assert decode(QUIRKS[name].body, size=size) == QUIRKS[name].events


@pytest.mark.parametrize("name", PARALLEL)
def test_decoder_keeps_parallel_calls_apart(name: str) -> None:
    """Two calls are two calls with ids of their own, however their pieces are labelled."""
    done = [event for event in decode(stream(*map(chunk, PARALLEL[name]))) if isinstance(event, ToolCallDone)]
    assert [(event.index, event.name, event.arguments) for event in done] == [(0, "a", "{}"), (1, "b", "{}")]
    assert len({event.id for event in done}) == 2


def test_decoder_keeps_two_calls_of_one_tool_apart() -> None:
    """The same tool called twice with no index and no id is called twice."""
    events = decode(stream(chunk(call("roll", '{"n":6}')), chunk(call("roll", '{"n":6}'))))
    assert len([event for event in events if isinstance(event, ToolCallDone)]) == 2


def test_decoder_starts_with_what_the_provider_says_it_runs() -> None:
    """`Started` comes once, first, with the id and the model of the first chunk."""
    decoder = BodyDecoder(ChunkDecoder(new_call_id=str))
    assert list(decoder.feed(stream(HI, HI, done=False))) == [Started("c1", "m"), TextDelta("Hi"), TextDelta("Hi")]


FAILURES: dict[str, tuple[bytes, ProviderFault]] = {
    "cut in the middle": (stream(HI, done=False), ProviderFault.PROTOCOL),
    "cut in a chunk": (stream(HI, done=False) + b'data: {"choices": [{"del', ProviderFault.PROTOCOL),
    "nothing": (b"", ProviderFault.PROTOCOL),
    "white space": (b" \n\n", ProviderFault.PROTOCOL),
    "comments only": (b": ping\n\n: ping\n\n", ProviderFault.PROTOCOL),
    "a page": (b"<!doctype html><title>Welcome</title>", ProviderFault.PROTOCOL),
    "JSON cut": (b'{"choices": [', ProviderFault.PROTOCOL),
    "an object of something else": (b'{"hello": 1}', ProviderFault.PROTOCOL),
    "no choices": (b'{"choices": []}', ProviderFault.PROTOCOL),
    "deep nesting": (b"[" * 100_000, ProviderFault.PROTOCOL),
    "ten megabytes on one line": (b"data: " + b"x" * 10_000_000, ProviderFault.PROTOCOL),
    "ten megabytes of JSON": (b"{" + b" " * 10_000_000, ProviderFault.PROTOCOL),
    "error in the stream": (
        stream(HI, '{"error": {"message": "Rate limit exceeded", "code": 429}}'),
        ProviderFault.RATE_LIMITED,
    ),
    "error with choices": (
        stream(chunk({"content": ""}, "error", error={"code": 502, "message": "Provider disconnected"})),
        ProviderFault.BUSY,
    ),
    "finish_reason error": (stream(HI, chunk({}, "error")), ProviderFault.BUSY),
    "error of vLLM": (
        stream('{"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}'),
        ProviderFault.BAD_REQUEST,
    ),
    "error event of words": (b"event: error\ndata: overloaded\n\n", ProviderFault.BUSY),
    "error instead of a stream": (b'{"error": {"message": "x", "type": "authentication_error"}}', ProviderFault.AUTH),
    "error in a list": (b'[{"error": {"code": 503, "message": "x"}}]', ProviderFault.BUSY),
    "code and msg": (b'{"code": 1001, "msg": "x"}', ProviderFault.UNKNOWN),
    "success false": (b'{"success": false, "message": "insufficient balance"}', ProviderFault.QUOTA),
}


@pytest.mark.parametrize("name", FAILURES)
def test_decoder_tells_failures_from_answers(name: str) -> None:
    """What is no whole answer raises with the reason, and is never taken for one."""
    body, fault = FAILURES[name]
    with pytest.raises(ProviderError) as caught:
        decode(body, size=65536)
    assert caught.value.fault is fault


def test_decoder_tells_a_conversation_that_is_too_long() -> None:
    """The one bad request that a member can do something about has a sentence of its own."""
    with pytest.raises(ContextTooLong) as caught:
        decode(b'{"error": {"code": "context_length_exceeded", "message": "too long"}}')
    assert caught.value.fault is ProviderFault.BAD_REQUEST
    assert "longer than the model can read" in str(caught.value)


@settings(deadline=None)  # how fast the machine is proves nothing
@given(st.sampled_from(sorted(QUIRKS)), st.integers(1, 200))
def test_decoder_gives_the_same_answer_for_any_split(name: str, size: int) -> None:
    """Reads of any size make the same answer."""
    assert decode(QUIRKS[name].body, size=size) == QUIRKS[name].events


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "tool_calls", "function", "name", "error", "usage", "index"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)  # how fast the machine is proves nothing
@given(JSON)
def test_decoder_survives_any_json(value: object) -> None:
    """Whatever the types are, there is an answer or a ProviderError, and no other exception."""
    for body in (
        stream(json.dumps(value)),
        stream(json.dumps({"choices": [value]})),
        stream(json.dumps({"choices": [{"delta": value}]})),
    ):
        with suppress(ProviderError):
            assert isinstance(decode(body)[-1], Finished)


def test_decoder_gives_what_came_before_an_error() -> None:
    """Words and an error that arrive in the same bytes are both told, in their order."""
    body = stream(HI, '{"error": {"message": "The upstream broke."}}', done=False)
    events = BodyDecoder(ChunkDecoder(new_call_id=str)).feed(body)
    assert [next(events), next(events)] == [Started("c1", "m"), TextDelta("Hi")]
    with pytest.raises(ProviderError):
        next(events)
