"""Questions to Discord that change nothing: who am I, what may I do, are you there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Self

import aiohttp
import discord
from pydantic import TypeAdapter

from bot.endpoints import explained, point_discord_at
from bot.facts import Application, Guild, SessionStarts, User
from bot.settings import Settings

# Discord answers in well under a second; discord.py's own retries of a 502 take 16.
ANSWER_SECONDS = 20.0

GUILDS_PER_REQUEST = 200  # the most that Discord gives at once
GATEWAY_HELLO = 10  # the opcode of the first payload on every gateway connection

GUILDS = TypeAdapter(list[Guild])


class Inspection:
    """An open line to Discord's REST API and gateway.  Every question raises a ParleyError when it gets no answer."""

    def __init__(self, client: discord.Client, settings: Settings, answer_seconds: float) -> None:
        self._client = client
        self._settings = settings
        self._answer_seconds = answer_seconds
        self.clock_offset_seconds: float | None = None
        """How far this machine's clock is ahead of Discord's; None before the first answer."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, now: Callable[[], datetime], answer_seconds: float = ANSWER_SECONDS
    ) -> AsyncIterator[Self]:
        """A line that is closed at the end of the block.  Points the process's discord.py at the settings' Discord."""
        point_discord_at(settings.discord_api_base_url, settings.discord_gateway_url)
        trace = aiohttp.TraceConfig()
        async with discord.Client(intents=discord.Intents.none(), http_trace=trace) as client:
            inspection = cls(client, settings, answer_seconds)

            async def note_time(_: object, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams) -> None:
                if stamp := answer.response.headers.get("Date"):
                    inspection.clock_offset_seconds = offset_seconds(now(), stamp)

            trace.on_request_end.append(note_time)
            yield inspection

    async def log_in(self) -> User:
        """The bot's account; to be asked first, because the token goes with every later question."""
        async with self._answer():
            return User.model_validate(
                await self._client.http.static_login(self._settings.discord_token.get_secret_value())
            )

    async def application(self) -> Application:
        """The bot's application."""
        async with self._answer():
            return Application.model_validate(await self._client.http.application_info())

    async def guilds(self) -> tuple[Guild, ...]:
        """Every server that the bot is in."""
        found: list[Guild] = []
        async with self._answer():
            while True:
                after = found[-1].id if found else None
                answer = await self._client.http.get_guilds(GUILDS_PER_REQUEST, after=after, with_counts=False)
                page = GUILDS.validate_python(answer)
                found += page
                if len(page) < GUILDS_PER_REQUEST:
                    return tuple(found)

    async def session_starts(self) -> SessionStarts:
        """What is left of today's gateway sessions."""
        async with self._answer():
            _, _, limit = await self._client.http.get_bot_gateway()
            return SessionStarts.model_validate(limit)

    async def shake_hands(self) -> str:
        """Connects to the gateway, waits for its hello, hangs up without using a session, and returns its address."""
        address = self._settings.discord_gateway_url
        with explained(address, "DISCORD_GATEWAY_URL"):
            async with (
                asyncio.timeout(self._answer_seconds),
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{address}?v=10&encoding=json") as socket,
            ):
                hello = await socket.receive_json()
            if hello["op"] != GATEWAY_HELLO:
                raise ValueError("the first payload of a gateway is its hello")
        return address

    @asynccontextmanager
    async def _answer(self) -> AsyncIterator[None]:
        """The limits and the errors that all questions to the REST API have in common."""
        with explained(self._settings.discord_api_base_url, "DISCORD_API_BASE_URL"):
            async with asyncio.timeout(self._answer_seconds):
                yield


def offset_seconds(here: datetime, stamp: str) -> float | None:
    """How far a clock is ahead of the one that wrote a Date header; None if the header is not one."""
    try:
        there = parsedate_to_datetime(stamp)
    except ValueError:
        return None
    # The header leaves out the fraction of its second: half a second is the best guess.
    return (here - there.astimezone(UTC)).total_seconds() - 0.5
