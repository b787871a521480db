"""Requests to discord.py that are acknowledged when Discord's answer arrives, not when discord.py returns.

The caller of a window's last request sleeps inside discord.py until the window resets (http.py,
`Ratelimit.__aexit__`).  An aiohttp trace on discord.py's own session tells both the moment of the answer and what its
headers say of the limits.  It tells as well when Discord says nothing: only then is a request given up, never while
discord.py pauses, because cancelling that pause makes the next one longer.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Self

import aiohttp
import discord
from multidict import CIMultiDictProxy

from bot.errors import DiscordUnavailable, ReplyError, ReplyGone
from bot.reply.pacer import Pacer
from bot.reply.pacing import Bucket, Limits

log = logging.getLogger(__name__)

# The code of a 401 that says that an interaction is over.  Every other one is about the bot's own token, which the host
# will renew: what is to be shown waits until then.
TOKEN_OF_INTERACTION = 50027
FIRST_ANSWERS = "/interactions/"  # "not bound to the bot's Global Rate Limit" (topics/rate-limits.mdx)


@dataclass(slots=True)
class Call:
    """One paced request; `acknowledged` will hold `message_id`, or the id of the message that was created."""

    channel: Hashable
    bucket: Bucket
    message_id: int = 0
    acknowledged: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    attempts: int = 0
    was_answered: bool = False
    patience: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))

    def wait_at_most(self, seconds: float | None) -> None:
        """Give the request up after this time; None while it is not Discord's turn."""
        if not self.patience.expired():
            self.patience.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)


CALL: contextvars.ContextVar[Call | None] = contextvars.ContextVar("call", default=None)


def trace(pacer: Pacer, timeout_seconds: float) -> aiohttp.TraceConfig:
    """A trace for discord.py's `http_trace` option that tells the pacer of every request and answer.

    A call that Discord leaves without an answer for `timeout_seconds` fails.
    """

    async def on_start(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        call = CALL.get()
        if (call is None or call.attempts) and FIRST_ANSWERS not in params.url.path:
            pacer.counted()
        if call is not None:
            call.attempts += 1
            call.wait_at_most(timeout_seconds)

    async def on_end(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        response, call = params.response, CALL.get()
        if response.status == 429 and response.headers.get("X-RateLimit-Global") == "true":
            pacer.pause(float(response.headers.get("Retry-After", 1)))
        if call is None:
            return
        if not (response.ok and call.bucket is Bucket.CREATE):  # of a post the body counts
            call.wait_at_most(None)
        if call.was_answered:
            return
        call.was_answered = True
        pacer.answered(call.channel, call.bucket, read_limits(response.headers))
        if response.ok and call.bucket is not Bucket.CREATE and not call.acknowledged.done():
            call.acknowledged.set_result(call.message_id)

    async def on_chunk(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceResponseChunkReceivedParams
    ) -> None:
        call = CALL.get()
        if call is None:
            return
        call.wait_at_most(None)
        if call.bucket is Bucket.CREATE and not call.acknowledged.done():
            message_id = read_message_id(params.chunk)
            if message_id is not None:
                call.acknowledged.set_result(message_id)

    async def on_exception(_session: aiohttp.ClientSession, _context: SimpleNamespace, _: object) -> None:
        call = CALL.get()
        if call is not None:
            call.wait_at_most(None)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(on_start)
    config.on_request_end.append(on_end)
    config.on_response_chunk_received.append(on_chunk)
    config.on_request_exception.append(on_exception)
    return config


def read_limits(headers: CIMultiDictProxy[str]) -> Limits | None:
    """What the `X-RateLimit-*` headers say; None where they are missing or not numbers."""
    try:
        return Limits(
            limit=int(headers["X-RateLimit-Limit"]),
            remaining=int(headers["X-RateLimit-Remaining"]),
            reset_after_seconds=float(headers["X-RateLimit-Reset-After"]),
            bucket_hash=headers["X-RateLimit-Bucket"],
        )
    except (KeyError, ValueError):
        return None


def read_message_id(body: bytes) -> int | None:
    """The id of the message in the body of an answer; None where the body is something else."""
    try:
        return int(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return None


def translated(error: Exception) -> ReplyError:
    """Our error for one of discord.py's."""
    if isinstance(error, discord.DiscordServerError | discord.RateLimited) or getattr(error, "status", 0) == 429:
        return DiscordUnavailable(f"Discord did not take it: {error}")
    if isinstance(error, discord.HTTPException) and error.status == 401 and error.code != TOKEN_OF_INTERACTION:
        return DiscordUnavailable("Discord does not accept the bot's token")
    if isinstance(error, discord.HTTPException):
        return ReplyGone(f"Discord refused it: {error.status} (error code {error.code})", error.code)
    return DiscordUnavailable(f"Discord could not be reached: {type(error).__name__}")


class Calls:
    """Makes requests that outlive their acknowledgement; they end at the latest with its `async with` block."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def skip(self, call: Call) -> None:
        """Give a turn back that nothing needs to be sent for."""
        self._pacer.answered(call.channel, call.bucket)

    def start(self, call: Call, request: Callable[[], Awaitable[object]]) -> asyncio.Future[int]:
        """Send a request; the future is done when Discord has acknowledged it or when it has failed."""
        context = contextvars.copy_context()
        context.run(CALL.set, call)
        task = asyncio.get_running_loop().create_task(self._carry_out(call, request), context=context)
        self._running.add(task)
        task.add_done_callback(lambda task: self._over(call, task))
        return call.acknowledged

    def _over(self, call: Call, task: asyncio.Task[None]) -> None:
        """Let nobody wait for a request that was cut off, or that failed in a way that nobody foresaw."""
        self._running.discard(task)
        if call.acknowledged.done():
            return
        if task.cancelled():
            call.acknowledged.cancel()
        elif (error := task.exception()) is not None:
            call.acknowledged.set_exception(error)

    async def _carry_out(self, call: Call, request: Callable[[], Awaitable[object]]) -> None:
        try:
            async with call.patience:
                result = await request()
            if not call.acknowledged.done():
                call.acknowledged.set_result(result if isinstance(result, int) else call.message_id)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            if call.acknowledged.done():
                log.warning("an acknowledged request failed afterwards: %s", type(error).__name__)
            else:
                call.acknowledged.set_exception(translated(error))
        finally:
            if not call.was_answered:
                self._pacer.answered(call.channel, call.bucket)
