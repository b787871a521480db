"""Requests in the words of the chat completions API, and where servers disagree about them; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import ContextTooLong, ProviderError, ProviderFault
from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolChoice, ToolSpec, alternating, without_calls
from bot.providers.parameters import Api, fields

# OpenAI's rule for the name of a function; a model can make up one that breaks it, and its call is sent back.
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
MAX_NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where servers disagree about the request; learnt from their refusals, per model, as long as the process lives."""

    includes_usage: bool = True
    max_tokens_field: str = "max_tokens"
    unwanted: frozenset[str] = frozenset()  # parameters that this model refuses
    sends_tools: bool = True
    sends_tool_choice: bool = True
    sends_parallel_tool_calls: bool = True
    # Beside calls, Ollama, Mistral and llama-cpp-python refuse null, and what runs on Bedrock an empty text.
    text_beside_calls: str | None = ""

    def learn_from(self, error: ProviderError, sent: Iterable[str] = ()) -> Dialect | None:
        """The dialect that a server asks for by refusing this one, or None where it refuses something else.

        `sent` are the names of the parameters that it was asked with.
        """
        if error.fault not in REFUSALS or isinstance(error, ContextTooLong):
            return None
        learnt = [replace(self, **change) for words, change in LESSONS if words.search(error.detail)]
        named = [name for name in sent if re.search(rf"\b{name}\b", error.detail)]
        learnt += [replace(self, unwanted=self.unwanted | {name}) for name in named]
        return next((dialect for dialect in learnt if dialect != self), None)


# A router that knows no server with tools for a model says that it does not find one.
REFUSALS = frozenset({ProviderFault.BAD_REQUEST, ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED})

# What a refusal names, and what to do without; the first that changes anything is learnt.
LESSONS: tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...] = (
    (re.compile("stream_options|include_usage"), {"includes_usage": False}),
    (re.compile("max_completion_tokens"), {"max_tokens_field": "max_completion_tokens"}),
    (re.compile("max_completion_tokens"), {"max_tokens_field": "max_tokens"}),
    (re.compile("must be non-empty|is blank"), {"text_beside_calls": None}),
    (re.compile("tool_choice"), {"sends_tool_choice": False}),
    (re.compile("parallel[_ ]tool[_ ]calls", re.IGNORECASE), {"sends_parallel_tool_calls": False}),
    (
        re.compile(
            r"(support|unsupported|unknown|unrecognized|not permitted|unexpected)\b.{0,40}"
            r"\b(tools(?!\[)|tool (use|calls?|calling)|function calling)\b"
            r"|\b(tools(?!\[)|tool (use|calls?|calling|choice)|function calling)\b.{0,40}"
            r"\b(requires?|unsupported|not (fully )?(supported|enabled|available|allowed|permitted))\b",
            re.IGNORECASE,
        ),
        {"sends_tools": False},
    ),
)
# One for each thing there is to learn, and one to go with it.
MAX_DIALECTS = 8


def request_body(request: ProviderRequest, dialect: Dialect) -> dict[str, object]:
    """A request in the words of the API; what is not set is not sent."""
    tools = request.tools if _may_send_tools(request, dialect) else ()
    messages = alternating(request.messages) if tools else without_calls(request.messages)
    body: dict[str, object] = {
        "model": request.model,
        "messages": [_message(message, dialect) for message in messages],
        "stream": True,
    }
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
        if request.tool_choice is not ToolChoice.AUTO and dialect.sends_tool_choice:  # auto is what all do anyway
            body["tool_choice"] = request.tool_choice.value
        if request.parallel_tool_calls is not None and dialect.sends_parallel_tool_calls:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    return body | settings_of(request, dialect, Api.CHAT_COMPLETIONS)


def settings_of(request: ProviderRequest, dialect: Dialect, api: Api) -> dict[str, object]:
    """What a request has beside the conversation and the tools."""
    body: dict[str, object] = {}
    if dialect.includes_usage:
        body["stream_options"] = {"include_usage": True}
    if request.max_output_tokens is not None:
        body[dialect.max_tokens_field] = request.max_output_tokens
    wanted = {name: value for name, value in request.parameters.items() if name not in dialect.unwanted}
    body |= fields(wanted, api)
    if request.end_user is not None:
        body["user"] = request.end_user
    return body


def _may_send_tools(request: ProviderRequest, dialect: Dialect) -> bool:
    """Whether the server takes tools; that none may be called has to be said where they are."""
    return dialect.sends_tools and (dialect.sends_tool_choice or request.tool_choice is not ToolChoice.NONE)


def _message(message: ChatMessage, dialect: Dialect) -> dict[str, object]:
    said: dict[str, object] = {"role": message.role.value, "content": message.content}
    if message.role is Role.TOOL:
        said["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        said["content"] = message.content or dialect.text_beside_calls
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    return said


def _call(call: ToolCall) -> dict[str, object]:
    name = NOT_IN_A_NAME.sub("_", call.name)[:MAX_NAME_CHARACTERS]
    return {"id": call.id, "type": "function", "function": {"name": name, "arguments": _arguments(call)}}


def _arguments(call: ToolCall) -> str:
    """The arguments as the model wrote them, or none where they are broken: servers that read them refuse those."""
    try:
        return call.arguments if isinstance(json.loads(call.arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"


def _tool(tool: ToolSpec) -> dict[str, object]:
    parameters = dict(tool.parameters)
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }
