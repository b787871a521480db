"""httpx's requests over aiohttp's connections, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest

from bot.providers.connections import AiohttpTransport, proxy_for
from sandbox.provider import ScriptedProvider

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[str]:
    """The address of a server that answers a request with these bytes and closes the connection."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/v1"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """httpx over aiohttp."""
    transport = AiohttpTransport(connect_seconds=1.0, max_connections=2, keep_alive_seconds=5.0)
    async with httpx.AsyncClient(
        transport=transport, timeout=httpx.Timeout(None), headers={"Accept-Encoding": "identity"}
    ) as client:
        yield client


async def test_pieces_that_arrived_together_are_read_together(client: httpx.AsyncClient) -> None:
    """Two chunks of one packet cost one read."""
    async with serving(CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n") as base_url:
        async with client.stream("GET", base_url) as response:
            assert [piece async for piece in response.aiter_raw()] == [b"onetwo"]
        assert response.status_code == 200


async def test_a_new_connection_is_told_and_a_pooled_one_is_not(client: httpx.AsyncClient) -> None:
    """Whoever sends a request learns whether it may have met a connection that went stale."""
    opened: list[str] = []
    async with ScriptedProvider() as provider:
        for name in ("first", "second"):
            note = partial(opened.append, name)
            await client.get(f"{provider.base_url}/models", extensions={"on_connect": note})
    assert opened == ["first"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.ReadError),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", httpx.RemoteProtocolError),
        (CHUNKED + b"3\r\non", httpx.ReadError),
    ],
    ids=["nothing", "not HTTP", "cut in the middle"],
)
async def test_errors_are_those_of_httpx(client: httpx.AsyncClient, answer: bytes, error: type[Exception]) -> None:
    """What goes wrong in aiohttp is raised as what httpx's users expect."""
    async with serving(answer) as base_url:
        with pytest.raises(error):
            await client.get(base_url)


async def test_nobody_listening_is_a_connect_error(client: httpx.AsyncClient) -> None:
    """A refused connection is told from one that broke."""
    async with serving(b"") as base_url:
        pass
    with pytest.raises(httpx.ConnectError):
        await client.get(base_url)


def test_proxy_is_the_environments_but_never_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host behind a proxy reaches the provider through it, and the model on the same machine without it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert proxy_for(httpx.URL("https://api.example.com/v1")) is None
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("no_proxy", "inside.example.com")
    assert proxy_for(httpx.URL("https://api.example.com/v1")) == "http://proxy.example.com:3128"
    assert proxy_for(httpx.URL("https://inside.example.com/v1")) is None
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert proxy_for(httpx.URL(f"https://{host}:8000/v1")) is None
