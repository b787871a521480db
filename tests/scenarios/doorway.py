"""A door in front of a server that slams in the face of its first visitors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class Doorway:
    """Passes TCP connections on to a server, except the first `slams`, which it closes at once."""

    def __init__(self, address: str, slams: int) -> None:
        self._target = urlsplit(address)
        self.slams = slams
        self.address = ""

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, *, slams: int) -> AsyncIterator[Doorway]:
        """A doorway before the server of this URL; `address` is then the same URL through it."""
        doorway = cls(address, slams)
        async with await asyncio.start_server(doorway._receive, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            doorway.address = urlunsplit(doorway._target._replace(netloc=f"127.0.0.1:{port}"))
            yield doorway

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.slams > 0:
            self.slams -= 1
            writer.close()
            return
        onward = await asyncio.open_connection(self._target.hostname, self._target.port)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(carry(reader, onward[1]))
            tasks.create_task(carry(onward[0], writer))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until one side closes."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
