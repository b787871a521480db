"""MCP servers over HTTP: who is let in, where the host's headers go, and how much is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.tools.mcp_bench import over_web, running, web_server
from tests.tools.people import said

HEADERS = {"Authorization": "Bearer the-hosts-key"}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """The address of a web server that answers everything like this."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_headers_of_the_host_reach_the_server() -> None:
    """A server sees who comes."""
    async with web_server() as url, running(over_web(url, headers=HEADERS)) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_headers") == "Bearer the-hosts-key"


async def test_redirect_takes_no_headers_elsewhere() -> None:
    """A server that sends the bot to another address has it come to neither."""
    seen: list[str | None] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=500)

    async with listening(elsewhere) as other:

        async def redirect(_: web.Request) -> web.StreamResponse:
            raise web.HTTPTemporaryRedirect(f"{other}/mcp")

        async with listening(redirect) as url, running(over_web(url, headers=HEADERS)) as bench:
            await bench.until(lambda: bench.status.error != "It is starting.")
            assert not bench.status.is_up
    assert seen == []


@pytest.mark.parametrize("status", [401, 403])
async def test_server_that_lets_nobody_in_is_explained(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """The host learns which setting is wrong, and no log holds it."""

    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async with listening(refuse) as url, running(over_web(url, headers=HEADERS)) as bench:
        await bench.until(
            lambda: bench.status.error == f"It does not accept the headers of tools.toml (HTTP {status})."
        )
    assert "the-hosts-key" not in caplog.text


async def test_endless_answer_is_not_read() -> None:
    """More than the bot wants to hold in memory breaks the connection off."""

    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 2**20)
        except ConnectionError:
            return response

    async with listening(flood) as url, running(over_web(url, headers=HEADERS)) as bench:
        await bench.until(lambda: bench.status.error == "It sent more than 32 MB at once.")
