"""The chat completions API over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

from bot.messages import ProviderRequest
from bot.providers.adapter import ListedModel
from bot.providers.body_decoder import BodyDecoder
from bot.providers.chat.decoder import ChunkDecoder
from bot.providers.chat.request import dispensable, origin, request_body
from bot.providers.dialect import Dialect
from bot.providers.endpoint import Endpoint
from bot.providers.events import Event
from bot.providers.learning import Learner
from bot.providers.models import models_in
from bot.providers.reading import events_in


class ChatCompletions:
    """Answers of one provider over `/chat/completions`; it keeps nothing, so the conversation is sent each time."""

    path = "/chat/completions"

    def __init__(
        self, endpoint: Endpoint, *, new_call_id: Callable[[], str] = lambda: f"call_{secrets.token_hex(12)}"
    ) -> None:
        self._endpoint = endpoint
        self._learner = Learner(endpoint)
        self._new_call_id = new_call_id

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one answer; close the generator (`contextlib.aclosing`) to stop it and its connection.

        Raises:
            ProviderError: before the first event or after any of them.
        """
        chunks = ChunkDecoder(
            origin=origin(self._endpoint.name, request.model),
            new_call_id=self._new_call_id,
            secrets=self._endpoint.secrets,
        )
        decoder = BodyDecoder(chunks, secrets=self._endpoint.secrets)
        body = partial(self.body, request)
        async with (
            self._learner.open(request.model, self.path, body, dispensable(request)) as response,
            aclosing(events_in(response, decoder, self._endpoint.timeouts)) as events,
        ):
            async for event in events:
                yield event

    def body(self, request: ProviderRequest, dialect: Dialect) -> dict[str, Any]:
        """A request in the words of the API."""
        return request_body(request, dialect, self._endpoint.name)

    def takes_tools(self, model: str) -> bool:
        """Whether this model's tools are sent: yes, until its server has refused them."""
        return self._learner.dialect(model).sends_tools

    async def cancel(self, run_key: str, bookmark: Mapping[str, Any]) -> None:
        """Nothing is left to end once the connection is closed."""

    async def forget(self, bookmark: Mapping[str, Any]) -> None:
        """Nothing is kept there."""

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models that this key may use, as the provider lists them.

        Raises:
            ProviderError: when the provider refuses, or lists nothing that can be read.
        """
        return models_in(await self._endpoint.fetch("GET", "/models"), secrets=self._endpoint.secrets)
