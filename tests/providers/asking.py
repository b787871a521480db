"""Asks a provider in one line."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any, TypeVar

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.messages import ChatMessage, ProviderRequest, Role
from bot.providers.adapter import Adapter
from bot.providers.configuration import ProviderConfiguration
from bot.providers.endpoint import Endpoint
from bot.providers.events import Event, TextDelta
from bot.providers.transport import Transport
from sandbox.stories import Story

T = TypeVar("T")


def endpoint(transport: Transport, base_url: str, *keys: str, **configured: Any) -> Endpoint:
    """A provider at this address; an empty key is none."""
    given = {"name": "scripted", "base_url": base_url, "keys": keys, **configured}
    return Endpoint(transport, ProviderConfiguration.model_validate(given))


def question(text: str = "Hello?", *, model: str = "scripted") -> ProviderRequest:
    """A request of one user message."""
    return ProviderRequest(model=model, messages=(ChatMessage(role=Role.USER, content=text),))


async def ask(
    adapter: Adapter, request: ProviderRequest | None = None, *, seen: list[Event] | None = None
) -> list[Event]:
    """All events of an answer; `seen` has them even if the answer breaks."""
    seen = [] if seen is None else seen
    async with aclosing(adapter.stream(request or question())) as events:
        async for event in events:
            seen.append(event)
    return seen


def text_of(events: list[Event]) -> str:
    """The answer's text."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def whole(answer: object) -> Story:
    """A story of one JSON body."""
    return Story(body=json.dumps(answer).encode(), content_type="application/json")


async def fault_of(call: Awaitable[object]) -> ProviderFault:
    """Why a call failed."""
    with pytest.raises(ProviderError) as caught:
        await call
    return caught.value.fault


async def all_of(events: AsyncGenerator[T, None]) -> list[T]:
    """All that a generator yields, which is closed then."""
    async with aclosing(events):
        return [event async for event in events]
