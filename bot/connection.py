"""A connection to Discord that holds: what ends it and may pass is waited out, as is a session that never begins."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot.cancelling import surely_cancelled
from bot.endpoints import explained
from bot.errors import ConfigurationError, StartupError

log = logging.getLogger(__name__)

TOKEN_REFUSED = 4004  # the gateway's close code
TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0
# A connection that held this long was sound.  Discord resets the token of a bot that identifies 1000 times in 24 hours.
SOUND_SECONDS = 600.0
IDENTIFY_PAUSE_SECONDS = 5.0  # Discord's least time between two IDENTIFYs of a bot
RECONNECT = 4000  # a close code that ends no session


class Connection(commands.Bot):
    """discord.py's bot, which stays connected until it is cancelled; `can_write` is set when it has logged in."""

    def __init__(self, *, silence_timeout_seconds: float, api_base_url: str, **options: Any) -> None:
        """After a silence of `silence_timeout_seconds` a session counts as dead; the other options are discord.py's."""
        super().__init__(heartbeat_timeout=silence_timeout_seconds, **options)
        self._silence_timeout_seconds = silence_timeout_seconds
        self._api_base_url = api_base_url
        self.can_write = asyncio.Event()
        self._identified = asyncio.Event()
        self._welcomed = asyncio.Event()
        self._may_identify_at = 0.0

    @property
    def is_welcome(self) -> bool:
        """Whether READY has come in this session."""
        return self._welcomed.is_set()

    def begin_session(self) -> None:
        """A new session begins: at the start, and after each one that could not be resumed."""

    async def before_identify_hook(self, _shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002
        """Called by discord.py before it begins a session."""
        now = self.loop.time()
        await asyncio.sleep(self._may_identify_at - now)
        self._may_identify_at = max(now, self._may_identify_at) + IDENTIFY_PAUSE_SECONDS
        self.begin_session()
        self._welcomed.clear()
        self._identified.set()

    async def insist_on_welcome(self) -> None:
        """Leave every session that is not told READY, until cancelled: discord.py would wait in it for ever."""
        while True:
            await self._identified.wait()
            self._identified.clear()
            try:
                async with asyncio.timeout(self._silence_timeout_seconds):
                    await self._welcomed.wait()
            except TimeoutError:
                log.warning("Discord does not begin the session; connecting anew.")
                if self.ws is not None:
                    await self.ws.close(RECONNECT)

    async def close(self) -> None:
        """Leave Discord; discord.py 2.7.1 would leave a task behind that waits for servers and then fails."""
        waiting = self._connection._ready_task
        if waiting is not None:
            waiting.cancel()
        await super().close()

    async def on_connect(self) -> None:
        """READY has come, with the names of the servers."""
        self._welcomed.set()

    async def stay_connected(self, token: str) -> None:
        """Log in and listen until cancelled; what ends the connection but may pass is waited out, ever longer.

        Raises: ConfigurationError for a refused token, StartupError for a missing intent.
        """
        backoff_seconds = FIRST_BACKOFF_SECONDS
        while True:
            began_at = self.loop.time()
            try:
                await self._connect_once(token)
                return
            except (discord.DiscordServerError, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
                if self.loop.time() - began_at > SOUND_SECONDS:
                    backoff_seconds = FIRST_BACKOFF_SECONDS
                log.warning(
                    "Discord cannot be reached (%s); next attempt in %.0f s.", type(error).__name__, backoff_seconds
                )
            await asyncio.sleep(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, MAX_BACKOFF_SECONDS)

    async def _connect_once(self, token: str) -> None:
        try:
            if not self.can_write.is_set():
                await self._log_in(token)
            await self._listen()
        except discord.ConnectionClosed as exc:
            if exc.code == TOKEN_REFUSED:
                raise ConfigurationError("Discord does not accept DISCORD_TOKEN any more: copy the new one.") from exc
            raise StartupError(f"Discord closed the connection for good (code {exc.code}).") from exc
        except discord.HTTPException as exc:
            if exc.status == TOO_MANY_REQUESTS or exc.status >= SERVER_ERRORS:
                raise discord.GatewayNotFound from exc  # it will pass
            with explained(self._api_base_url, "DISCORD_API_BASE_URL"):
                raise
        except (discord.LoginFailure, discord.PrivilegedIntentsRequired):
            with explained(self._api_base_url, "DISCORD_API_BASE_URL"):
                raise

    async def _listen(self) -> None:
        """Hear events until the connection ends.  Raises: GatewayNotFound where discord.py itself gave up."""
        try:
            await surely_cancelled(self.connect())
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            raise
        except Exception as exc:
            # discord.py 2.7.1 ends with whatever its parser of an event raises (gateway.py:543), and, where a first
            # connection failed, with an AttributeError (client.py:787).  What it could not read is not said: it may
            # hold people's words.
            if self.ws is not None:
                place = traceback.extract_tb(exc.__traceback__)[-1]
                log.warning("discord.py failed at an event: %s in %s:%d", type(exc).__name__, place.name, place.lineno)
                await self.ws.close(RECONNECT)
            raise discord.GatewayNotFound from exc

    async def _log_in(self, token: str) -> None:
        try:
            await self.login(token)
        except Exception as error:
            await self.http.close()
            self.http.connector = discord.utils.MISSING  # it was closed too; the next attempt makes a new one
            if isinstance(error, TypeError | ValueError | KeyError):  # not the answers of a Discord
                with explained(self._api_base_url, "DISCORD_API_BASE_URL"):
                    raise
            raise
