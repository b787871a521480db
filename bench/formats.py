"""The APIs whose streams are measured: how each is asked without any of our code, and who of ours reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from bot.providers.assistants.runs_decoder import RunDecoder, Speech
from bot.providers.body_decoder import BodyDecoder
from bot.providers.chat.decoder import ChunkDecoder
from bot.providers.events import Event
from bot.providers.parameters import Api
from bot.providers.responses.decoder import ResponseDecoder
from sandbox.provider import MODEL

QUESTION = "Hello?"
MESSAGES = [{"role": "user", "content": QUESTION}]
ASSISTANT = "asst_host"  # one that the sandbox knows
RUNS_VERSION = {"OpenAI-Beta": "assistants=v2"}


class Decoder(Protocol):
    """Turns the bytes of a response into events."""

    def feed(self, chunk: bytes) -> Iterable[Event]:
        """The events that are whole with these bytes."""

    def close(self) -> Iterable[Event]:
        """What is left at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One API; `configured` is what its provider's configuration holds beside its address."""

    title: str
    decoder: Callable[[], Decoder]
    path: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, object] = field(default_factory=dict)

    @asynccontextmanager
    async def asked(self, session: aiohttp.ClientSession, base_url: str) -> AsyncIterator[aiohttp.StreamReader]:
        """The body of an answer, asked for with as many requests as the API needs and nothing else."""
        thread_id = ""
        if "{thread_id}" in self.path:
            async with session.post(f"{base_url}/threads", json={"messages": MESSAGES}, headers=self.headers) as made:
                thread_id = (await made.json())["id"]
        path = self.path.format(thread_id=thread_id)
        async with session.post(f"{base_url}{path}", json=self.body, headers=self.headers) as response:
            response.raise_for_status()
            yield response.content


FORMATS: Mapping[Api, Format] = {
    Api.CHAT_COMPLETIONS: Format(
        title="Chat completions",
        decoder=lambda: BodyDecoder(ChunkDecoder(new_call_id=str)),
        path="/chat/completions",
        body={"model": MODEL, "messages": MESSAGES, "stream": True},
    ),
    Api.RESPONSES: Format(
        title="Responses",
        decoder=lambda: BodyDecoder(ResponseDecoder(new_call_id=str)),
        path="/responses",
        body={"model": MODEL, "input": MESSAGES, "stream": True, "store": False},
    ),
    Api.ASSISTANTS: Format(
        title="Threads and runs",
        decoder=lambda: RunDecoder(Speech()),
        path="/threads/{thread_id}/runs",
        body={"assistant_id": ASSISTANT, "stream": True},
        headers=RUNS_VERSION,
        configured={"assistant_id": ASSISTANT},
    ),
}
