"""A scripted provider on loopback and a transport that never really waits between retries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.transport import Timeouts, Transport
from sandbox.provider import ScriptedProvider
from sandbox.runs_api import RunsServer
from tests.providers.asking import endpoint


@dataclass(slots=True)
class Waits:
    """The waits between retries: written down, not waited."""

    seconds: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Takes the place of `asyncio.sleep`."""
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    """How long the transport would have waited."""
    return Waits()


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """A provider that asks for a key."""
    async with ScriptedProvider(api_key="sk-right-key") as provider:
        yield provider


@pytest.fixture
async def transport(waits: Waits) -> AsyncIterator[Transport]:
    """A transport with time-outs that a test can wait for, but long enough for a slow machine."""
    timeouts = Timeouts(connect_seconds=5, first_byte_seconds=5, idle_seconds=5, total_seconds=20)
    async with Transport(timeouts=timeouts, sleep=waits.sleep, jitter=lambda: 0.5) as transport:
        yield transport


@pytest.fixture
def completions(provider: ScriptedProvider, transport: Transport) -> ChatCompletions:
    """An adapter with the right key."""
    return ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key"))


@pytest.fixture
def client(provider: ScriptedProvider, transport: Transport) -> OpenAIClient:
    """The provider's endpoints with the right key."""
    return OpenAIClient(endpoint(transport, provider.base_url, "sk-right-key"))


@pytest.fixture
def server(provider: ScriptedProvider) -> RunsServer:
    """The provider's threads and runs."""
    return provider.runs
