"""The embedded demo model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bot.messages import ChatMessage, ProviderRequest, Role, ToolCall, ToolSpec
from bot.providers.adapter import Adapter
from bot.providers.events import Finished, FinishReason, Started, TextDelta, ToolCallDone, Usage
from bot.providers.parameters import Api
from bot.providers.registry import ADAPTERS
from bot.providers.transport import Transport
from sandbox.demo import DEMO_MODEL_SETTINGS
from sandbox.model import DemoModel
from tests.providers.asking import ask, endpoint, question, text_of

PROMPT = DEMO_MODEL_SETTINGS["SYSTEM_PROMPT"]


def tool(name: str, description: str, *required: str, **types: str) -> ToolSpec:
    """A function with parameters of these JSON types."""
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in types.items()}}
    return ToolSpec(name=name, description=description, parameters=schema | {"required": list(required)})


TOOLS = (
    tool("ask_user", "Ask the person something", "question", question="string", choices="array"),
    tool("calculate", "Calculate exactly", "expression", expression="string"),
    tool("poll", "Start a poll", "question", "answers", question="string", answers="string", hours="integer"),
    tool("roll", "Roll dice, and see each of them and their sum", sides="integer", count="integer"),
    tool("server_info", "About this server"),
    tool("time", "Tell the date and the time", zone="string"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The embedded model, asked as the bot asks it, but without chance."""

    adapter: Adapter
    model: str

    async def say(self, text: str, *more: ChatMessage) -> tuple[str, list[ToolCallDone]]:
        """The text and the calls of its answer, in a talk that has begun with a greeting."""
        messages = (
            ChatMessage(role=Role.SYSTEM, content=PROMPT),
            ChatMessage(role=Role.USER, content="(from Ada) hello"),
            ChatMessage(role=Role.ASSISTANT, content="Hello! How can I assist you today?"),
            ChatMessage(role=Role.USER, content=f"(from Ada) {text}"),
        )
        request = ProviderRequest(
            model=self.model,
            messages=(*messages, *more),
            tools=TOOLS,
            max_output_tokens=60,
            parameters={"temperature": 0.0},
        )
        events = await ask(self.adapter, request)
        return text_of(events), [event for event in events if isinstance(event, ToolCallDone)]


@asynccontextmanager
async def asked(api: Api = Api.CHAT_COMPLETIONS) -> AsyncIterator[Asked]:
    """The model, loaded for the length of the block."""
    async with DemoModel() as demo, Transport() as transport:
        yield Asked(ADAPTERS[api](endpoint(transport, demo.base_url)), demo.model)


async def test_demo_model_calls_the_tool_that_is_named_and_none_when_greeted() -> None:
    """With tools offered it answers a greeting and a plain question in words, and calls what the message names."""
    async with asked() as model:
        for plain in ("hello", "What is the capital of France?"):
            text, calls = await model.say(plain)
            assert text.strip()
            assert calls == []
        for wish, name, wanted in (
            ("Please roll a die with 6 sides.", "roll", {"sides": 6}),
            ("Please ask me which colour I like.", "ask_user", {"question"}),
            (
                'Please make a poll with the question "Tea or coffee?" and the answers "tea | coffee".',
                "poll",
                {"question", "answers"},
            ),
        ):
            _, calls = await model.say(wish)
            assert [call.name for call in calls] == [name]
            arguments = json.loads(calls[0].arguments)
            assert (arguments if isinstance(wanted, dict) else arguments.keys()) == wanted


@pytest.mark.parametrize("api", [Api.CHAT_COMPLETIONS, Api.RESPONSES])
async def test_demo_model_says_what_came_of_its_call(api: Api) -> None:
    """It calls, and told the tool's output it repeats it instead of calling again, over both APIs of its server."""
    async with asked(api) as model:
        _, (done,) = await model.say("Please roll a die with 6 sides.")
        call = ToolCall(id=done.id, name=done.name, arguments=done.arguments)
        text, calls = await model.say(
            "Please roll a die with 6 sides.",
            ChatMessage(role=Role.ASSISTANT, content="", tool_calls=(call,)),
            ChatMessage(role=Role.TOOL, content="1d6: 4", tool_call_id=done.id),
        )
        assert "1d6: 4" in text
        assert calls == []


@pytest.mark.parametrize("api", [Api.CHAT_COMPLETIONS, Api.RESPONSES])
async def test_demo_model_streams_an_answer(api: Api) -> None:
    """The real adapter gets a streamed answer, its usage and its end from the embedded model, twice in a row."""
    async with DemoModel() as demo, Transport() as transport:
        adapter = ADAPTERS[api](endpoint(transport, demo.base_url))
        assert [listed.name for listed in await adapter.list_models()] == [demo.model]
        request = replace(question("What is the capital of France?", model=demo.model), max_output_tokens=12)
        for _ in range(2):
            events = await ask(adapter, request)
            assert text_of(events).strip()
            assert len([event for event in events if isinstance(event, TextDelta)]) > 2
            assert isinstance(events[0], Started)
            assert isinstance(events[-2], Usage)
            assert events[-1] in (Finished(FinishReason.STOP), Finished(FinishReason.LENGTH))
