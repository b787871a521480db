"""One provider's address, and who we are there: every request to it is made here."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from bot.errors import NotAnApi, ProviderError, ProviderFault
from bot.providers.configuration import ProviderConfiguration
from bot.providers.forms import Form
from bot.providers.keys import RESTS, KeyRing
from bot.providers.transport import Call, ResponseStream, Terms, Timeouts, Transport

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# A thousand models, or a hundred messages of a conversation, are some hundred kilobytes.
MAX_BODY_BYTES = 8 * 1024 * 1024
USUAL = Terms()

Body = Mapping[str, Any] | Form | None


class Endpoint:
    """Requests to one provider; paths begin with a slash and follow its `base_url`."""

    def __init__(
        self, transport: Transport, configuration: ProviderConfiguration, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`now` is in seconds and only goes forward."""
        self.configuration = configuration
        self._transport = transport
        self._keys = tuple(key.get_secret_value() for key in configuration.keys if key.get_secret_value())
        self._ring = KeyRing(max(1, len(self._keys)))
        self._now = now
        self._headers = {name: value.get_secret_value() for name, value in configuration.headers.items()}

    @property
    def name(self) -> str:
        """The provider's name in the host's configuration."""
        return self.configuration.name

    @property
    def timeouts(self) -> Timeouts:
        """How long its answers may take."""
        return self._transport.timeouts

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not reach a log."""
        return (*self._keys, *self._headers.values())

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        headers: Mapping[str, str] | None = None,
        terms: Terms = USUAL,
    ) -> AsyncIterator[ResponseStream]:
        """The body of a 2xx response, once its first bytes are there.

        Raises: ProviderError, ConfigurationError.
        """
        async with AsyncExitStack() as stack:
            call = self._call(method, path, body, headers or {}, terms)
            yield await self._with_a_key(call, lambda call: stack.enter_async_context(self._transport.open(call)))

    async def fetch(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BODY_BYTES,
        terms: Terms = USUAL,
    ) -> Any:
        """The JSON of a 2xx response.

        Raises: ProviderError, ConfigurationError.
        """
        accepted = {"Accept": "application/json", **(headers or {})}
        content = await self.fetch_bytes(method, path, body, headers=accepted, max_bytes=max_bytes, terms=terms)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as exc:
            kind = NotAnApi if content.lstrip().startswith(b"<") else ProviderError
            raise kind(ProviderFault.PROTOCOL, f"{method} {path} was not answered with JSON") from exc

    async def fetch_bytes(
        self,
        method: str,
        path: str,
        body: Body = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BODY_BYTES,
        terms: Terms = USUAL,
    ) -> bytes:
        """The whole body of a 2xx response, whatever it is.

        Raises: ProviderError, ConfigurationError.
        """
        call = self._call(method, path, body, {"Accept": "*/*", **(headers or {})}, terms)
        return await self._with_a_key(call, lambda call: self._transport.fetch(call, max_bytes=max_bytes))

    async def _with_a_key(self, call: Call, ask: Callable[[Call], Awaitable[Answer]]) -> Answer:
        """What a call is answered with the first key that is not refused."""
        *others, last = self._ring.turn(self._now())
        # Another key need not wait for what this one has used up.
        impatient = replace(call, retried=call.retried - {ProviderFault.RATE_LIMITED})
        for position in others:
            try:
                return await self._ask(position, impatient, ask)
            except ProviderError as error:
                if error.fault not in RESTS:
                    raise
        return await self._ask(last, call, ask)

    async def _ask(self, position: int, call: Call, ask: Callable[[Call], Awaitable[Answer]]) -> Answer:
        """What a call is answered with this key, which rests if it is refused."""
        own = {"Authorization": f"Bearer {self._keys[position]}"} if self._keys else {}
        try:
            answer = await ask(replace(call, headers={**own, **call.headers}))
        except ProviderError as error:
            rest_seconds = self._ring.refused(position, error, self._now())
            if rest_seconds is not None and len(self._keys) > 1:
                which = f"key {position + 1} of {len(self._keys)}"
                log.warning("provider %s: %s rests for %.0f s: %s", self.name, which, rest_seconds, error.fault)
            raise
        self._ring.worked(position)
        return answer

    def _call(self, method: str, path: str, body: Body, headers: Mapping[str, str], terms: Terms) -> Call:
        content, content_type = _encoded(body)
        typed = {} if body is None else {"Content-Type": content_type, "Accept": "text/event-stream"}
        return Call(
            method=method,
            url=f"{self.configuration.base_url}{path}",
            headers={**typed, **self._headers, **headers},
            body=content,
            secrets=self.secrets,
            terms=terms,
        )


def _encoded(body: Body) -> tuple[bytes, str]:
    if isinstance(body, Form):
        return body.encoded()
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return content, "application/json"
