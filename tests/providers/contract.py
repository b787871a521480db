"""How each adapter is made for the contract, and what its API cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.providers.adapter import Adapter
from bot.providers.parameters import Api
from bot.providers.registry import ADAPTERS
from bot.providers.transport import Transport
from tests.providers.asking import endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One way to configure an adapter; `configured` is what stands in its `[providers.NAME]`."""

    api: Api
    configured: Mapping[str, Any] = field(default_factory=dict)
    has_tools: bool = True
    has_reasoning: bool = True
    has_refusals: bool = True  # an API without them has a refusal as an answer like any other
    goes_on: bool = False  # a stream that breaks off is gone on with, because the answer lives on at the server

    def adapter(self, transport: Transport, base_url: str, *keys: str) -> Adapter:
        """The adapter as the registry makes it."""
        given: dict[str, Any] = {"api": self.api, **self.configured}
        return ADAPTERS[self.api](endpoint(transport, base_url, *keys, **given))


CONTRACTS: Mapping[str, Contract] = {
    "assistants": Contract(api=Api.ASSISTANTS, has_reasoning=False, goes_on=True),
    "chat_completions": Contract(api=Api.CHAT_COMPLETIONS),
    "completions": Contract(api=Api.COMPLETIONS, has_tools=False, has_reasoning=False, has_refusals=False),
    "responses": Contract(api=Api.RESPONSES),
    "responses, by the last response": Contract(api=Api.RESPONSES, configured={"state": "response"}),
    "responses, in a conversation": Contract(api=Api.RESPONSES, configured={"state": "conversation"}),
}
