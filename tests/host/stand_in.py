"""A Discord on loopback that answers the doctor's questions with what a test puts in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.checks import MESSAGE_CONTENT_LIMITED
from bot.permissions import NEEDED_BITS

TOKEN = "a-token"
NOW = datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)


def guild(name: str, permissions: int = NEEDED_BITS, guild_id: int = 1) -> dict[str, Any]:
    """A server as `GET /users/@me/guilds` lists it."""
    return {"id": str(guild_id), "name": name, "permissions": str(permissions)}


@dataclass(slots=True, kw_only=True)
class StandIn:
    """What this Discord says; every field may be changed before it is asked."""

    flags: int = MESSAGE_CONTENT_LIMITED
    guilds: list[dict[str, Any]] = field(default_factory=lambda: [guild("Parley House")])
    sessions_left: int = 1000
    clock: datetime = NOW
    gateway_says: dict[str, Any] = field(default_factory=lambda: {"op": 10, "d": {"heartbeat_interval": 41250}})
    web_page: bool = False  # answers everything with HTML, as a captive portal does
    status: int = 200
    silent: bool = False  # takes requests and never answers
    requests: list[str] = field(default_factory=list)
    server: TestServer = field(init=False)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[StandIn]:
        """Listens on loopback until the end of the block."""
        stand_in = cls()
        application = web.Application()
        application.router.add_get("/api/v10/{path:.*}", stand_in.answer)
        application.router.add_get("/gateway", stand_in.greet)
        stand_in.server = TestServer(application)
        async with stand_in.server:
            yield stand_in

    @property
    def api_base_url(self) -> str:
        """The value of DISCORD_API_BASE_URL."""
        return str(self.server.make_url("/api/v10"))

    @property
    def gateway_url(self) -> str:
        """The value of DISCORD_GATEWAY_URL."""
        return str(self.server.make_url("/gateway")).replace("http", "ws", 1)

    async def answer(self, request: web.Request) -> web.Response:
        """One REST answer."""
        self.requests.append(request.path_qs)
        if self.silent:
            await asyncio.Event().wait()
        headers = {"Date": format_datetime(self.clock.replace(microsecond=0), usegmt=True)}
        if self.web_page:
            return web.Response(text="<h1>Welcome to our Wi-Fi</h1>", content_type="text/html", headers=headers)
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401, headers=headers)
        if self.status != 200:
            return web.json_response({"message": "no", "code": 0}, status=self.status, headers=headers)
        after = int(request.query.get("after", 0))
        answers: dict[str, Any] = {
            "users/@me": {"id": "7", "username": "Parley", "discriminator": "1234", "avatar": None, "bot": True},
            "oauth2/applications/@me": {"id": "77", "name": "Parley", "flags": self.flags},
            "users/@me/guilds": [entry for entry in self.guilds if int(entry["id"]) > after][:200],
            "gateway/bot": {
                "url": self.gateway_url,
                "shards": 1,
                "session_start_limit": {
                    "total": 1000,
                    "remaining": self.sessions_left,
                    "reset_after": 5_400_000,
                    "max_concurrency": 1,
                },
            },
        }
        return web.Response(
            body=web.json_response(answers[request.match_info["path"]]).body,
            headers=headers | {"Content-Type": "application/json"},
        )

    async def greet(self, request: web.Request) -> web.WebSocketResponse:
        """One gateway connection: its first payload, then whatever the other side does."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(self.gateway_says)
        await socket.receive()
        return socket
