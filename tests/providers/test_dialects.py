"""What a host says of a server, and what is learnt of it, over real sockets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ProviderError
from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.dialect import MAX_DIALECTS
from bot.providers.events import Carried, ToolCallDone
from bot.providers.transport import Transport
from sandbox.provider import ScriptedProvider
from sandbox.stories import ScriptedCall, Story, refusal
from tests.providers.asking import ask, endpoint, question, text_of
from tests.providers.test_chat_completions import AFTER_A_ROLL, ROLL, said

ASKED = replace(
    question(),
    tools=(ROLL,),
    parallel_tool_calls=True,
    max_output_tokens=10,
    parameters={"temperature": 0.5, "n": 2},
    end_user="ada",
    conversation="place",
)
CONFIGURED: dict[str, tuple[dict[str, Any], dict[str, object]]] = {
    "nothing": ({}, {"max_tokens": 10, "parallel_tool_calls": True, "user": "ada", "prompt_cache_key": "place"}),
    "tools": ({"tools": False}, {"tools": None, "parallel_tool_calls": None}),
    "parallel_tools": ({"parallel_tools": False}, {"parallel_tool_calls": None}),
    "stream_usage": ({"stream_usage": False}, {"stream_options": None}),
    "max_tokens_field": (
        {"max_tokens_field": "max_completion_tokens"},
        {"max_tokens": None, "max_completion_tokens": 10},
    ),
    "sends_identifiers": (
        {"sends_identifiers": False},
        {"user": None, "safety_identifier": None, "prompt_cache_key": None},
    ),
    "extra_body": (
        {"extra_body": {"temperature": 1, "thinking": {"type": "enabled"}}},
        {"temperature": 1, "thinking": {"type": "enabled"}, "n": 2},
    ),
}


@pytest.mark.parametrize("name", CONFIGURED)
async def test_configuration_shapes_the_request(name: str, provider: ScriptedProvider, transport: Transport) -> None:
    """What the host says of a server goes for its first request already."""
    configured, expected = CONFIGURED[name]
    adapter = ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key", **configured))
    assert adapter.takes_tools("scripted") is configured.get("tools", True)
    await ask(adapter, ASKED)
    body = provider.requests[0].body
    assert {field: body.get(field) for field in expected} == expected


async def test_refused_identifiers_are_left_out_at_once(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """A strict server costs one request, once."""
    words = "Unrecognized request arguments supplied: safety_identifier, prompt_cache_key"
    provider.play(refusal(400, "x", words))
    for _ in range(2):
        assert text_of(await ask(completions, ASKED)) == Story().answer()
    assert ["safety_identifier" in performance.body for performance in provider.requests] == [True, False, False]
    assert provider.requests[-1].body["user"] == "ada"


async def test_lessons_of_one_request_end_and_are_kept(
    provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """A server that refuses one field after the other is asked so often, and the next request goes on from there."""
    names = ["temperature", "top_p", "n", "stop", "seed", "verbosity", "service_tier", "user", "safety_identifier"]
    provider.play(*[refusal(400, "x", f"Unsupported parameter: '{name}'") for name in names])
    request = replace(ASKED, parameters=dict.fromkeys(names[:7], 1))
    with pytest.raises(ProviderError):
        await ask(completions, request)
    assert len(provider.requests) == MAX_DIALECTS
    assert text_of(await ask(completions, request)) == Story().answer()
    assert not set(names) & set(provider.requests[-1].body)


SIGNATURE = '{"extra_content": {"google": {"thought_signature": "c2ln"}}}'
THOUGHT = Story(
    reasoning=("Let me ", "roll."), tool_calls=(ScriptedCall(name="roll", extra=SIGNATURE),), finish_reason="tool_calls"
)


async def submitted(completions: ChatCompletions, **changed: object) -> ProviderRequest:
    """The request with a tool's output after a step with thinking, of which `changed` is different."""
    events = await ask(completions, replace(question("Roll!"), tools=(ROLL,)))
    (done,) = (event for event in events if isinstance(event, ToolCallDone))
    (carried,) = (event.data for event in events if isinstance(event, Carried))
    call = ToolCall(id=done.id, name=done.name, arguments=done.arguments)
    step = ChatMessage(role=Role.ASSISTANT, content="", tool_calls=(call,), carried={**carried, **changed})
    output = ChatMessage(role=Role.TOOL, content="5", tool_call_id=call.id)
    return replace(AFTER_A_ROLL, messages=(AFTER_A_ROLL.messages[0], step, output))


async def test_thinking_goes_back_with_its_calls(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """The provider reads its own thinking in the message, and its signature in the call that it belongs to."""
    provider.play(THOUGHT)
    await ask(completions, await submitted(completions))
    step = said(provider.requests[1])[1]
    assert step["reasoning_content"] == "Let me roll."
    assert step["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}


@pytest.mark.parametrize("whose", ["provider", "model"])
async def test_thinking_goes_to_nobody_else(
    whose: str, provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """Thinking is not shown to another that answers instead, who could not read it and would refuse it."""
    provider.play(THOUGHT)
    await ask(completions, await submitted(completions, **{whose: "another"}))
    assert "Let me roll." not in str(provider.requests[1].body)
    assert "c2ln" not in str(provider.requests[1].body)


async def test_thinking_that_is_refused_is_left_out(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A server that wants its own thinking not back is asked without, and gets the rest."""
    provider.play(THOUGHT, refusal(400, "x", "Please remove the `reasoning_content` from your message."))
    await ask(completions, await submitted(completions))
    steps = [said(performance)[1] for performance in provider.requests[1:]]
    assert ["reasoning_content" in step for step in steps] == [True, False]
    assert "extra_content" in steps[1]["tool_calls"][0]


async def test_thinking_that_is_missed_is_filled_in(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A server that wants thinking before each answer gets a placeholder where there is none any more."""
    words = "The `reasoning_content` in the thinking mode must be passed back to the API."
    provider.play(refusal(400, "invalid_request_error", words))
    messages = (*question().messages, ChatMessage(role=Role.ASSISTANT, content="Hi."), *question("And now?").messages)
    assert text_of(await ask(completions, replace(question(), messages=messages))) == Story().answer()
    assert said(provider.requests[1]) == [
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "Hi.", "reasoning_content": "."},
        {"role": "user", "content": "And now?"},
    ]
