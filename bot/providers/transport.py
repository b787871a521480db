"""The shared HTTP client of all providers: time-outs, retries and error mapping, for requests that stream.

Settings of the environment count (`HTTPS_PROXY`, `SSL_CERT_FILE`), because hosts sit behind proxies, but never for
loopback addresses: a proxy cannot reach the model server of this machine.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from bot import __version__
from bot.errors import ConfigurationError, ProviderError, ProviderFault
from bot.providers.connections import AiohttpTransport
from bot.providers.failures import failure, redact
from bot.providers.packed import is_packed, unpacked

log = logging.getLogger(__name__)

# 200 answers at once are more than one process has CPU for; what comes on top waits for a connection.
MAX_CONNECTIONS = 200
# Most servers close an idle connection after 60 to 75 seconds, some after 5: a short wait meets fewer stale ones.
KEEP_ALIVE_SECONDS = 20.0
# An error page is a few kilobytes; more of it says nothing more.
MAX_ERROR_BYTES = 64 * 1024
# The longest answer with its thinking, in chunks of a token each, or a handful of large pictures; more is a flood.
MAX_READ_BYTES = 256 * 1024 * 1024
# How long the end of a body may take after the last event.  It nearly always comes with it; reading it lets the
# connection be used again, which spares the next answer a handshake.
END_OF_BODY_SECONDS = 0.05
# Connections that went stale in the pool are found one by one; past this many it is no longer that.
MAX_STALE_CONNECTIONS = 5

RETRIED = frozenset({ProviderFault.BUSY, ProviderFault.RATE_LIMITED, ProviderFault.NETWORK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each part of an answer may take.

    `first_byte_seconds` is from the request to the first line of the answer; thinking models take a minute.
    `idle_seconds` is between two lines: bytes that make no line do not count, keep-alive comments do.
    `after_answer_seconds` is for what may follow the model's last word, usage and `[DONE]`: a server that sends
    neither and keeps the connection open does not delay the end of an answer for longer.
    """

    connect_seconds: float = 10.0
    first_byte_seconds: float = 60.0
    idle_seconds: float = 60.0
    total_seconds: float = 600.0
    after_answer_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """When to try again: few times and slowly, because relays already retry behind their own face.

    A provider that asks for a longer wait than `max_wait_seconds` is not waited for: a person is.
    """

    max_retries: int = 2
    base_wait_seconds: float = 0.5
    max_wait_seconds: float = 20.0

    def wait_seconds(self, retry: int, error: ProviderError, jitter: float) -> float | None:
        """How long to wait before retry number `retry` (from 0), or None for not at all; jitter is from 0 to 1."""
        if retry >= self.max_retries:
            return None
        backoff_seconds = self.base_wait_seconds * 2.0**retry * (0.5 + jitter)
        wait_seconds = max(backoff_seconds, (error.retry_after_seconds or 0.0) + self.base_wait_seconds * jitter)
        return wait_seconds if wait_seconds <= self.max_wait_seconds + self.base_wait_seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a request is unlike one for an answer.

    What is paid for is not sent again once it may have been received: nothing tells the provider that it is the same
    job.  `first_byte_seconds` is how long its first byte may take at least, where it comes with the whole result.
    """

    is_paid: bool = False
    first_byte_seconds: float = 0.0

    def may_repeat(self, error: ProviderError) -> bool:
        """Whether what failed like this may be sent again."""
        return not self.is_paid or isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request; `secrets` are what must not reach a log, and `retried` what it is tried again after."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    retried: frozenset[ProviderFault] = RETRIED
    terms: Terms = Terms()


class ResponseStream:
    """The body of a response that the provider began."""

    def __init__(self, response: httpx.Response, *, total_due: float, secrets: tuple[str, ...]) -> None:
        self._chunks = unpacked(response) if is_packed(response) else response.aiter_raw()
        self._read_bytes = 0
        self._response = response
        self._first: bytes | None = None
        self._secrets = secrets
        self._loop = asyncio.get_running_loop()
        self._total_due = total_due
        self._due = total_due
        self._is_late = False
        self._watch = self._loop.call_at(total_due, self._look)

    @property
    def content_type(self) -> str:
        """What the provider calls the body, without parameters and in lower case; empty where it says nothing."""
        return str(self._response.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def head(self) -> bytes:
        """The first bytes, as long as nothing was read; empty where the body is."""
        return self._first or b""

    def wait_at_most(self, seconds: float) -> None:
        """From now on, the next reads must succeed within this time."""
        self._due = min(self._loop.time() + seconds, self._total_due)
        if self._due < self._watch.when():
            self._watch.cancel()
            self._watch = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        """Break off a body that is late: one timer for a whole stream, not one made and cancelled for each token."""
        if self._loop.time() < self._due:
            self._watch = self._loop.call_at(self._due, self._look)
        else:
            self._is_late = True
            self._response.extensions["abort"]()

    async def read_first(self) -> None:
        """Waits for the first chunk, and keeps it for `read`; network errors come through as they are."""
        self._first = await anext(self._chunks, None)

    async def read(self) -> bytes | None:
        """The next chunk, or None at the end.

        Raises:
            ProviderError: `TIMEOUT` when it takes too long, `PROTOCOL` when it breaks off or is too much.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            chunk = await anext(self._chunks, None)
        except httpx.HTTPError as exc:
            if self._is_late:
                raise ProviderError(ProviderFault.TIMEOUT, "the stream stood still or took too long") from exc
            detail = redact(f"{type(exc).__name__}: {exc}", self._secrets)
            raise ProviderError(ProviderFault.PROTOCOL, detail) from exc
        self._read_bytes += len(chunk or b"")
        if self._read_bytes > MAX_READ_BYTES:
            raise ProviderError(ProviderFault.PROTOCOL, f"a body of more than {MAX_READ_BYTES} bytes")
        return chunk

    async def read_to_end(self) -> None:
        """Reads what little may follow the last event, so that the connection can be used again."""
        try:
            async with asyncio.timeout(END_OF_BODY_SECONDS):
                while await anext(self._chunks, None) is not None:
                    continue
        except (TimeoutError, httpx.HTTPError) as exc:
            log.debug("a body did not end after its last event: %s", type(exc).__name__)

    async def close(self) -> None:
        """Gives the connection back, or closes it where the body was not read to its end."""
        self._watch.cancel()
        await self._response.aclose()


class Transport:
    """Requests to providers; opened once by the app and shared by all adapters."""

    def __init__(
        self,
        *,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        hear: Callable[[str, int, Mapping[str, str]], None] = lambda _url, _status, _headers: None,
    ) -> None:
        """`hear` is told the URL, the status and the headers of each response."""
        self.timeouts = timeouts or Timeouts()
        self._retries = retries or Retries()
        self._sleep = sleep
        self._jitter = jitter
        self._now = now
        self._hear = hear
        self._client = httpx.AsyncClient(
            headers={"User-Agent": f"Parley/{__version__}", "Accept-Encoding": "identity"},
            # Reading is limited by `ResponseStream`, which knows a line from a byte.
            timeout=httpx.Timeout(None),
            transport=AiohttpTransport(
                connect_seconds=self.timeouts.connect_seconds,
                max_connections=MAX_CONNECTIONS,
                keep_alive_seconds=KEEP_ALIVE_SECONDS,
            ),
        )

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[ResponseStream]:
        """The body of a 2xx response, once its first bytes are there; leaving early closes the connection.

        What fails before that is tried again where it is safe to repeat.

        Raises:
            ProviderError: with the reason, when the provider refuses or cannot be reached.
            ConfigurationError: when no such request can be made.
        """
        total_due = asyncio.get_running_loop().time() + self.timeouts.total_seconds
        response = await self._begin(call, total_due)
        try:
            yield response
        finally:
            await response.close()

    async def fetch(self, call: Call, *, max_bytes: int) -> bytes:
        """The whole body of a 2xx response."""
        body = bytearray()
        async with self.open(call) as response:
            response.wait_at_most(self.timeouts.idle_seconds)
            while (chunk := await response.read()) is not None:
                body += chunk
                if len(body) > max_bytes:
                    raise ProviderError(ProviderFault.PROTOCOL, f"a body of more than {max_bytes} bytes")
        return bytes(body)

    async def _begin(self, call: Call, total_due: float) -> ResponseStream:
        retry = stale = 0
        while True:
            connection = _ConnectionTrace()
            try:
                return await self._attempt(call, connection, total_due)
            except ProviderError as error:
                if not call.terms.may_repeat(error):
                    raise
                went_stale = error.fault is ProviderFault.NETWORK and connection.was_pooled
                if went_stale and stale < MAX_STALE_CONNECTIONS:
                    stale += 1
                    continue
                may_repeat = error.fault in call.retried
                wait_seconds = self._retries.wait_seconds(retry, error, self._jitter()) if may_repeat else None
                if wait_seconds is None or asyncio.get_running_loop().time() + wait_seconds >= total_due:
                    raise
                log.info("provider: %s (%s), trying again in %.1f s", error.fault, error.status, wait_seconds)
                retry += 1
            await self._sleep(wait_seconds)

    async def _attempt(self, call: Call, connection: _ConnectionTrace, total_due: float) -> ResponseStream:
        now = asyncio.get_running_loop().time()
        due = min(now + max(self.timeouts.first_byte_seconds, call.terms.first_byte_seconds), total_due)
        try:
            async with asyncio.timeout_at(due):
                response = await self._client.send(self._request(call, connection), stream=True)
                self._hear(call.url, response.status_code, response.headers)
                stream = ResponseStream(response, total_due=total_due, secrets=call.secrets)
                try:
                    await stream.read_first() if response.is_success else await self._refuse(response, call)
                except BaseException:
                    await stream.close()
                    raise
        except TimeoutError as exc:
            raise ProviderError(ProviderFault.TIMEOUT, "no answer in time") from exc
        except httpx.HTTPError as exc:
            raise _unreachable(exc, call.secrets) from exc
        stream.wait_at_most(due - asyncio.get_running_loop().time())
        return stream

    def _request(self, call: Call, connection: _ConnectionTrace) -> httpx.Request:
        try:
            return self._client.build_request(
                call.method,
                call.url,
                headers=dict(call.headers),
                content=call.body,
                extensions={"on_connect": connection.opened},
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as exc:
            raise ConfigurationError("The model provider's address or key holds characters it cannot have.") from exc

    async def _refuse(self, response: httpx.Response, call: Call) -> None:
        body = bytearray()
        async for chunk in unpacked(response) if is_packed(response) else response.aiter_raw():
            body += chunk
            if len(body) >= MAX_ERROR_BYTES:
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        text = body[:MAX_ERROR_BYTES].decode("utf-8", "replace")
        raise failure(response.status_code, text, headers, now=self._now(), secrets=call.secrets)


class _ConnectionTrace:
    """Whether a request went over a connection that had been waiting in the pool."""

    def __init__(self) -> None:
        self.was_pooled = True

    def opened(self) -> None:
        """A new connection is made for it."""
        self.was_pooled = False


def _unreachable(exc: httpx.HTTPError, secrets: tuple[str, ...]) -> ProviderError:
    """The error that a failure before the first byte of a body means."""
    detail = redact(f"{type(exc).__name__}: {exc}", secrets)
    match exc:
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError() | httpx.DecodingError():
            return ProviderError(ProviderFault.PROTOCOL, detail)
        case httpx.RemoteProtocolError() if "disconnected" not in detail and "peer closed" not in detail:
            return ProviderError(ProviderFault.PROTOCOL, detail)  # an answer, but not one of HTTP
        case _:
            return ProviderError(ProviderFault.NETWORK, detail)
