"""httpx's connections, made by aiohttp.

httpx's own (httpcore, h11, anyio) cost about 190 µs of CPU for each token that streams in, of which half is left with
aiohttp, which discord.py brings and which parses in C.  The package httpx-aiohttp does the same, but tells a
connection that was dropped as one that could not be made in time, which decides what may be repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from ipaddress import ip_address
from types import SimpleNamespace
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

# aiohttp writes these itself.
OWN_HEADERS = frozenset({"host", "content-length", "connection"})
# aiohttp adds these where they are not given; what is not given was not meant to be sent.
UNWANTED_HEADERS = frozenset({"Accept", "Accept-Encoding", "User-Agent", "Content-Type"})

# From a mebibyte on aiohttp warns of bytes that are written at once.
LARGE_BYTES = 1024 * 1024


class AiohttpTransport(httpx.AsyncBaseTransport):
    """A pool of connections for `httpx.AsyncClient(transport=...)`.

    A request's extension `on_connect` is called when a new connection is opened for it; a response's `abort` closes
    its connection, so that whoever reads the body gets an error.
    """

    def __init__(self, *, connect_seconds: float, max_connections: int, keep_alive_seconds: float) -> None:
        self._connect_seconds = connect_seconds
        self._max_connections = max_connections
        self._keep_alive_seconds = keep_alive_seconds
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return when the head of its response is there.  Raises: httpx.TransportError."""
        with _translated(request):
            response = await self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                data=_sent(await request.aread()),
                headers=[
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in request.headers.raw
                    if name.lower().decode("latin-1") not in OWN_HEADERS
                ],
                allow_redirects=False,
                proxy=proxy_for(request.url),
                trace_request_ctx=request.extensions.get("on_connect"),
            )
        return httpx.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=_Body(request, response),
            extensions={"abort": response.close},
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """The session, made with the first request, because it belongs to the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._max_connections,
                    keepalive_timeout=self._keep_alive_seconds,
                    ssl=httpx.create_ssl_context(),  # certifi's authorities, or those of SSL_CERT_FILE
                ),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=UNWANTED_HEADERS,
                trace_configs=[_connect_trace()],
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    """The body of a response in the pieces in which it arrives."""

    def __init__(self, request: httpx.Request, response: aiohttp.ClientResponse) -> None:
        self._request = request
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        with _translated(self._request):
            while chunk := await content.readany():
                yield chunk

    async def aclose(self) -> None:
        """Close the connection, unless the body was read to its end: then it waits for the next request already."""
        self._response.close()


def _sent(content: bytes) -> bytes | BytesIO:
    """The body as aiohttp writes it without holding up the event loop: what is large, piece by piece."""
    return content if len(content) <= LARGE_BYTES else BytesIO(content)


def proxy_for(url: httpx.URL) -> str | None:
    """The proxy that the environment names for an address; none for loopback, which no proxy can reach."""
    if _is_loopback(url.host) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _connect_trace() -> aiohttp.TraceConfig:
    async def on_connect(_session: aiohttp.ClientSession, context: SimpleNamespace, _: object) -> None:
        told: Callable[[], None] | None = context.trace_request_ctx
        if told is not None:
            told()

    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(on_connect)
    return config


@contextmanager
def _translated(request: httpx.Request) -> Iterator[None]:
    """Raises httpx's error for each of aiohttp's."""
    try:
        yield
    except aiohttp.ServerTimeoutError as exc:
        # aiohttp counts the wait for a connection of the pool and the making of a new one as one.
        raise httpx.ConnectTimeout(str(exc), request=request) from exc
    except aiohttp.ClientConnectorError as exc:
        raise httpx.ConnectError(str(exc), request=request) from exc
    except aiohttp.ClientResponseError as exc:
        raise httpx.RemoteProtocolError(exc.message, request=request) from exc
    except aiohttp.InvalidURL as exc:
        raise httpx.UnsupportedProtocol(str(exc), request=request) from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise httpx.ReadError(f"{type(exc).__name__}: {exc}", request=request) from exc
