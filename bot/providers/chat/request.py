"""Requests in the words of the chat completions API; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolChoice, ToolSpec, alternating, without_calls
from bot.providers.dialect import IDENTIFIERS, Dialect
from bot.providers.parameters import Api, fields
from bot.providers.tool_calls import sendable_arguments, sendable_name

# What a model's thinking is called in the message or the call that it is wanted back with.
THINKING = ("reasoning_content", "reasoning", "reasoning_details", "extra_content")
# Stands for thinking that is not kept, or was another model's; an empty text does not count.
FORGOTTEN = "."


def request_body(request: ProviderRequest, dialect: Dialect, provider: str) -> dict[str, object]:
    """A request in the words of the API; what is not set is not sent.  `provider` is the name of whom it is for."""
    tools = request.tools if dialect.takes_tools(request.tool_choice) else ()
    messages = alternating(request.messages) if tools else without_calls(request.messages)
    body: dict[str, object] = {
        "model": request.model,
        "messages": [_message(message, dialect, origin(provider, request.model)) for message in messages],
        "stream": True,
    }
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
        if request.tool_choice is not ToolChoice.AUTO and dialect.sends_tool_choice:  # auto is what all do anyway
            body["tool_choice"] = request.tool_choice.value
        if request.parallel_tool_calls is not None and dialect.sends_parallel_tool_calls:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    named = {"user": request.end_user, "safety_identifier": request.end_user, "prompt_cache_key": request.conversation}
    body |= {name: value for name, value in named.items() if value is not None and name not in dialect.unwanted}
    return body | settings_of(request, dialect, Api.CHAT_COMPLETIONS)


def settings_of(request: ProviderRequest, dialect: Dialect, api: Api) -> dict[str, object]:
    """How an answer is to be, in the words that chat completions and its predecessor share."""
    body: dict[str, object] = {}
    if dialect.includes_usage:
        body["stream_options"] = {"include_usage": True}
    if request.max_output_tokens is not None:
        body[dialect.max_tokens_field] = request.max_output_tokens
    wanted = {name: value for name, value in request.parameters.items() if name not in dialect.unwanted}
    return body | fields(wanted, api)


def dispensable(request: ProviderRequest) -> tuple[str, ...]:
    """The fields that a server may refuse, and is asked without from then on."""
    thinking = THINKING if any(message.carried for message in request.messages) else ()
    return (*request.parameters, *IDENTIFIERS, *thinking)


def origin(provider: str, model: str) -> dict[str, str]:
    """Whose thinking something is, and to whom alone it goes back: another model cannot read it."""
    return {"provider": provider, "model": model}


def _message(message: ChatMessage, dialect: Dialect, reader: Mapping[str, str]) -> dict[str, object]:
    said: dict[str, object] = {"role": message.role.value, "content": message.content}
    if message.role is Role.TOOL:
        said["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        carried = message.carried if message.carried and reader.items() <= message.carried.items() else {}
        wanted = [_without(dialect, fields) for fields in carried.get("calls") or [{}] * len(message.tool_calls)]
        said["content"] = message.content or dialect.text_beside_calls
        said["tool_calls"] = [_call(call) | back for call, back in zip(message.tool_calls, wanted, strict=True)]
        said |= _without(dialect, carried.get("message", {}))
    if message.role is Role.ASSISTANT and dialect.fills_thinking:
        said.setdefault("reasoning_content", FORGOTTEN)
    return said


def _without(dialect: Dialect, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in dialect.unwanted}


def _call(call: ToolCall) -> dict[str, object]:
    function = {"name": sendable_name(call.name), "arguments": sendable_arguments(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _tool(tool: ToolSpec) -> dict[str, object]:
    parameters = dict(tool.parameters)
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }
