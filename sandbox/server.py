"""The sandbox's HTTP server on loopback: REST, gateway, CDN, and the page's files."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.live import Live
from sandbox.page_api import PageApi
from sandbox.rest import API_PREFIX, Rest
from sandbox.semantics import Engine
from sandbox.sockets import GatewaySockets
from sandbox.switches import Switches
from sandbox.weather import Weather
from sandbox.wire import Payload

PAGE = Path(__file__).parent / "page"
PRIVACY = Path(__file__).parent.parent / "docs" / "privacy.md"
MAX_REQUEST_BYTES = 25 * 1024 * 1024  # Discord's limit for one request


def bind(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def is_loopback(host: str) -> bool:
    """Whether a host name, with or without a port, is this machine's own."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def only_loopback(route: web.RouteDef) -> web.RouteDef:
    """A route that refuses pages of other sites that point a name of theirs at this address (DNS rebinding).

    No middleware, because aiohttp never forgets what those were put around: each sandbox of all tests would stay.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if not is_loopback(request.host) or (origin is not None and not is_loopback(urlsplit(origin).netloc)):
            return web.json_response({"error": "The sandbox answers only this machine."}, status=403)
        response: web.StreamResponse = await route.handler(request)
        return response

    return web.RouteDef(route.method, route.path, handle, route.kwargs)


class Server:
    """Routes requests to the parts of the sandbox; closes every connection when it stops."""

    def __init__(
        self,
        *,
        engine: Engine,
        rest: Rest,
        gateway: GatewaySockets,
        live: Live,
        page_api: PageApi,
        switches: Switches,
        weather: Weather,
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._live = live
        self._app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        routes = [
            web.route("*", API_PREFIX + "/{path:.*}", rest.handle),
            web.get("/gateway", gateway.handle),
            web.get("/gateway/", gateway.handle),
            web.get("/cdn/{path:.*}", self._cdn),
            web.get("/", self._index),
            web.get("/privacy", self._privacy),
            web.get("/sandbox/live", live.handle),
            web.get("/sandbox/api/messages", page_api.messages),
            web.post("/sandbox/api/{action}", page_api.act),
            *switches.routes(),
            *weather.routes(),
        ]
        self._app.add_routes(map(only_loopback, routes))
        if PAGE.is_dir():
            self._app.router.add_static("/page", PAGE)
        self._runner: web.AppRunner | None = None

    async def start(self, listener: socket.socket) -> None:
        """Serve on a socket until `close`."""
        # Without cancellation: a request that arrived is applied even if its sender is gone, as at Discord
        self._runner = web.AppRunner(self._app, access_log=None, handler_cancellation=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def close(self) -> None:
        """Stop serving; requests that hang are cut off."""
        self._live.close()
        await self._gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        index = PAGE / "index.html"
        exists = await asyncio.to_thread(index.is_file)
        return web.FileResponse(index) if exists else web.Response(text="The sandbox runs; its page is not installed.")

    async def _privacy(self, _request: web.Request) -> web.Response:
        """What the demo's `/privacy` leads to."""
        return web.Response(text=await asyncio.to_thread(PRIVACY.read_text, encoding="utf-8"))

    async def _cdn(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if (elsewhere := self._engine.cdn.faces.get(path)) is not None:
            raise web.HTTPFound(elsewhere)  # the viewer's browser asks there; the sandbox asks nobody
        blob = self._engine.cdn.blobs.get(path)
        if blob is None:
            return web.json_response({"message": "404: Not Found", "code": 0}, status=404)
        data, content_type = blob
        # An uploaded picture must not act as a page of ours: an SVG can hold scripts.
        headers = {
            "Content-Type": content_type,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        }
        if not content_type.startswith(("image/", "audio/", "video/", "text/plain")):
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=data, headers=headers)


def gateway_answer(gateway_url: str) -> Payload:
    """The body of GET /gateway/bot."""
    limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": gateway_url, "shards": 1, "session_start_limit": limit}
