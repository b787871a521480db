"""What the engine does for a provider that keeps conversations: it stores, it loses its process, and it asks again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.messages import GO_ON, PARTIAL, ChatMessage, ProviderRequest, Role, ToolCall, ToolSpec
from bot.providers.assistants.adapter import Assistants
from bot.providers.events import Bookmark, Event, Finished, ToolCallDone
from bot.providers.parameters import Api
from bot.providers.transport import Transport
from sandbox.runs_api import RunsServer
from sandbox.stories import ScriptedCall, Story
from tests.providers.asking import endpoint, text_of
from tests.providers.conftest import Waits

KEY = "sk-right-key"
ROLL = ToolSpec(name="roll", description="Roll dice", parameters={"type": "object", "properties": {}})
TWO = (
    ScriptedCall(name="roll", arguments=('{"sides"', ": 6}")),
    ScriptedCall(name="roll", arguments=("{}",), id="call_2", index=1),
)
ASKS = Story(pieces=("Let me", " see."), tool_calls=TWO, finish_reason="tool_calls")
DONE = Story(text="A five and a two.")
GO_ON_MESSAGE = ChatMessage(role=Role.USER, content="Go on.", key=GO_ON)


def assistants(transport: Transport, base_url: str, waits: Waits, **configured: object) -> Assistants:
    """The adapter, which never really waits."""
    given = {"api": Api.ASSISTANTS, **configured}
    return Assistants(endpoint(transport, base_url, KEY, **given), sleep=waits.sleep)


class Answers(Protocol):
    """An adapter, or all providers."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one step."""


@dataclass(slots=True, kw_only=True)
class Talk:
    """One conversation as the tables hold it; `partial` is what is stored of an answer that was interrupted."""

    messages: list[ChatMessage] = field(default_factory=list)
    bookmarks: dict[str, dict[str, Any]] = field(default_factory=dict)
    number: int = 0
    partial: str = ""
    has_died: bool = False
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def run_key(self) -> str:
        """What the answer that is under way is called."""
        return f"run {self.number}"

    @property
    def thread_id(self) -> str:
        """The thread that is written down."""
        id = self.bookmarks["scripted"]["id"]
        assert isinstance(id, str)
        return id

    def ask(self, text: str) -> None:
        """A person says something, which the next answer is for."""
        self.number += 1
        self.messages.append(ChatMessage(role=Role.USER, content=text, key=f"{self.number} {text}"))

    def give(self, *outputs: str) -> None:
        """What came of the newest step's calls."""
        for call, output in zip(self.messages[-1].tool_calls, outputs, strict=True):
            message = ChatMessage(role=Role.TOOL, content=output, tool_call_id=call.id, key=self.run_key)
            self.messages.append(message)

    def request(self) -> ProviderRequest:
        """The request for the answer that is under way."""
        partial = ChatMessage(role=Role.ASSISTANT, content=self.partial.rstrip(), key=PARTIAL)
        interrupted = (partial, GO_ON_MESSAGE) if self.partial else ()
        prompt = ChatMessage(role=Role.SYSTEM, content="Be kind.")
        given: dict[str, Any] = {
            "model": "scripted",
            "messages": (prompt, *self.messages, *interrupted),
            "tools": (ROLL,),
            "run_key": self.run_key,
            "bookmarks": dict(self.bookmarks),
        }
        return ProviderRequest(**given | self.changes)

    async def answer(
        self,
        adapter: Answers,
        *,
        dies_at: Callable[[Event], bool] = lambda _: False,
        seen: list[Event] | None = None,
    ) -> list[Event]:
        """The events of one step, stored as they come; the process dies when it has stored the one it `dies_at`."""
        seen = [] if seen is None else seen
        async with aclosing(adapter.stream(self.request())) as events:
            async for event in events:
                seen.append(event)
                if isinstance(event, Bookmark):
                    self.bookmarks[event.provider] = dict(event.state)
                self.has_died = dies_at(event)
                if self.has_died:
                    self.partial = self._rest(seen)
                    return seen
        assert isinstance(seen[-1], Finished)
        text = self._rest(seen)
        calls = tuple(
            ToolCall(id=event.id, name=event.name, arguments=event.arguments)
            for event in seen
            if isinstance(event, ToolCallDone)
        )
        self.partial = ""
        self.messages.append(ChatMessage(role=Role.ASSISTANT, content=text, tool_calls=calls, key=self.run_key))
        return seen

    def _rest(self, seen: list[Event]) -> str:
        """The text as far as it is there; the space between two attempts is there once."""
        new = text_of(seen)
        return (self.partial.rstrip() if new[:1].isspace() else self.partial) + new


def said(server: RunsServer, thread_id: str) -> list[tuple[str, str]]:
    """What is in a thread."""
    return [(message.role, message.content) for message in server.threads[thread_id].messages]
