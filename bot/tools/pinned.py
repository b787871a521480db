"""Connections to addresses that were checked: no name is resolved between the check and the connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from socket import SOCK_STREAM, getaddrinfo
from typing import Any

import httpcore

from bot.tools.networks import IPAddress

# A host that is up accepts at once; after this the next of its addresses is tried.
CONNECT_SECONDS = 3.0
# An answer of chunks of one byte, or of nothing but interim answers, takes 40 µs of work for each 6 bytes: this much of
# it is 30 ms, after which everybody else has their turn.
MAX_READ_BYTES = 4096
# Few people look things up at once; who waits longer for a turn than for an answer is told so.
MAX_LOOKUPS = 4


class Sips(httpcore.AsyncNetworkStream):
    """A stream that is read a little at a time."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; what waits in a buffer is given only after others had their turn."""
        await asyncio.sleep(0)
        return await self._stream.read(min(max_bytes, MAX_READ_BYTES), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """The same, encrypted."""
        return Sips(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore wants to know of the connection."""
        return self._stream.get_extra_info(info)


class PinnedBackend(httpcore.AnyIOBackend):
    """Connects to the first of these addresses that accepts, whatever name it is asked for."""

    def __init__(self, addresses: Sequence[IPAddress]) -> None:
        self._addresses = addresses

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - it was resolved already, once
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection.  Raises: httpcore.ConnectError, httpcore.ConnectTimeout, those of the last address."""
        *others, last = map(str, self._addresses)
        for address in others:
            try:
                return Sips(await super().connect_tcp(address, port, CONNECT_SECONDS, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return Sips(await super().connect_tcp(last, port, timeout, local_address, socket_options))


class SystemResolver:
    """Looks up names as the system does, in threads of its own.

    A lookup cannot be ended, and slow ones may not take the threads in which the bot looks up Discord and the provider.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name, the most promising first.  Raises: OSError."""
        look_up = partial(getaddrinfo, host, port, type=SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [str(address[0]) for *_, address in found]
