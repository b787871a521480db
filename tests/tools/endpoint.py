"""A web server on loopback that answers with the bytes it is told, however wrong they are."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Endpoint:
    """What was asked so far, and where."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)  # a request has
    parted: asyncio.Event = field(default_factory=asyncio.Event)  # a connection has ended

    @property
    def address(self) -> str:
        """The entry of TOOL_UNSAFE_ADDRESSES that opens it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://{self.address}/page"


def reply(status: str = "200 OK", body: bytes = b"hello", **headers: str) -> bytes:
    """A whole answer; `content_type` becomes Content-Type."""
    named = {"content-type": "text/plain", "content-length": str(len(body))}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def saying(*answers: bytes) -> Answer:
    """Answers one after the other; the last one again and again."""
    left = list(answers)

    async def answer(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return answer


@asynccontextmanager
async def endpoint(
    answer: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Endpoint]:
    """Runs a server for as long as the test takes."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            asked = await read(reader)
            running.asked.append(asked)
            running.arrived.set()
            await answer(asked, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            running.parted.set()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    running = Endpoint(port=server.sockets[0].getsockname()[1])
    try:
        yield running
    finally:
        server.close()
        await server.wait_closed()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read(reader: asyncio.StreamReader) -> Asked:
    """The next request."""
    line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    method, path, _ = line.split(" ")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method=method, path=path, headers=headers, body=body)
