"""Requests in the words of the responses API; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolChoice, ToolSpec, alternating, without_calls
from bot.providers.dialect import Dialect
from bot.providers.parameters import Api, fields
from bot.providers.responses.items import text_of
from bot.providers.tool_calls import sendable_arguments, sendable_name

Json = Mapping[str, Any]

# What a server may refuse and be asked without, beside the parameters.
DISPENSABLE = ("store", "include", "max_output_tokens", "safety_identifier", "prompt_cache_key")
# How servers complain about what they gave and are given back.
CARRIED = frozenset({"invalid_encrypted_content", "input"})
# Thinking that the provider does not keep comes encrypted, and goes back with the calls that it led to.
FORGOTTEN: Json = {"store": False, "include": ["reasoning.encrypted_content"]}
MAX_CARRIED_CHARS = 256 * 1024  # some thousand tokens of encrypted thinking; more would be pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is sent of the conversation: `messages`, and `fields` for what the provider keeps of it or is to keep."""

    fields: Json
    messages: tuple[ChatMessage, ...]
    is_resumed: bool = False


def request_body(
    request: ProviderRequest, dialect: Dialect, known: Known, *, provider: str, server_tools: Sequence[Json]
) -> dict[str, Any]:
    """A request in the words of the API; what is not set is not sent.

    `provider` is the name of whom it is for, `server_tools` those of its own that may be used, as the host lists them.
    """
    tools = _tools(request, dialect, server_tools)
    giver = None if dialect.unwanted & CARRIED else provider
    messages = alternating(known.messages) if tools else without_calls(known.messages)
    body: dict[str, Any] = {
        "model": request.model,
        "input": [item for message in messages for item in _items(message, giver, request.model)],
        "stream": True,
    }
    if instructions := "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM):
        body["instructions"] = instructions
    if tools:
        body["tools"] = tools
    optional = _optional(request, dialect, known)
    return body | {name: value for name, value in optional.items() if name not in dialect.unwanted}


def dispensable(request: ProviderRequest, server_tools: Sequence[Json]) -> tuple[str, ...]:
    """The fields that a server may refuse, and is asked without from then on."""
    carried = CARRIED if any(message.carried for message in request.messages) else ()
    types = (str(tool.get("type")) for tool in server_tools)
    return (*DISPENSABLE, *fields(request.parameters, Api.RESPONSES), *types, *carried)


def to_carry(provider: str, model: str, output: Sequence[Json]) -> dict[str, Any] | None:
    """What is stored of a response with calls, to be put back before their outputs.

    None if that is too much, or if thinking is in it that only a provider which keeps it could find again.
    """
    thoughts = [item for item in output if item.get("type") == "reasoning"]
    if not all(thought.get("encrypted_content") or thought.get("content") for thought in thoughts):
        return None
    carried = {"provider": provider, "model": model, "items": [dict(item) for item in output]}
    return carried if len(json.dumps(carried)) <= MAX_CARRIED_CHARS else None


def _optional(request: ProviderRequest, dialect: Dialect, known: Known) -> dict[str, Any]:
    """What a request may have beside the conversation and the tools, by its name."""
    body = dict(known.fields)
    if request.tools and request.tool_choice is not ToolChoice.AUTO and dialect.sends_tool_choice:
        body["tool_choice"] = request.tool_choice.value
    if request.tools and request.parallel_tool_calls is not None and dialect.sends_parallel_tool_calls:
        body["parallel_tool_calls"] = request.parallel_tool_calls
    named = {
        "max_output_tokens": request.max_output_tokens,
        "safety_identifier": request.end_user,
        "prompt_cache_key": request.conversation,
    }
    body |= {name: value for name, value in named.items() if value is not None}
    return body | fields(request.parameters, Api.RESPONSES)


def _tools(request: ProviderRequest, dialect: Dialect, server_tools: Sequence[Json]) -> list[dict[str, Any]]:
    """Our functions, and those of the provider's own tools that the host lists and the place has switched on."""
    if not dialect.takes_tools(request.tool_choice):
        return []
    wanted = tuple(request.parameters.get("server_tools", ()))
    listed = ((str(tool.get("type", "")), dict(tool)) for tool in server_tools)
    return [
        *(_function(tool) for tool in request.tools),
        *(tool for kind, tool in listed if kind.startswith(wanted) and kind not in dialect.unwanted),
    ]


def _function(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "strict": False,  # the default here, where it is not said, is to refuse schemas with optional parameters
    }


def _items(message: ChatMessage, provider: str | None, model: str) -> Iterable[Json]:
    """A message as the API's items."""
    match message.role:
        case Role.SYSTEM:
            return ()
        case Role.TOOL:
            return ({"type": "function_call_output", "call_id": message.tool_call_id, "output": message.content},)
        case _:
            return _carried_items(message, provider, model) or [*_said(message), *map(_call, message.tool_calls)]


def _said(message: ChatMessage) -> list[Json]:
    """The words of a message in the API's longest form, which servers know that do not know the short ones."""
    if not message.content:
        return []
    kind = "output_text" if message.role is Role.ASSISTANT else "input_text"
    return [{"type": "message", "role": message.role.value, "content": [{"type": kind, "text": message.content}]}]


def _carried_items(message: ChatMessage, provider: str | None, model: str) -> list[Json]:
    """What the provider gave with these calls, as it gave it; nothing where it is no longer what was said."""
    carried = message.carried or {}
    if provider is None or (carried.get("provider"), carried.get("model")) != (provider, model):
        return []
    calls = {call.id: call for call in message.tool_calls}
    items: list[Json] = carried.get("items", [])
    if sorted(text_of(item.get("call_id")) for item in items if item.get("type") == "function_call") != sorted(calls):
        return []
    return [
        {**item, **_call(calls[item["call_id"]])} if item.get("type") == "function_call" else item for item in items
    ]


def _call(call: ToolCall) -> Json:
    arguments = sendable_arguments(call.arguments)
    return {"type": "function_call", "call_id": call.id, "name": sendable_name(call.name), "arguments": arguments}
