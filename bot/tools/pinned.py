"""Connections to addresses that were checked: no name is resolved between the check and the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from socket import SOCK_STREAM
from typing import Any

import httpcore

from bot.tools.networks import IPAddress

# A host that is up accepts at once; after this the next of its addresses is tried.
CONNECT_SECONDS = 3.0


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
                return await super().connect_tcp(address, port, CONNECT_SECONDS, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(last, port, timeout, local_address, socket_options)


async def resolve_with_system(host: str, port: int) -> list[str]:
    """The addresses of a name, the most promising first.  Raises: OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
