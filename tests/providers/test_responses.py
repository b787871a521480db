"""The responses API over real sockets, against a provider that remembers, forgets and refuses as OpenAI's does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ProviderError, WrongApi
from bot.messages import GO_ON, PARTIAL, ChatMessage, ProviderRequest, Role, ToolCall, ToolChoice, ToolSpec
from bot.providers.events import Bookmark, Carried, Event, ServerTool, TextDelta, ToolCallDone
from bot.providers.responses.adapter import Responses
from bot.providers.responses.request import MAX_CARRIED_CHARS, to_carry
from bot.providers.transport import Transport
from sandbox.provider import ScriptedProvider
from sandbox.stories import ScriptedCall, Story, refusal
from tests.providers.asking import ask, endpoint, text_of

RUN = "run 7"
SCHEMA: Mapping[str, Any] = {"type": "object", "properties": {"sides": {"type": "integer"}}}
ROLL = ToolSpec(name="roll", description="Roll dice", parameters=SCHEMA)
SYSTEM = ChatMessage(role=Role.SYSTEM, content="Be kind.")
QUESTION = ChatMessage(role=Role.USER, content="(from Ada) Roll!", key="3 a1b2")
ASKED = ProviderRequest(model="scripted", messages=(SYSTEM, QUESTION), tools=(ROLL,), run_key=RUN)
CALLS = (ScriptedCall(name="roll", arguments=('{"sides": 6}',)), ScriptedCall(name="roll", id="call_2", index=1))
THINKS = Story(reasoning=("Hm.",), pieces=("Let me roll.",), tool_calls=CALLS, finish_reason="tool_calls")


def words(role: str, text: str) -> dict[str, Any]:
    """What somebody said, as an item."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


USER_ITEM = words("user", QUESTION.content)
OUTPUTS = [
    {"type": "function_call_output", "call_id": "call_1", "output": "a five"},
    {"type": "function_call_output", "call_id": "call_2", "output": "a two"},
]


@pytest.fixture
def responses(provider: ScriptedProvider, transport: Transport) -> Responses:
    """An adapter that lets the provider keep nothing."""
    return adapter(provider, transport)


def adapter(provider: ScriptedProvider, transport: Transport, **configured: object) -> Responses:
    """An adapter with the right key."""
    return Responses(endpoint(transport, provider.base_url, "sk-right-key", **configured))


def inputs(provider: ScriptedProvider) -> list[list[dict[str, Any]]]:
    """What each request added to the conversation."""
    return [performance.body["input"] for performance in provider.requests]  # type: ignore[misc]


def after(request: ProviderRequest, events: list[Event], *outputs: str) -> ProviderRequest:
    """The request that submits outputs, as the engine makes it of what it has stored."""
    done = [event for event in events if isinstance(event, ToolCallDone)]
    calls = tuple(ToolCall(id=event.id, name=event.name, arguments=event.arguments) for event in done)
    carried = next((event.data for event in events if isinstance(event, Carried)), None)
    step = ChatMessage(role=Role.ASSISTANT, content=text_of(events), tool_calls=calls, carried=carried, key=RUN)
    told = [
        ChatMessage(role=Role.TOOL, content=output, tool_call_id=call.id, key=RUN)
        for call, output in zip(calls, outputs, strict=True)
    ]
    return replace(request, messages=(*request.messages, step, *told), bookmarks=bookmarks(events))


def bookmarks(events: list[Event]) -> dict[str, Mapping[str, Any]]:
    """The last that came."""
    return {event.provider: event.state for event in events if isinstance(event, Bookmark)}


def then(request: ProviderRequest, events: list[Event], text: str = "Again!") -> ProviderRequest:
    """The next question, after an answer."""
    answer = ChatMessage(role=Role.ASSISTANT, content=text_of(events), key=RUN)
    question = ChatMessage(role=Role.USER, content=text, key=f"9 {text}")
    messages = (*request.messages, answer, question)
    return replace(request, messages=messages, run_key="run 8", bookmarks=bookmarks(events))


async def test_request_is_in_the_words_of_the_api(provider: ScriptedProvider, responses: Responses) -> None:
    """Each part has its place: instructions, flat functions, and nothing kept."""
    request = replace(
        ASKED,
        tool_choice=ToolChoice.REQUIRED,
        parallel_tool_calls=False,
        max_output_tokens=100,
        parameters={"temperature": 0.5, "reasoning_effort": "low", "verbosity": "high", "seed": 3},
        end_user="ada",
        conversation="place",
    )
    await ask(responses, request)
    assert provider.requests[0].body == {
        "model": "scripted",
        "input": [USER_ITEM],
        "instructions": "Be kind.",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "tools": [
            {
                "type": "function",
                "name": "roll",
                "description": "Roll dice",
                "parameters": dict(SCHEMA),
                "strict": False,
            }
        ],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "max_output_tokens": 100,
        "temperature": 0.5,
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "high"},
        "safety_identifier": "ada",
        "prompt_cache_key": "place",
    }


@pytest.mark.parametrize(
    ("configured", "absent", "present"),
    [
        ({"tools": False}, {"tools", "tool_choice"}, {}),
        ({"parallel_tools": False}, {"parallel_tool_calls"}, {}),
        ({"sends_identifiers": False}, {"safety_identifier", "prompt_cache_key"}, {}),
        ({"extra_body": {"temperature": 1, "truncation": "auto"}}, set(), {"temperature": 1, "truncation": "auto"}),
    ],
)
async def test_configuration_shapes_the_request(
    provider: ScriptedProvider,
    transport: Transport,
    configured: dict[str, object],
    absent: set[str],
    present: dict[str, object],
) -> None:
    """What the host says of a server goes for its first request."""
    request = replace(ASKED, parallel_tool_calls=True, end_user="a", conversation="b", parameters={"temperature": 0.5})
    await ask(adapter(provider, transport, **configured), request)
    body = provider.requests[0].body
    assert not absent & body.keys()
    assert present.items() <= body.items()


async def test_thinking_goes_back_before_the_calls_it_led_to(provider: ScriptedProvider, responses: Responses) -> None:
    """The server finds its own items unchanged, in their order, and the outputs after them."""
    provider.play(THINKS, Story(text="A five and a two."))
    events = await ask(responses, ASKED)
    assert text_of(await ask(responses, after(ASKED, events, "a five", "a two"))) == "A five and a two."
    asked, thought, said, *calls = inputs(provider)[1][:-2]
    assert asked == USER_ITEM
    assert (thought["type"], thought["encrypted_content"][:6]) == ("reasoning", "sealed")
    assert (said["type"], said["content"][0]["text"]) == ("message", "Let me roll.")
    assert [(call["type"], call["call_id"], call["id"][:2]) for call in calls] == [
        ("function_call", "call_1", "fc"),
        ("function_call", "call_2", "fc"),
    ]
    assert inputs(provider)[1][-2:] == OUTPUTS


async def test_thinking_goes_to_nobody_else(provider: ScriptedProvider, transport: Transport) -> None:
    """Another provider, or another model of it, is told of the calls in plain items, which it can read."""
    provider.play(THINKS)
    request = after(ASKED, await ask(adapter(provider, transport), ASKED), "a five", "a two")
    await ask(adapter(provider, transport, name="other"), request)
    await ask(adapter(provider, transport), replace(request, model="other"))
    plain = [
        USER_ITEM,
        words("assistant", "Let me roll."),
        {"type": "function_call", "call_id": "call_1", "name": "roll", "arguments": '{"sides": 6}'},
        {"type": "function_call", "call_id": "call_2", "name": "roll", "arguments": "{}"},
        *OUTPUTS,
    ]
    assert inputs(provider)[1:] == [plain, plain]


async def test_thinking_that_is_no_longer_known_is_left_out(provider: ScriptedProvider, responses: Responses) -> None:
    """A server that cannot read what it gave is asked without, at once and from then on."""
    provider.play(THINKS)
    request = after(ASKED, await ask(responses, ASKED), "a five", "a two")
    provider.responses.forget()
    assert text_of(await ask(responses, request)) == Story().answer()
    await ask(responses, request)
    kinds = [[item.get("type") for item in items] for items in inputs(provider)]
    assert [kind.count("reasoning") for kind in kinds] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    "output",
    [
        [{"type": "reasoning", "id": "rs_1", "summary": []}, {"type": "function_call", "call_id": "call_1"}],
        [{"type": "image_generation_call", "result": "x" * MAX_CARRIED_CHARS}],
    ],
)
def test_items_that_cannot_go_back_are_not_kept(output: list[dict[str, Any]]) -> None:
    """Thinking that only its keeper could find, and pictures."""
    assert to_carry("scripted", "m", output) is None


async def test_broken_arguments_go_back_as_none(provider: ScriptedProvider, responses: Responses) -> None:
    """Servers that read them refuse what is not JSON, also where the model wrote it."""
    provider.play(Story(tool_calls=(ScriptedCall(name="my.tool!", arguments=('{"a',)),), finish_reason="tool_calls"))
    events = await ask(responses, ASKED)
    await ask(responses, after(ASKED, events, "That is not JSON."))
    (call,) = [item for item in inputs(provider)[1] if item.get("type") == "function_call"]
    assert (call["name"], call["arguments"]) == ("my_tool_", "{}")


@pytest.mark.parametrize(
    "field", ["include", "store", "safety_identifier", "max_output_tokens", "reasoning", "temperature"]
)
async def test_refused_field_is_left_out_from_then_on(
    provider: ScriptedProvider, responses: Responses, field: str
) -> None:
    """A server that knows less costs one request, once."""
    parameters = {"reasoning_effort": "low", "temperature": 1}
    request = replace(ASKED, max_output_tokens=10, end_user="ada", parameters=parameters)
    provider.play(refusal(400, "unsupported_parameter", f"Unknown parameter: '{field}'."))
    for _ in range(2):
        assert text_of(await ask(responses, request)) == Story().answer()
    assert [field in performance.body for performance in provider.requests] == [True, False, False]
    assert provider.requests[-1].body.keys() - {field} == provider.requests[0].body.keys() - {field}


async def test_interrupted_answer_is_said_again(provider: ScriptedProvider, responses: Responses) -> None:
    """What was written of it, and the request to go on, are items like any others; the rest alone is not carried."""
    partial = ChatMessage(role=Role.ASSISTANT, content="A fi", key=PARTIAL)
    go_on = ChatMessage(role=Role.USER, content="Go on.", key=GO_ON)
    provider.play(THINKS)
    events = await ask(responses, replace(ASKED, messages=(*ASKED.messages, partial, go_on)))
    assert not any(isinstance(event, Carried) for event in events)
    assert inputs(provider)[0][1:] == [words("assistant", "A fi"), words("user", "Go on.")]


STATES = {"response": "previous_response_id", "conversation": "conversation"}


@pytest.mark.parametrize("state", STATES)
async def test_only_what_is_new_is_sent(provider: ScriptedProvider, transport: Transport, state: str) -> None:
    """Outputs go to the calls that the provider keeps, and the next question to the answer."""
    responses = adapter(provider, transport, state=state)
    provider.play(THINKS, Story(text="Seven."))
    first = await ask(responses, ASKED)
    submitting = after(ASKED, first, "a five", "a two")
    second = await ask(responses, submitting)
    await ask(responses, then(submitting, second))
    assert inputs(provider) == [[USER_ITEM], OUTPUTS, [words("user", "Again!")]]
    known = [performance.body.get(STATES[state]) for performance in provider.requests]
    assert known == ([None, "resp_1", "resp_2"] if state == "response" else ["conv_1"] * 3)
    assert [performance.body.get("instructions") for performance in provider.requests] == ["Be kind."] * 3
    assert not {"store", "include"} & provider.requests[0].body.keys()
    assert [event for event in first if isinstance(event, Carried)] == []


@pytest.mark.parametrize("state", STATES)
async def test_lost_conversation_is_sent_again(provider: ScriptedProvider, transport: Transport, state: str) -> None:
    """A server that has forgotten is told all of it once more, and keeps it from there."""
    responses = adapter(provider, transport, state=state)
    first = await ask(responses, ASKED)
    provider.responses.forget()
    request = then(ASKED, first)
    second = await ask(responses, request)
    assert text_of(second) == Story().answer()
    said = [USER_ITEM, words("assistant", Story().answer()), words("user", "Again!")]
    assert inputs(provider)[1:] == [said[2:], said]
    api = provider.responses
    (kept,) = (api.conversations if state == "conversation" else api.responses).values()
    assert [item for item in kept if item.get("role") == "user"] == [USER_ITEM, words("user", "Again!")]


@pytest.mark.parametrize("state", STATES)
async def test_edited_conversation_begins_anew(provider: ScriptedProvider, transport: Transport, state: str) -> None:
    """What people changed or deleted is not what the provider keeps."""
    responses = adapter(provider, transport, state=state)
    request = then(ASKED, await ask(responses, ASKED))
    edited = replace(QUESTION, content="(from Ada) Toss!", key="3 ffff")
    await ask(responses, replace(request, messages=(SYSTEM, edited, *request.messages[2:])))
    assert [item["content"][0]["text"] for item in inputs(provider)[1]] == [
        "(from Ada) Toss!",
        Story().answer(),
        "Again!",
    ]
    body = provider.requests[1].body
    assert "previous_response_id" not in body
    assert body.get("conversation") == ("conv_2" if state == "conversation" else None)


async def test_broken_answer_is_not_gone_on_with(provider: ScriptedProvider, transport: Transport) -> None:
    """Whether the conversation there holds what did not arrive here is unknown, so it is begun anew."""
    responses = adapter(provider, transport, state="conversation")
    first = await ask(responses, ASKED)
    request = then(ASKED, first)
    provider.play(Story(cut_at=2))
    seen: list[Event] = []
    with pytest.raises(ProviderError):
        await ask(responses, request, seen=seen)
    await ask(responses, replace(request, bookmarks=bookmarks([*first, *seen])))
    assert [performance.body["conversation"] for performance in provider.requests] == ["conv_1", "conv_1", "conv_2"]
    assert len(inputs(provider)[2]) == 3


@pytest.mark.parametrize("state", STATES)
async def test_server_that_keeps_nothing_is_told_all(
    provider: ScriptedProvider, transport: Transport, state: str
) -> None:
    """A server without conversations, or that refuses to know the last response, is found out once."""
    responses = adapter(provider, transport, state=state)
    provider.responses.has_conversations = False
    first = await ask(responses, ASKED)
    if state == "response":
        provider.play(refusal(400, "x", "llama.cpp does not support 'previous_response_id'."))
    second = await ask(responses, then(ASKED, first))
    await ask(responses, replace(then(ASKED, second), bookmarks=bookmarks(first)))
    assert len(provider.requests) == (4 if state == "response" else 3)
    assert provider.requests[-1].body["store"] is False
    assert len(inputs(provider)[-1]) == 3


async def test_request_without_a_run_is_not_kept(provider: ScriptedProvider, transport: Transport) -> None:
    """A summary of a conversation is no part of any."""
    for state in STATES:
        events = await ask(adapter(provider, transport, state=state), replace(ASKED, run_key=""))
        assert bookmarks(events) == {}
    assert [performance.body["store"] for performance in provider.requests] == [False, False]
    assert provider.responses.conversations == {}


SEARCH = {"type": "web_search", "search_context_size": "low"}


async def test_tools_of_the_provider_are_switched_on_by_name(provider: ScriptedProvider, transport: Transport) -> None:
    """Only those that a place has chosen, and only as the host lists them."""
    responses = adapter(provider, transport, server_tools=[SEARCH, {"type": "code_interpreter"}])
    for wanted in ([], ["web_search"], ["file_search"]):
        await ask(responses, replace(ASKED, tools=(), parameters={"server_tools": wanted}))
    assert [performance.body.get("tools") for performance in provider.requests] == [None, [SEARCH], None]


async def test_refused_tool_of_the_provider_is_left_out(provider: ScriptedProvider, transport: Transport) -> None:
    """A model that cannot search answers all the same, with its other tools."""
    responses = adapter(provider, transport, server_tools=[SEARCH])
    provider.play(refusal(400, "x", "Hosted tool 'web_search' is not supported with this model."))
    await ask(responses, replace(ASKED, parameters={"server_tools": ["web_search"]}))
    assert [[tool["type"] for tool in body] for body in (p.body["tools"] for p in provider.requests)] == [  # type: ignore[attr-defined]
        ["function", "web_search"],
        ["function"],
    ]


async def test_searches_and_sources_are_told(provider: ScriptedProvider, responses: Responses) -> None:
    """What the provider searches for comes while it does, and the pages it names after the text."""
    provider.play(Story(text="Hoo.", searches=("owls",), cites=("https://owls.example/a",)))
    events = await ask(responses, ASKED)
    tools = [event for event in events if isinstance(event, ServerTool)]
    assert [tool.is_done for tool in tools] == [False, False, False, True]
    assert tools[-1].detail == "owls"
    assert text_of(events) == "Hoo.\n-# Sources: [owls.example](<https://owls.example/a>)"


async def test_stream_of_chat_completions_is_named(provider: ScriptedProvider, responses: Responses) -> None:
    """The host is told that the api is configured wrongly."""
    provider.play(Story(raw=('{"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Hi"}}]}',)))
    with pytest.raises(WrongApi) as caught:
        await ask(responses, ASKED)
    assert caught.value.api == "chat_completions"


async def test_stopped_answer_leaves_the_last_one_known(provider: ScriptedProvider, transport: Transport) -> None:
    """After Stop the next question follows the last whole response, with what was seen of the stopped one."""
    responses = adapter(provider, transport, state="response")
    first = await ask(responses, ASKED)
    request = then(ASKED, first)
    provider.play(Story(is_endless=True))
    async with aclosing(responses.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    stopped = ChatMessage(role=Role.ASSISTANT, content="Hello", key="run 8")
    question = ChatMessage(role=Role.USER, content="And?", key="12 e5f6")
    await ask(responses, replace(request, messages=(*request.messages, stopped, question), run_key="run 9"))
    assert provider.requests[2].body["previous_response_id"] == "resp_1"
    assert inputs(provider)[2] == [words("user", "Again!"), words("assistant", "Hello"), words("user", "And?")]


@pytest.mark.parametrize("state", STATES)
async def test_what_is_kept_is_deleted(provider: ScriptedProvider, transport: Transport, state: str) -> None:
    """What a bookmark names is gone at the provider; what is gone already, or was never kept, raises nothing."""
    responses, api = adapter(provider, transport, state=state), provider.responses
    (bookmark,) = bookmarks(await ask(responses, ASKED)).values()
    kept = api.conversations if state == "conversation" else api.responses
    assert len(kept) == 1
    await responses.forget(bookmark)
    assert kept == {}
    await responses.forget(bookmark)
    await responses.forget({"state": "none"})
