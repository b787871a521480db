"""The responses API over HTTP."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any
from urllib.parse import quote

from bot.errors import ConfigurationError, ProviderError, ProviderFault
from bot.messages import GO_ON, ProviderRequest
from bot.providers.adapter import ListedModel
from bot.providers.body_decoder import BodyDecoder
from bot.providers.dialect import REFUSALS, Dialect
from bot.providers.endpoint import Endpoint
from bot.providers.events import Bookmark, Carried, Event, Finished, FinishReason
from bot.providers.known_keys import keys_of, unsent
from bot.providers.learning import Learner
from bot.providers.models import models_in
from bot.providers.reading import events_in
from bot.providers.responses.decoder import ResponseDecoder
from bot.providers.responses.request import FORGOTTEN, Known, dispensable, request_body, to_carry
from bot.providers.transport import ResponseStream

log = logging.getLogger(__name__)

# What the host calls the ways to have the provider keep a conversation, and the request's word for each.
FIELDS: Mapping[str, str] = {"response": "previous_response_id", "conversation": "conversation"}
KEPT_AT: Mapping[str, str] = {"response": "/responses", "conversation": "/conversations"}
NOT_KEPT = "none"
FORGET_SECONDS = 5.0  # as long as anybody waits for it


class Responses:
    """Answers of one provider over `/responses`.

    The conversation is sent each time, unless the host lets the provider keep it.  Then its bookmark says what it
    knows: the `id` of its last response, or of the conversation there, the `keys` of the messages in it, and how many
    had been `removed` by then.  While an answer is on its way, the conversation there may or may not come to hold it,
    so its bookmark has no keys then.
    """

    def __init__(
        self, endpoint: Endpoint, *, new_call_id: Callable[[], str] = lambda: f"call_{secrets.token_hex(12)}"
    ) -> None:
        self._endpoint = endpoint
        self._learner = Learner(endpoint)
        self._new_call_id = new_call_id
        self._state: str = endpoint.configuration.state

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one answer; close the generator (`contextlib.aclosing`) to stop it and its connection.

        Raises: ProviderError: before the first event or after any of them.
        """
        decoder = ResponseDecoder(new_call_id=self._new_call_id, secrets=self._endpoint.secrets)
        async with AsyncExitStack() as stack:
            known = self._resumed(request) or await self._beginning(request)
            while True:
                if conversation := known.fields.get("conversation"):
                    yield self._bookmark(request, conversation)
                try:
                    response = await self._open(request, known, stack)
                    break
                except ProviderError as error:
                    if not known.is_resumed or error.fault not in REFUSALS:
                        raise
                    self._note_loss(error)
                    known = await self._beginning(request)
            body = BodyDecoder(decoder, secrets=self._endpoint.secrets)
            async with aclosing(events_in(response, body, self._endpoint.timeouts)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        for left in self._left(request, known, decoder, event):
                            yield left
                    yield event

    def takes_tools(self, model: str) -> bool:
        """Whether this model's tools are sent: yes, until its server has refused them."""
        return self._learner.dialect(model).sends_tools

    async def cancel(self, run_key: str, bookmark: Mapping[str, Any]) -> None:
        """Nothing is left to end once the connection is closed."""

    async def forget(self, bookmark: Mapping[str, Any]) -> None:
        """Delete the conversation there, or its last response; earlier ones the provider keeps as long as it does."""
        path = KEPT_AT.get(bookmark.get("state", ""))
        if path is None or not bookmark.get("id"):
            return
        try:
            async with asyncio.timeout(FORGET_SECONDS):
                await self._endpoint.fetch("DELETE", f"{path}/{quote(bookmark['id'], safe='')}")
        except (ProviderError, ConfigurationError, TimeoutError) as error:
            log.info("a conversation could not be deleted: %s", getattr(error, "detail", "") or type(error).__name__)

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models that this key may use, as the provider lists them.

        Raises: ProviderError: when the provider refuses, or lists nothing that can be read.
        """
        return models_in(await self._endpoint.fetch("GET", "/models"), secrets=self._endpoint.secrets)

    def _resumed(self, request: ProviderRequest) -> Known | None:
        """What the provider keeps of this conversation, if it is how the request begins."""
        bookmark = request.bookmarks.get(self._endpoint.name, {})
        if bookmark.get("state") != self._state or self._state == NOT_KEPT:
            return None
        messages = unsent(request.messages, bookmark["keys"], removed=request.removed - bookmark.get("removed", 0))
        if messages is None:
            return None
        return Known(fields={FIELDS[self._state]: bookmark["id"]}, messages=messages, is_resumed=True)

    async def _beginning(self, request: ProviderRequest) -> Known:
        """The whole conversation, for a provider that keeps nothing of it, or nothing of it yet."""
        if self._state == "conversation" and request.run_key:
            try:
                created = await self._endpoint.fetch("POST", "/conversations", {})
            except ProviderError as error:
                if error.fault not in REFUSALS:
                    raise
                self._keep_nothing(error)
            else:
                return Known(fields={"conversation": id_in(created)}, messages=request.messages)
        return Known(fields={} if self._is_kept(request) else FORGOTTEN, messages=request.messages)

    def _is_kept(self, request: ProviderRequest) -> bool:
        return self._state != NOT_KEPT and bool(request.run_key)

    def _note_loss(self, error: ProviderError) -> None:
        log.info("what the provider kept of a conversation is sent again: %s", error.detail)
        if "support" in error.detail:
            self._keep_nothing(error)

    def _keep_nothing(self, error: ProviderError) -> None:
        log.warning("provider %s keeps no conversations, take `state` away: %s", self._endpoint.name, error.detail)
        self._state = NOT_KEPT

    def _left(
        self, request: ProviderRequest, known: Known, decoder: ResponseDecoder, finished: Finished
    ) -> Iterator[Event]:
        """What is to be stored before an answer ends: what the provider knows now, or wants back with its calls."""
        if self._is_kept(request):
            if id := known.fields.get("conversation") or decoder.id:
                yield self._bookmark(request, id, (*keys_of(request.messages), request.run_key))
        elif finished.reason is FinishReason.TOOL_CALLS and request.messages[-1].key != GO_ON:
            carried = to_carry(self._endpoint.name, request.model, decoder.output)
            if carried is not None:
                yield Carried(carried)

    def _bookmark(self, request: ProviderRequest, id: str, keys: Sequence[str] = ()) -> Bookmark:
        state = {"state": self._state, "id": id, "keys": list(keys), "removed": request.removed}
        return Bookmark(self._endpoint.name, state)

    async def _open(self, request: ProviderRequest, known: Known, stack: AsyncExitStack) -> ResponseStream:
        server_tools = self._endpoint.configuration.server_tools
        body = partial(self._body, request, known)
        sent = dispensable(request, server_tools)
        return await stack.enter_async_context(self._learner.open(request.model, "/responses", body, sent))

    def _body(self, request: ProviderRequest, known: Known, dialect: Dialect) -> dict[str, Any]:
        server_tools = self._endpoint.configuration.server_tools
        return request_body(request, dialect, known, provider=self._endpoint.name, server_tools=server_tools)


def id_in(created: object) -> str:
    """The id of what was made.  Raises: ProviderError where it has none."""
    id = created.get("id") if isinstance(created, dict) else None
    if not isinstance(id, str) or not id:
        raise ProviderError(ProviderFault.PROTOCOL, "a conversation without an id")
    return id
