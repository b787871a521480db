"""Requests in the words of the assistants API; pure.

A thread holds plain messages of users and assistants only: what tools were called for, by whatever run, is told in
words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolChoice, ToolSpec, alternating
from bot.providers.assistants.runs_objects import MARK
from bot.providers.configuration import ProviderConfiguration
from bot.providers.dialect import Dialect
from bot.providers.parameters import Api, fields

# As many may a thread be created with; the others are added one by one.
MAX_FIRST_MESSAGES = 32
MAX_TOKENS = "max_completion_tokens"
ANSWERED = "(Tools that you called have answered.)"

Message = Mapping[str, str]


def told(messages: Sequence[ChatMessage]) -> list[Message]:
    """The messages as a thread can hold them; those without words and the system's are left out."""
    return [
        {"role": message.role.value, "content": message.content}
        for message in alternating(_in_words(messages))
        if message.content.strip()
    ]


def run_body(
    request: ProviderRequest, configuration: ProviderConfiguration, assistant_id: str, mark: str, dialect: Dialect
) -> dict[str, Any]:
    """A run that answers what is in its thread; what is not set is not sent.  It can be found by its mark."""
    instructions = "\n\n".join(message.content for message in request.messages if message.role is Role.SYSTEM)
    body: dict[str, Any] = {"assistant_id": assistant_id, "model": request.model, "metadata": {MARK: mark}}
    if instructions:
        body["instructions"] = instructions
    if request.tools and dialect.takes_tools(request.tool_choice):
        body["tools"] = [*map(_tool, request.tools), *map(dict, configuration.server_tools)]
        if request.tool_choice is not ToolChoice.AUTO and dialect.sends_tool_choice:
            body["tool_choice"] = request.tool_choice.value
        if request.parallel_tool_calls is not None and dialect.sends_parallel_tool_calls:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if configuration.streams:
        body["stream"] = True
    optional = fields(request.parameters, Api.ASSISTANTS)
    if request.max_output_tokens is not None:
        optional[MAX_TOKENS] = request.max_output_tokens
    return body | {name: value for name, value in optional.items() if name not in dialect.unwanted}


def dispensable(request: ProviderRequest) -> tuple[str, ...]:
    """The fields that a server may refuse, and is asked without from then on."""
    return (MAX_TOKENS, *fields(request.parameters, Api.ASSISTANTS))


def submission(call_ids: Iterable[str], outputs: Iterable[ChatMessage], *, streams: bool) -> dict[str, Any]:
    """The outputs of all calls of a step."""
    given = [{"tool_call_id": id, "output": output.content} for id, output in zip(call_ids, outputs, strict=True)]
    return {"tool_outputs": given, **({"stream": True} if streams else {})}


def _in_words(messages: Sequence[ChatMessage]) -> Iterator[ChatMessage]:
    calls: dict[str, ToolCall] = {}
    answers: list[str] = []
    for message in messages:
        if message.role is Role.TOOL:
            call = calls.get(message.tool_call_id or "")
            answers.append(message.content if call is None else f"{call.name}({call.arguments}): {message.content}")
            continue
        if answers:
            yield ChatMessage(role=Role.USER, content="\n".join((ANSWERED, *answers)))
            answers = []
        calls = {call.id: call for call in message.tool_calls}
        if message.role is not Role.SYSTEM:
            yield ChatMessage(role=message.role, content=message.content)
    if answers:
        yield ChatMessage(role=Role.USER, content="\n".join((ANSWERED, *answers)))


def _tool(tool: ToolSpec) -> dict[str, Any]:
    parameters = dict(tool.parameters)
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }
