"""Chat completions over real sockets, against a provider that plays every fault."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ContextTooLong, ProviderError, ProviderFault
from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolChoice, ToolSpec
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.dialect import MAX_DIALECTS
from bot.providers.events import (
    Carried,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDone,
    Usage,
)
from bot.providers.transport import Timeouts, Transport
from sandbox.provider import Performance, ScriptedProvider
from sandbox.stories import ScriptedCall, Story, refusal
from tests.providers.asking import ask, endpoint, question, text_of

SCHEMA: Mapping[str, Any] = {"type": "object", "properties": {"sides": {"type": "integer"}}}
ROLL = ToolSpec(name="roll", description="Roll dice", parameters=SCHEMA)
AFTER_A_ROLL = ProviderRequest(
    model="scripted",
    tools=(ROLL,),
    messages=(
        ChatMessage(role=Role.USER, content="Roll!"),
        ChatMessage(
            role=Role.ASSISTANT,
            content="",
            tool_calls=(
                ToolCall(id="call_1", name="roll", arguments='{"sides": 6}'),
                ToolCall(id="call_2", name="roll", arguments='{"sides": '),
                ToolCall(id="call_3", name="my.tool!", arguments="[]"),
            ),
        ),
        ChatMessage(role=Role.TOOL, content="5", tool_call_id="call_1"),
        ChatMessage(role=Role.TOOL, content="What you sent is not JSON.", tool_call_id="call_2"),
        ChatMessage(role=Role.TOOL, content="There is no such tool.", tool_call_id="call_3"),
    ),
)


def said(performance: Performance) -> list[dict[str, Any]]:
    """The messages that the provider received."""
    messages = performance.body["messages"]
    assert isinstance(messages, list)
    return messages


WHOLE = {
    "plain": Story(),
    "crlf": Story(line_end="\r\n"),
    "cr": Story(line_end="\r"),
    "comments": Story(comments=True),
    "no done": Story(sends_done=False),
    "no finish_reason": Story(finish_reason=None),
    "seven bytes at a time": Story(bytes_per_write=7),
    "labelled as json": Story(content_type="application/json"),
    "not streamed": Story(is_streamed=False, content_type="application/json"),
    "not streamed, labelled as a stream": Story(is_streamed=False),
    "kept open after done": Story(hangs_after_done=True),
    "closed after the stream": Story(closes_connection=True),
    "cut after the finish": Story(cut_at=6, sends_done=False),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_stream_gives_the_whole_answer(
    name: str, provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """However a server writes its stream, the answer is whole, and comes once, first to last."""
    provider.play(WHOLE[name])
    events = await ask(completions)
    assert text_of(events) == WHOLE[name].answer()
    assert isinstance(events[0], Started)
    assert events[-1] == Finished(FinishReason.STOP)
    assert len(provider.requests) == 1


async def test_stream_says_what_was_asked(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """The provider receives each part of the request in the API's words, and the key."""
    request = ProviderRequest(
        model="scripted",
        messages=(
            ChatMessage(role=Role.SYSTEM, content="Be kind."),
            ChatMessage(role=Role.USER, content="Žluť 🐎 \ud800"),
        ),
        max_output_tokens=100,
        parameters={"temperature": 0.5},
        end_user="hash",
        conversation="place",
    )
    await ask(completions, request)
    performance = provider.requests[0]
    assert performance.body == {
        "model": "scripted",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Žluť 🐎 ?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
        "temperature": 0.5,
        "user": "hash",
        "safety_identifier": "hash",
        "prompt_cache_key": "place",
    }
    assert performance.headers["Authorization"] == "Bearer sk-right-key"
    assert performance.headers["User-Agent"].startswith("Parley/")


async def test_stream_offers_tools_and_sends_what_came_of_them(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """The functions, the model's calls and one message for each output go out in the API's words."""
    await ask(completions, AFTER_A_ROLL)
    assert provider.requests[0].body["tools"] == [
        {"type": "function", "function": {"name": "roll", "description": "Roll dice", "parameters": dict(SCHEMA)}}
    ]
    assert said(provider.requests[0])[1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "roll", "arguments": '{"sides": 6}'}},
                {"id": "call_2", "type": "function", "function": {"name": "roll", "arguments": "{}"}},
                {"id": "call_3", "type": "function", "function": {"name": "my_tool_", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "content": "5", "tool_call_id": "call_1"},
        {"role": "tool", "content": "What you sent is not JSON.", "tool_call_id": "call_2"},
        {"role": "tool", "content": "There is no such tool.", "tool_call_id": "call_3"},
    ]


async def test_stream_without_tools_sends_none_of_their_calls(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """Servers refuse, and models misread, calls of tools that they were not told of; the words remain."""
    said_before = replace(AFTER_A_ROLL.messages[1], content="I roll. ")
    said_after = ChatMessage(role=Role.ASSISTANT, content="A five.")
    asked, _, *outputs = AFTER_A_ROLL.messages
    request = replace(AFTER_A_ROLL, tools=(), messages=(asked, said_before, *outputs, said_after, asked))
    await ask(completions, request)
    assert [(message["role"], message["content"]) for message in said(provider.requests[0])] == [
        ("user", "Roll!"),
        ("assistant", "I roll. A five."),
        ("user", "Roll!"),
    ]
    await ask(completions, replace(AFTER_A_ROLL, tools=()))
    assert [message["role"] for message in said(provider.requests[1])] == ["user"]


async def test_stream_leaves_out_what_is_not_set(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A limit or temperature that nobody set is the provider's to choose."""
    await ask(completions)
    assert set(provider.requests[0].body) == {"model", "messages", "stream", "stream_options"}


async def test_stream_gives_reasoning_calls_and_usage(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """Thinking, calls and the provider's count come through as events of their own."""
    roll = ScriptedCall(name="roll", arguments=('{"sides"', ":6}"))
    provider.play(Story(reasoning=("Hm.",), tool_calls=(roll,), usage={"prompt_tokens": 7, "completion_tokens": 3}))
    events = await ask(completions)
    assert ReasoningDelta("Hm.") in events
    assert events[-4:] == [
        ToolCallDone(0, "call_1", "roll", '{"sides":6}'),
        Usage(input_tokens=7, output_tokens=3),
        Carried({"provider": "scripted", "model": "scripted", "message": {"reasoning_content": "Hm."}, "calls": []}),
        Finished(FinishReason.TOOL_CALLS),
    ]


FAILURES = {
    "cut": (Story(cut_at=2), ProviderFault.PROTOCOL),
    "cut before the first event": (Story(cut_at=0), ProviderFault.NETWORK),
    "no end": (Story(finish_reason=None, sends_done=False), ProviderFault.PROTOCOL),
    "error in the stream": (Story(error_at=2), ProviderFault.BUSY),
    "page": (Story(body=b"<html><title>Hi</title>", content_type="text/html"), ProviderFault.PROTOCOL),
    "nothing": (Story(body=b""), ProviderFault.PROTOCOL),
    "huge line": (Story(body=b"data: " + b"x" * 10_000_000), ProviderFault.PROTOCOL),
    "huge JSON": (Story(body=b"{" + b" " * 10_000_000), ProviderFault.PROTOCOL),
    "huge white space": (Story(body=b" " * 10_000_000), ProviderFault.PROTOCOL),
    "error with 200": (Story(body=b'{"error": {"message": "no", "code": 401}}'), ProviderFault.AUTH),
    "quota": (refusal(429, "insufficient_quota"), ProviderFault.QUOTA),
    "moderated": (refusal(400, "content_filter"), ProviderFault.MODERATED),
    "no such model": (refusal(404, "model_not_found"), ProviderFault.NOT_FOUND),
    "not offered": (refusal(501, "api_not_implemented"), ProviderFault.NOT_IMPLEMENTED),
    "huge error page": (Story(status=400, body=b"<" * 1_000_000), ProviderFault.PROTOCOL),
    "redirect": (Story(status=302, body=b"", headers={"Location": "/"}), ProviderFault.PROTOCOL),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_stream_raises_the_reason(name: str, provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """What is no whole answer raises why, and the next request is answered as if nothing had been."""
    story, fault = FAILURES[name]
    provider.default = story
    with pytest.raises(ProviderError) as caught:
        await ask(completions)
    assert caught.value.fault is fault
    provider.default = Story()
    assert text_of(await ask(completions)) == Story().answer()


async def test_stream_gives_what_came_before_it_broke(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """The words before a cut are not lost: they were events before the error."""
    provider.play(Story(cut_at=2))
    seen: list[Event] = []
    with pytest.raises(ProviderError):
        await ask(completions, seen=seen)
    assert text_of(seen) == "Hello from"
    assert len(provider.requests) == 1


async def test_stream_says_when_a_conversation_is_too_long(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """A member learns what they can do about it."""
    provider.play(refusal(400, "context_length_exceeded", "max_completion_tokens and messages are too long"))
    with pytest.raises(ContextTooLong):
        await ask(completions)
    assert len(provider.requests) == 1


async def test_stream_with_a_wrong_key_says_so(provider: ScriptedProvider, transport: Transport) -> None:
    """A refused key is not tried again, and is in no detail."""
    completions = ChatCompletions(endpoint(transport, provider.base_url, "sk-wrong-key"))
    with pytest.raises(ProviderError) as caught:
        await ask(completions)
    assert caught.value.fault is ProviderFault.AUTH
    assert caught.value.status == 401
    assert "wrong" not in caught.value.detail


async def test_stream_redacts_its_own_key(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A relay that echoes our key does not get it into the log."""
    provider.play(refusal(400, "bad", "header was Bearer sk-right-key, key (sk-right-key)"))
    with pytest.raises(ProviderError) as caught:
        await ask(completions)
    assert "right" not in caught.value.detail


async def test_stream_without_a_key_sends_none(transport: Transport) -> None:
    """A local server that wants no key gets no header."""
    async with ScriptedProvider() as provider:
        await ask(ChatCompletions(endpoint(transport, provider.base_url + "/", "")))
        assert "Authorization" not in provider.requests[0].headers


LESSONS = {
    "stream_options": (refusal(400, "x", "Unknown parameter: stream_options"), "stream_options", None),
    "max_tokens": (refusal(400, "x", "Use 'max_completion_tokens' instead."), "max_tokens", "max_completion_tokens"),
    "temperature": (refusal(400, "x", "Unsupported value: 'temperature'"), "temperature", None),
    "tools": (refusal(400, "x", "registry.ollama.ai/library/any does not support tools"), "tools", None),
    "tools, by a router": (refusal(404, "404", "No endpoints found that support tool use."), "tools", None),
    "tools, by a flag": (refusal(400, "x", '"auto" tool choice requires --enable-auto-tool-choice'), "tools", None),
    "tools, by name": (refusal(400, "x", "Unsupported parameter: 'tools'"), "tools", None),
    "tools, by llama.cpp": (refusal(500, "server_error", "tools param requires --jinja flag"), "tools", None),
    "tools, by an old llama.cpp": (refusal(500, "server_error", "Unsupported param: tools"), "tools", None),
    "tools, by its fork": (refusal(500, "server_error", "tools param is not fully supported yet"), "tools", None),
    "tool_choice": (refusal(400, "x", "Thinking mode does not support this tool_choice"), "tool_choice", None),
    "parallel calls": (
        refusal(400, "x", "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."),
        "parallel_tool_calls",
        None,
    ),
}


@pytest.mark.parametrize("name", LESSONS)
async def test_stream_learns_what_a_model_refuses(
    name: str, provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """A parameter that a server refuses by name is left out or renamed at once, and from then on for this model."""
    story, refused, instead = LESSONS[name]
    provider.play(story)
    request = replace(
        question(),
        max_output_tokens=10,
        parameters={"temperature": 0.5},
        tools=(ROLL,),
        tool_choice=ToolChoice.REQUIRED,
        parallel_tool_calls=True,
    )
    for _ in range(2):
        assert text_of(await ask(completions, request)) == Story().answer()
    await ask(completions, replace(request, model="another"))
    assert [refused in performance.body for performance in provider.requests] == [True, False, False, True]
    assert instead is None or provider.requests[2].body[instead] == 10
    assert completions.takes_tools("scripted") is (refused != "tools")
    assert completions.takes_tools("another")


async def test_stream_does_not_give_tools_up_for_a_fault_of_one(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """What a server says against one tool's schema is an error to be seen, not a reason to offer none."""
    provider.play(refusal(400, "x", "Invalid schema in tools[0].function.parameters: 'pattern' is not supported"))
    with pytest.raises(ProviderError):
        await ask(completions, replace(question(), tools=(ROLL,)))
    assert len(provider.requests) == 1


async def test_stream_says_how_tools_may_be_called(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """What the host set goes along with tools, and with nothing else; what every server does anyway is not said."""
    request = replace(question(), tool_choice=ToolChoice.REQUIRED, parallel_tool_calls=False)
    await ask(completions, request)
    await ask(completions, replace(request, tools=(ROLL,)))
    await ask(completions, replace(question(), tools=(ROLL,)))
    fields = ("tool_choice", "parallel_tool_calls")
    assert [[performance.body.get(field) for field in fields] for performance in provider.requests] == [
        [None, None],
        ["required", False],
        [None, None],
    ]


async def test_stream_sends_no_tools_where_it_cannot_say_that_none_may_be_called(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """A host who lets the model call nothing is obeyed by servers that refuse the parameter too."""
    provider.play(refusal(400, "x", "Unknown parameter: 'tool_choice'"))
    await ask(completions, replace(question(), tools=(ROLL,), tool_choice=ToolChoice.NONE))
    assert [
        ("tools" in performance.body, performance.body.get("tool_choice")) for performance in provider.requests
    ] == [
        (True, "none"),
        (False, None),
    ]


async def test_stream_learns_how_a_server_wants_no_text(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """Beside calls an empty text is sent, and null to those who refuse it."""
    provider.play(refusal(400, "x", "messages: text content blocks must be non-empty"))
    await ask(completions, AFTER_A_ROLL)
    assert [said(performance)[1]["content"] for performance in provider.requests] == ["", None]


async def test_stream_learns_more_than_one_thing(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """Servers name one refused parameter at a time."""
    provider.play(LESSONS["temperature"][0], LESSONS["max_tokens"][0], LESSONS["stream_options"][0])
    await ask(completions, replace(question(), max_output_tokens=10, parameters={"temperature": 0.5}))
    assert set(provider.requests[-1].body) == {"model", "messages", "stream", "max_completion_tokens"}


async def test_stream_gives_up_on_a_server_that_refuses_everything(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """Two names that are both refused do not make an endless loop."""
    provider.play(*[LESSONS["max_tokens"][0]] * 10)
    with pytest.raises(ProviderError):
        await ask(completions, replace(question(), max_output_tokens=10))
    assert len(provider.requests) <= MAX_DIALECTS


async def test_closing_a_stream_closes_its_connection(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A pressed Stop reaches the provider, which then stops paying for tokens."""
    provider.play(Story(is_endless=True, tokens_per_second=200.0))
    async with aclosing(completions.stream(question())) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    await provider.requests[0].disconnected.wait()


async def test_endless_stream_ends_by_the_total_time(provider: ScriptedProvider) -> None:
    """A model that never stops is stopped."""
    provider.play(Story(is_endless=True, tokens_per_second=200.0))
    async with Transport(timeouts=Timeouts(total_seconds=0.2)) as transport:
        completions = ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key"))
        with pytest.raises(ProviderError) as caught:
            await ask(completions)
    assert caught.value.fault is ProviderFault.TIMEOUT
    await provider.requests[0].disconnected.wait()


async def test_answer_without_done_does_not_wait_for_the_server(provider: ScriptedProvider) -> None:
    """After the last word a silent, open connection ends the answer, not an error."""
    provider.play(Story(sends_done=False, hangs_after_done=True))
    async with Transport(timeouts=Timeouts(after_answer_seconds=0.1)) as transport:
        events = await ask(ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key")))
    assert events[-1] == Finished(FinishReason.STOP)


async def test_list_models_names_them(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """The doctor can see whether the configured model is offered."""
    provider.models = ("one", "two")
    assert [model.name for model in await completions.list_models()] == ["one", "two"]


async def test_list_models_with_a_wrong_key_says_so(provider: ScriptedProvider, transport: Transport) -> None:
    """The doctor can tell a wrong key from an unreachable provider."""
    with pytest.raises(ProviderError) as caught:
        await ChatCompletions(endpoint(transport, provider.base_url, "sk-no")).list_models()
    assert caught.value.fault is ProviderFault.AUTH
