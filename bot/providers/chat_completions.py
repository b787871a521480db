"""The chat completions API over HTTP."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack

import httpx

from bot.errors import ConfigurationError, ProviderError, ProviderFault
from bot.messages import ProviderRequest
from bot.providers.chat_decoder import BodyDecoder
from bot.providers.chat_request import MAX_DIALECTS, Dialect, request_body
from bot.providers.events import Event
from bot.providers.transport import Call, ResponseStream, Transport

log = logging.getLogger(__name__)

# A thousand models are listed in some hundred kilobytes.
MAX_LIST_BYTES = 8 * 1024 * 1024


class ChatCompletions:
    """Answers from one provider.

    `base_url` is taken as the provider states it, usually with `/v1` at its end; a slash after it makes no
    difference, and `/chat/completions` is joined to it.  With an empty key no `Authorization` is sent.

    Raises:
        ConfigurationError: when the address or the key cannot be one.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        base_url: str,
        api_key: str = "",
        new_call_id: Callable[[], str] = lambda: f"call_{secrets.token_hex(12)}",
    ) -> None:
        self._transport = transport
        self._base_url = _checked_url(base_url)
        self._api_key = _checked_key(api_key)
        self._dialects: dict[str, Dialect] = {}
        self._new_call_id = new_call_id

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one answer; close the generator (`contextlib.aclosing`) to stop it and its connection.

        Raises:
            ProviderError: before the first event or after any of them.
        """
        decoder = BodyDecoder(new_call_id=self._new_call_id, secrets=(self._api_key,))
        async with AsyncExitStack() as stack:
            response = await self._open(request, stack)
            times, progress = self._transport.timeouts, 0
            while not decoder.is_done:
                try:
                    chunk = await response.read()
                except ProviderError:
                    if not decoder.is_answered:
                        raise
                    break
                if chunk is None:
                    break
                for event in decoder.feed(chunk):
                    yield event
                if decoder.progress != progress:
                    progress = decoder.progress
                    response.wait_at_most(times.after_answer_seconds if decoder.is_answered else times.idle_seconds)
            ending = decoder.close()
            if decoder.is_done:
                await response.read_to_end()  # before the last event, after which nobody may ask for more
            for event in ending:
                yield event

    def takes_tools(self, model: str) -> bool:
        """Whether this model's tools are sent: yes, until its server has refused them."""
        return self._dialects.get(model, Dialect()).sends_tools

    async def list_models(self) -> tuple[str, ...]:
        """The names of the models that this key may use, as the provider lists them.

        Raises:
            ProviderError: when the provider refuses, or lists nothing that can be read.
        """
        call = Call(method="GET", url=f"{self._base_url}/models", headers=self._headers(), secrets=(self._api_key,))
        body = await self._transport.fetch(call, max_bytes=MAX_LIST_BYTES)
        return models_in(body)

    async def _open(self, request: ProviderRequest, stack: AsyncExitStack) -> ResponseStream:
        for _ in range(MAX_DIALECTS):
            dialect = self._dialects.get(request.model, Dialect())
            try:
                return await stack.enter_async_context(self._transport.open(self._call(request, dialect)))
            except ProviderError as error:
                learnt = dialect.learn_from(error)
                if learnt is None:
                    raise
                log.info("the model is asked differently from now on: %s", error.detail)
                self._dialects[request.model] = learnt
                refusal = error
        raise refusal

    def _call(self, request: ProviderRequest, dialect: Dialect) -> Call:
        body = json.dumps(request_body(request, dialect), ensure_ascii=False).encode("utf-8", "replace")
        return Call(
            method="POST",
            url=f"{self._base_url}/chat/completions",
            headers={**self._headers(), "Content-Type": "application/json", "Accept": "text/event-stream"},
            body=body,
            secrets=(self._api_key,),
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}


def models_in(body: bytes) -> tuple[str, ...]:
    """The names in a list of models, in the API's form or as a bare list."""
    try:
        listed = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise ProviderError(ProviderFault.PROTOCOL, "the list of models is not JSON") from exc
    entries = listed.get("data", listed.get("models")) if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        raise ProviderError(ProviderFault.PROTOCOL, "the list of models is not a list")
    names = [entry.get("id") or entry.get("name") if isinstance(entry, dict) else entry for entry in entries]
    return tuple(name for name in names if isinstance(name, str) and name)


def _checked_url(base_url: str) -> str:
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL as exc:
        raise ConfigurationError("The model provider's address is not a URL.") from exc
    if url.scheme not in ("http", "https") or not url.host or (url.port or 0) > 65535:
        raise ConfigurationError("The model provider's address has to be like https://host/v1.")
    return base_url.strip().rstrip("/")


def _checked_key(api_key: str) -> str:
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError("The model provider's key holds characters that no key has.")
    return key
