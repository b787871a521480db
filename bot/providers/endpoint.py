"""One provider's address, and who we are there: every request to it is made here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bot.errors import ProviderError, ProviderFault
from bot.providers.configuration import ProviderConfiguration
from bot.providers.transport import Call, ResponseStream, Timeouts, Transport

# A thousand models, or a hundred messages of a conversation, are some hundred kilobytes.
MAX_BODY_BYTES = 8 * 1024 * 1024


class Endpoint:
    """Requests to one provider; paths begin with a slash and follow its `base_url`."""

    def __init__(self, transport: Transport, configuration: ProviderConfiguration) -> None:
        self.configuration = configuration
        self._transport = transport
        self._keys = tuple(key.get_secret_value() for key in configuration.keys if key.get_secret_value())
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
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[ResponseStream]:
        """The body of a 2xx response, once its first bytes are there.

        Raises: ProviderError, ConfigurationError.
        """
        async with self._transport.open(self._call(method, path, body, headers or {})) as response:
            yield response

    async def fetch(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> Any:
        """The JSON of a 2xx response.

        Raises: ProviderError, ConfigurationError.
        """
        call = self._call(method, path, body, {"Accept": "application/json", **(headers or {})})
        content = await self._transport.fetch(call, max_bytes=max_bytes)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as exc:
            raise ProviderError(ProviderFault.PROTOCOL, f"{method} {path} was not answered with JSON") from exc

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Call:
        own = {"Authorization": f"Bearer {self._keys[0]}"} if self._keys else {}
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        typed = {} if body is None else {"Content-Type": "application/json", "Accept": "text/event-stream"}
        return Call(
            method=method,
            url=f"{self.configuration.base_url}{path}",
            headers={**own, **typed, **self._headers, **headers},
            body=content,
            secrets=self.secrets,
        )
