"""What real servers and relays send over chat completions, each as it was recorded, through the whole adapter.

The ids are the rows of what was found out: first how streams deviate, then how relays do, then how they say no.  What
is not about one response has its test elsewhere: connections and time-outs in `test_transport`, what is sent instead
of what a server refuses in `test_dialects`, all error bodies in `tests/pure/test_failures.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.events import Carried, Finished, FinishReason, ReasoningDelta, Started, ToolCallDone, Usage
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story
from tests.providers.asking import ask, question, text_of
from tests.providers.test_chat_completions import ROLL


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer comes to."""

    text: str = "Hi there"
    thinking: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    reason: FinishReason = FinishReason.STOP
    usage: Usage | None = None


def chunk(delta: object = None, finish: str | None = None, **more: object) -> str:
    """One chunk of one choice."""
    return json.dumps(
        {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    )


def sse(*events: str, done: bool = True) -> bytes:
    """A stream of these data."""
    return "".join(f"data: {event}\n\n" for event in (*events, *(["[DONE]"] if done else []))).encode()


def call(*, index: int | None = None, id: str | None = None, name: str | None = None, arguments: object = None) -> str:
    """A chunk with a piece of a call; what is None is absent."""
    piece: dict[str, object] = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return chunk({"tool_calls": [piece | {k: v for k, v in {"index": index, "id": id}.items() if v is not None}]})


HI, THERE, STOP = chunk({"role": "assistant", "content": "Hi"}), chunk({"content": " there"}), chunk({}, "stop")
WHOLE = (HI, THERE, STOP)
COUNT = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
COUNTED = Usage(input_tokens=9, output_tokens=2)
TWO = Told(text="", calls=(("roll", '{"n":6}'), ("toss", "{}")), reason=FinishReason.TOOL_CALLS)
ONE = Told(text="", calls=(("roll", '{"n":6}'),), reason=FinishReason.TOOL_CALLS)

ANSWERS: dict[str, tuple[bytes, Told]] = {
    # How streams deviate
    "OpenRouter: comments while it waits": (b": OPENROUTER PROCESSING\n\n" * 3 + sse(*WHOLE), Told()),
    "sse-starlette: a ping with the time": (b": ping - 2026-11-22 12:00:00+00:00\r\n\r\n" + sse(*WHOLE), Told()),
    "llama.cpp: a colon alone": (sse(HI, done=False) + b":\n\n" + sse(THERE, STOP), Told()),
    "a comment with data before the end": (sse(*WHOLE, done=False) + b': {"cost": 0.1}\n\ndata: [DONE]\n\n', Told()),
    "ik_llama.cpp: no [DONE]": (sse(*WHOLE, done=False), Told()),
    "text-generation-inference: no blank line after [DONE]": (sse(*WHOLE, done=False) + b"data:[DONE]", Told()),
    "usage in a last chunk without choices": (
        sse(*WHOLE, json.dumps({"choices": [], "usage": COUNT})),
        Told(usage=COUNTED),
    ),
    "Azure: a first chunk without choices": (
        sse(json.dumps({"choices": [], "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]}), *WHOLE),
        Told(),
    ),
    "Azure: a choice without delta": (
        sse(
            HI,
            THERE,
            json.dumps({"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]}),
            STOP,
        ),
        Told(),
    ),
    "Gemini: usage with the last words": (
        sse(HI, chunk({"content": " there"}, "stop", usage=COUNT)),
        Told(usage=COUNTED),
    ),
    "Gemini: calls without index": (
        sse(call(id="a", name="roll", arguments='{"n":6}'), call(id="b", name="toss", arguments="{}"), STOP),
        TWO,
    ),
    "an index that restarts in each chunk": (
        sse(
            call(index=0, id="a", name="roll", arguments='{"n":6}'),
            call(index=0, id="b", name="toss", arguments="{}"),
            STOP,
        ),
        TWO,
    ),
    "Ollama: a whole call in one chunk, then stop": (
        sse(call(index=0, id="a", name="roll", arguments='{"n":6}'), chunk({"content": ""}, "stop")),
        ONE,
    ),
    "empty arguments of a tool without parameters": (
        sse(call(index=0, id="a", name="now", arguments=""), STOP),
        replace(ONE, calls=(("now", "{}"),)),
    ),
    "llama.cpp: null beside the role": (
        sse(chunk({"role": "assistant", "content": None}), *WHOLE, chunk({"role": None, "content": None})),
        Told(),
    ),
    "mlx-vlm: tool_calls null": (sse(chunk({"content": "Hi", "tool_calls": None}), THERE, STOP), Told()),
    "DeepSeek: reasoning_content": (
        sse(chunk({"content": None, "reasoning_content": "Hm."}), *WHOLE),
        Told(thinking="Hm."),
    ),
    "vLLM, OpenRouter: reasoning": (sse(chunk({"content": "", "reasoning": "Hm."}), *WHOLE), Told(thinking="Hm.")),
    "CRLF": (sse(*WHOLE).replace(b"\n", b"\r\n"), Told()),
    "CR": (sse(*WHOLE).replace(b"\n", b"\r"), Told()),
    "no space after data": (sse(*WHOLE).replace(b"data: ", b"data:"), Told()),
    "several data lines in one event": (sse(HI, THERE.replace(', "', ',\ndata: "'), STOP), Told()),
    "a byte order mark": (b"\xef\xbb\xbf" + sse(*WHOLE), Told()),
    # How relays deviate
    "a stream that was asked for comes whole": (
        json.dumps(
            {"choices": [{"message": {"content": "Hi there"}, "finish_reason": "stop"}], "usage": COUNT}
        ).encode(),
        Told(usage=COUNTED),
    ),
    "no usage": (sse(*WHOLE), Told()),
    "usage null in all chunks": (sse(*(each[:-1] + ', "usage": null}' for each in WHOLE)), Told()),
    "usage of zero": (sse(*WHOLE, json.dumps({"choices": [], "usage": dict.fromkeys(COUNT, 0)})), Told()),
    "thinking inside the content": (
        sse(chunk({"content": "<think>\nHm."}), chunk({"content": "</think>\n\nHi"}), THERE, STOP),
        Told(thinking="Hm."),
    ),
    "no finish_reason": (sse(HI, THERE), Told()),
    "an empty finish_reason in each chunk": (sse(chunk({"content": "Hi"}, ""), THERE, STOP), Told()),
    "stop with calls": (sse(call(index=0, id="a", name="roll", arguments='{"n":6}'), STOP), ONE),
    "calls without index and id": (
        sse(call(name="roll", arguments='{"n":6}'), call(name="toss", arguments="{}"), STOP),
        TWO,
    ),
    "identical ids of parallel calls": (
        sse(
            call(index=0, id="a", name="roll", arguments='{"n":6}'),
            call(index=1, id="a", name="toss", arguments="{}"),
            STOP,
        ),
        TWO,
    ),
    "empty ids of parallel calls": (
        sse(
            call(index=0, id="", name="roll", arguments='{"n":6}'),
            call(index=1, id="", name="toss", arguments="{}"),
            STOP,
        ),
        TWO,
    ),
    "an empty id and another model": (
        sse(json.dumps({"id": "", "model": "mapped-model", "choices": []}), *WHOLE),
        Told(),
    ),
    "no model, no fingerprint, no created": (
        sse(*(json.dumps({"choices": [{"delta": {"content": word}}]}) for word in ("Hi", " there"))),
        Told(),
    ),
    "an image model answers with a link": (
        sse(chunk({"content": "![image](https://cdn.example/1.png)"}), STOP),
        Told(text="![image](https://cdn.example/1.png)"),
    ),
    "padding against eavesdroppers": (sse(*(each[:-1] + ', "obfuscation": "x7"}' for each in WHOLE)), Told()),
    "function_call of old": (
        sse(
            chunk({"function_call": {"name": "roll", "arguments": '{"n"'}}),
            chunk({"function_call": {"arguments": ":6}"}}, "function_call"),
        ),
        ONE,
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_answer_is_understood(name: str, provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """Each deviation comes to the answer that was meant."""
    body, told = ANSWERS[name]
    provider.play(Story(body=body))
    events = await ask(completions, replace(question(), tools=(ROLL,)))
    assert isinstance(events[0], Started)
    assert events[-1] == Finished(told.reason)
    done = [event for event in events if isinstance(event, ToolCallDone)]
    assert len({event.id for event in done if event.id}) == len(done)
    assert told == Told(
        text=text_of(events),
        thinking="".join(event.text for event in events if isinstance(event, ReasoningDelta)),
        calls=tuple((event.name, event.arguments) for event in done),
        reason=told.reason,
        usage=next((event for event in events if isinstance(event, Usage)), None),
    )


CARRIED: dict[str, tuple[bytes, dict[str, object]]] = {
    "DeepSeek: reasoning_content is wanted back": (
        sse(chunk({"reasoning_content": "Hm."}), call(index=0, id="a", name="roll", arguments="{}"), STOP),
        {"message": {"reasoning_content": "Hm."}, "calls": []},
    ),
    "Gemini: thought_signature is wanted back": (
        sse(
            call(id="a", name="roll", arguments="{}").replace(
                '"type"', '"extra_content": {"google": {"thought_signature": "c2ln"}}, "type"'
            ),
            STOP,
        ),
        {"message": {}, "calls": [{"extra_content": {"google": {"thought_signature": "c2ln"}}}]},
    ),
    "OpenRouter: reasoning_details are wanted back": (
        sse(
            chunk({"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "index": 0}]}),
            call(index=0, id="a", name="roll", arguments="{}"),
            STOP,
        ),
        {"message": {"reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "index": 0}]}, "calls": []},
    ),
}


@pytest.mark.parametrize("name", CARRIED)
async def test_thinking_is_carried(name: str, provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """What a provider wants back with its calls is kept for it."""
    body, carried = CARRIED[name]
    provider.play(Story(body=body))
    events = await ask(completions, replace(question(), tools=(ROLL,)))
    (event,) = (event for event in events if isinstance(event, Carried))
    assert event.data == {"provider": "scripted", "model": "scripted", **carried}


def error(**fields: object) -> bytes:
    """An error in OpenAI's shape, of these fields."""
    return json.dumps({"error": fields}).encode()


FAILURES: dict[str, tuple[int, bytes, ProviderFault]] = {
    # In a stream, or in place of it, with 200
    "a stream that ends with no finish_reason": (200, sse(HI, done=False), ProviderFault.PROTOCOL),
    "OpenRouter: an error object in the stream": (
        200,
        sse(HI, chunk({"content": ""}, "error", error={"code": 502, "message": "Provider disconnected"})),
        ProviderFault.BUSY,
    ),
    "vLLM: an error of its own shape in the stream": (
        200,
        sse(HI, json.dumps({"object": "error", "message": "bad", "type": "BadRequestError", "code": 400})),
        ProviderFault.BAD_REQUEST,
    ),
    "text-generation-inference: an error of one word": (200, sse(HI, '{"error": "overloaded"}'), ProviderFault.BUSY),
    "an error object with 200": (200, error(message="no", type="insufficient_quota"), ProviderFault.QUOTA),
    "code and msg with 200": (200, b'{"code": 429, "msg": "too many requests"}', ProviderFault.RATE_LIMITED),
    "success false with 200": (200, b'{"success": false, "message": "x"}', ProviderFault.UNKNOWN),
    "a page with 200": (200, b"<!doctype html><title>Log in</title>", ProviderFault.PROTOCOL),
    # What stands in error bodies
    "new-api: a code that is null": (
        400,
        error(message="x", type="new_api_error", code=None),
        ProviderFault.BAD_REQUEST,
    ),
    "one-api: a code that is a number": (500, error(message="x", type="one_api_error", code=7), ProviderFault.BUSY),
    "an error that is a text": (400, b'{"error": "prompt is bad"}', ProviderFault.BAD_REQUEST),
    "code, message and data": (400, b'{"code": "invalid", "message": "x", "data": null}', ProviderFault.BAD_REQUEST),
    "description, type and code": (400, b'{"description": "x", "type": "y", "code": 4}', ProviderFault.BAD_REQUEST),
    "success false": (401, b'{"success": false, "message": "x"}', ProviderFault.AUTH),
    "Stability: id, name, errors": (400, b'{"id": "1", "name": "y", "errors": ["x"]}', ProviderFault.BAD_REQUEST),
    "FastAPI: detail": (422, b'{"detail": [{"loc": ["body", "x"], "msg": "y"}]}', ProviderFault.BAD_REQUEST),
    "Spring: timestamp, status, error, path": (
        503,
        b'{"timestamp": 1, "status": 503, "error": "Service Unavailable", "path": "/"}',
        ProviderFault.BUSY,
    ),
    "Cloudflare: a page": (520, b"<html><title>520</title>", ProviderFault.BUSY),
    # What relays mean by their statuses and codes
    "quota as 403": (403, error(message="x", code="insufficient_user_quota"), ProviderFault.QUOTA),
    "quota before the request": (403, error(code="pre_consume_token_quota_failed"), ProviderFault.QUOTA),
    "no such model as 503": (
        503,
        error(message="no available channel for model x under group y", code="model_not_found"),
        ProviderFault.NOT_FOUND,
    ),
    "get_channel_failed": (500, error(code="get_channel_failed"), ProviderFault.BUSY),
    "no_available_key": (500, error(code="channel:no_available_key"), ProviderFault.BUSY),
    "do_request_failed": (500, error(code="do_request_failed"), ProviderFault.BUSY),
    "bad_response_status_code": (400, error(code="bad_response_status_code"), ProviderFault.BUSY),
    "empty_response": (200, error(code="empty_response"), ProviderFault.BUSY),
    "sensitive_words_detected": (400, error(code="sensitive_words_detected"), ProviderFault.MODERATED),
    "prompt_blocked": (400, error(code="prompt_blocked"), ProviderFault.MODERATED),
    "access_denied": (403, error(code="access_denied"), ProviderFault.AUTH),
    "read_request_body_failed": (413, error(code="read_request_body_failed"), ProviderFault.BAD_REQUEST),
    "api_not_implemented": (501, error(code="api_not_implemented"), ProviderFault.NOT_IMPLEMENTED),
    "429: the relay's own limit": (
        429,
        error(message="You have reached the request limit: at most 3 requests in 1 minutes"),
        ProviderFault.RATE_LIMITED,
    ),
    "429: upstream is saturated": (
        429,
        error(message="the upstream load of this group is saturated, please try again later"),
        ProviderFault.BUSY,
    ),
    "429: an upstream's quota": (429, error(message="x", type="insufficient_quota"), ProviderFault.QUOTA),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_failure_is_understood(name: str, provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """Each way to say no has its reason, and none passes for an answer."""
    status, body, fault = FAILURES[name]
    provider.default = Story(status=status, body=body)
    with pytest.raises(ProviderError) as caught:
        await ask(completions)
    assert caught.value.fault is fault


async def test_started_names_what_the_relay_runs(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A relay may map a model's name to another, and leave the id empty."""
    provider.play(Story(body=sse(json.dumps({"id": "", "model": "mapped", "choices": []}), *WHOLE)))
    assert (await ask(completions))[0] == Started(None, "mapped")
