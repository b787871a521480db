"""The assistants API over HTTP: conversations are threads of the provider's, answers are runs in them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from bot.errors import ConfigurationError, ProviderError
from bot.messages import ProviderRequest
from bot.providers.adapter import ListedModel
from bot.providers.assistants.remote_answer import RemoteAnswer
from bot.providers.assistants.runs_api import RunsApi
from bot.providers.assistants.runs_state import RemoteThread
from bot.providers.endpoint import Endpoint
from bot.providers.events import Bookmark, Event
from bot.providers.models import models_in

log = logging.getLogger(__name__)

# Whoever pressed Stop has their answer by then; a run that is not ended expires ten minutes after its creation.
CANCEL_SECONDS = 5.0


class Assistants:
    """Answers of one provider that keeps conversations and runs itself."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        new_mark: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._endpoint = endpoint
        self._api = RunsApi(endpoint)
        self._sleep = sleep
        self._new_mark = new_mark

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one answer, or of one step of it; a run whose stream breaks off is asked for until it ends.

        Of a request that is part of no run of ours nothing is left at the provider.

        Raises:
            ProviderError: before the first event or after any of them.
        """
        answer, kept = RemoteAnswer(self._api, request, sleep=self._sleep, new_mark=self._new_mark), None
        try:
            async with aclosing(answer.events()) as events:
                async for event in events:
                    kept = event.state if isinstance(event, Bookmark) else kept
                    yield event
        finally:
            if kept is not None and not request.run_key:
                await self.forget(kept)

    def takes_tools(self, model: str) -> bool:
        """Whether this model's tools are sent: yes, until its server has refused them."""
        return self._api.learner.dialect(model).sends_tools

    async def cancel(self, run_key: str, bookmark: Mapping[str, Any]) -> None:
        """End the run that still goes on for an answer."""
        thread = RemoteThread.read(bookmark)
        if thread is None or thread.run.owner != run_key or thread.run.is_over:
            return
        async with within_seconds("a run could not be cancelled"):
            id = thread.run.id
            if not id:
                found = await self._api.find_run(thread.id, thread.run.mark)
                id = "" if found is None else found.id
            if id:
                await self._api.cancel(thread.id, id)

    async def forget(self, bookmark: Mapping[str, Any]) -> None:
        """End a run and delete its thread."""
        thread = RemoteThread.read(bookmark)
        if thread is not None:
            await self.cancel(thread.run.owner, bookmark)
            async with within_seconds("a thread could not be deleted"):
                await self._api.delete_thread(thread.id)

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models that this key may use, as the provider lists them.

        Raises:
            ProviderError: when the provider refuses, or lists nothing that can be read.
        """
        return models_in(await self._endpoint.fetch("GET", "/models"), secrets=self._endpoint.secrets)


@asynccontextmanager
async def within_seconds(otherwise: str) -> AsyncIterator[None]:
    """Tidies up as far as the provider lets it in `CANCEL_SECONDS`; else the log says what was not done."""
    try:
        async with asyncio.timeout(CANCEL_SECONDS):
            yield
    except (ProviderError, ConfigurationError, TimeoutError) as error:
        log.info("%s: %s", otherwise, getattr(error, "detail", "") or type(error).__name__)
