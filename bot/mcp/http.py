"""An MCP server at an address of the host's, over streamable HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from bot.mcp.lost import MAX_MESSAGE_BYTES, ServerLost

# A host that is up accepts within one or two.
CONNECT_SECONDS = 10.0
# The end of a session is told when the bot stops, which may not take long.
GOODBYE_SECONDS = 1.5
NOT_LET_IN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Bounded(httpx2.AsyncByteStream):
    """The body of a response, broken off where it is too long."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._body:
            size += len(chunk)
            if size > MAX_MESSAGE_BYTES:
                raise ServerLost(f"It sent more than {MAX_MESSAGE_BYTES // 2**20} MB at once.")
            yield chunk

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._body.aclose()


class Careful(httpx2.AsyncHTTPTransport):
    """Requests to one server, with limits on what it answers."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Called by httpx2.  Raises: ServerLost where the server does not accept the host's headers."""
        if request.method == "DELETE":
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), GOODBYE_SECONDS)
        response = await super().handle_async_request(request)
        if response.status_code in NOT_LET_IN:
            await response.aclose()
            raise ServerLost(f"It does not accept the headers of tools.toml (HTTP {response.status_code}).")
        # A stream of events goes on for days; the package holds each event to the same limit.
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        if not is_stream and isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = Bounded(response.stream)
        return response


@asynccontextmanager
async def web_streams(url: str, headers: Mapping[str, SecretStr]) -> AsyncIterator[TransportStreams]:
    """A session with the server.  Raises: httpx2.TransportError and ServerLost in a group.

    The package follows redirects only to the same origin, so the headers go nowhere else.
    """
    async with (
        httpx2.AsyncClient(
            transport=Careful(),
            headers={name: value.get_secret_value() for name, value in headers.items()},
            # Calls have limits of their own, and a stream of events may be silent for days.
            timeout=httpx2.Timeout(CONNECT_SECONDS, read=None),
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES) as streams,
    ):
        yield streams
