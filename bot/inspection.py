"""Questions to Discord that change nothing: who am I, what may I do, are you there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Self

import aiohttp
import discord
from pydantic import TypeAdapter, ValidationError

from bot.endpoints import point_discord_at
from bot.errors import StartupError
from bot.facts import Application, Guild, SessionStarts, User
from bot.settings import Settings

# Discord answers in well under a second; discord.py's own retries of a 502 take 16.
ANSWER_SECONDS = 20.0

GUILDS_PER_REQUEST = 200  # the most that Discord gives at once
GATEWAY_HELLO = 10  # the opcode of the first payload on every gateway connection
TOKEN_REFUSED = (
    "Discord does not accept DISCORD_TOKEN: copy it again from discord.com/developers/applications, Bot, "  # noqa: S105
    "or reset it there."
)


GUILDS = TypeAdapter(list[Guild])


class Inspection:
    """An open line to Discord's REST API and gateway.  Every question raises StartupError when it gets no answer."""

    def __init__(self, client: discord.Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self.clock_offset_seconds: float | None = None
        """How far this machine's clock is ahead of Discord's; None before the first answer."""

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Self]:
        """A line that is closed at the end of the block.  Points the process's discord.py at the settings' Discord."""
        point_discord_at(settings.discord_api_base_url, settings.discord_gateway_url)
        trace = aiohttp.TraceConfig()
        async with discord.Client(intents=discord.Intents.none(), http_trace=trace) as client:
            inspection = cls(client, settings)

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
        with translated(address, "DISCORD_GATEWAY_URL"):
            async with (
                asyncio.timeout(ANSWER_SECONDS),
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
        with translated(self._settings.discord_api_base_url, "DISCORD_API_BASE_URL"):
            async with asyncio.timeout(ANSWER_SECONDS):
                yield


@contextmanager
def translated(address: str, variable: str) -> Iterator[None]:
    """Turns what discord.py and aiohttp raise into a sentence for the host.  Raises: StartupError."""
    try:
        yield
    except discord.LoginFailure as exc:
        raise StartupError(TOKEN_REFUSED) from exc
    except discord.GatewayNotFound as exc:
        raise StartupError("Discord does not say where its gateway is; it may have an outage.") from exc
    except discord.HTTPException as exc:
        raise StartupError(f"Discord answered with {exc.status} at {address}; it may have an outage.") from exc
    except TimeoutError as exc:
        raise StartupError(f"{address} did not answer within {ANSWER_SECONDS:.0f} seconds.") from exc
    except aiohttp.ClientConnectorCertificateError as exc:
        raise StartupError(f"The certificate of {address} is not trusted by this machine.") from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise StartupError(f"{address} cannot be reached: check the network and {variable}.") from exc
    except (ValidationError, TypeError, ValueError, KeyError) as exc:
        raise StartupError(f"What answers at {address} is not Discord: check {variable}.") from exc


def offset_seconds(here: datetime, stamp: str) -> float | None:
    """How far a clock is ahead of the one that wrote a Date header; None if the header is not one."""
    try:
        there = parsedate_to_datetime(stamp)
    except ValueError:
        return None
    # The header leaves out the fraction of its second: half a second is the best guess.
    return (here - there.astimezone(UTC)).total_seconds() - 0.5
