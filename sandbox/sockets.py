"""The gateway's websocket: opcodes, heartbeats, compression, and events that arrive half a round trip late."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Callable
from enum import IntEnum

from aiohttp import ClientConnectionError, WSMsgType, web

from sandbox.gateway import Gateway, Session
from sandbox.wire import Payload

_log = logging.getLogger(__name__)

MAX_PAYLOAD_BYTES = 4096  # what Discord takes from a client; more is close code 4002
HEARTBEAT_ACK = '{"op":11,"d":null,"s":null,"t":null}'
# discord.py notes when it sent a heartbeat after having sent it; an answer that is faster looks minutes late to it.
ACK_SECONDS = 0.02
CUT = 1006  # the code of a connection that ended without one
CLOSE_SECONDS = 1.0  # how long a closing handshake may take before the connection is dropped


class Operation(IntEnum):
    """The opcodes that a client may send."""

    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    REQUEST_MEMBERS = 8


class Connection:
    """One websocket's outgoing side: keeps order, adds latency, compresses."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        compressed: bool,
        delay_seconds: Callable[[], float],
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._compressor = zlib.compressobj() if compressed else None
        self._delay_seconds = delay_seconds
        self._queue: asyncio.Queue[tuple[float, str | int]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def send(self, text: str) -> None:
        """Queue one message."""
        self._queue.put_nowait((self._loop.time() + self._delay_seconds(), text))

    def close(self, code: int) -> None:
        """Close with a code, after what is queued."""
        self._queue.put_nowait((self._loop.time() + self._delay_seconds(), code))

    async def write(self) -> None:
        """Send what is queued, each at its time, until the connection closes."""
        while True:
            due_at, item = await self._queue.get()
            if (wait_seconds := due_at - self._loop.time()) > 0:
                await asyncio.sleep(wait_seconds)
            if item == CUT and self._transport is not None:
                self._transport.abort()
                return
            if isinstance(item, int):
                await self._socket.close(code=item)
                return
            try:
                await self._write(item)
            except (ClientConnectionError, ConnectionError):
                return  # the reader sees the end of the connection too, and ends the session

    async def _write(self, text: str) -> None:
        if self._compressor is None:
            await self._socket.send_str(text)
            return
        data = self._compressor.compress(text.encode()) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        await self._socket.send_bytes(data)


class GatewaySockets:
    """Accepts the bot's websockets and speaks the gateway's protocol on them."""

    def __init__(self, gateway: Gateway, resume_url: Callable[[], str], delay_seconds: Callable[[], float]) -> None:
        self._gateway = gateway
        self._resume_url = resume_url
        self._delay_seconds = delay_seconds
        self._open: set[web.WebSocketResponse] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection to its end."""
        socket = web.WebSocketResponse(timeout=CLOSE_SECONDS, compress=False, max_msg_size=MAX_PAYLOAD_BYTES * 4)
        await socket.prepare(request)
        compressed = request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, request.transport, compressed=compressed, delay_seconds=self._delay_seconds)
        self._open.add(socket)
        writer = asyncio.create_task(connection.write())
        try:
            await self._read(socket, connection)
        finally:
            self._open.discard(socket)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Close every connection, as a Discord that goes away."""
        await asyncio.gather(*(socket.close(code=1001) for socket in list(self._open)))

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        interval_ms = self._gateway.faults.gateway.heartbeat_interval_ms
        connection.send(f'{{"op":10,"d":{{"heartbeat_interval":{interval_ms}}},"s":null,"t":null}}')
        session: Session | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT or len(message.data) > MAX_PAYLOAD_BYTES:
                    connection.close(4002)
                    continue
                try:
                    payload = json.loads(message.data)
                    operation, data = payload["op"], payload.get("d")
                except (ValueError, KeyError, TypeError, AttributeError):
                    connection.close(4002)
                    continue
                session = self._take(connection, session, operation, data)
        finally:
            if session is not None:
                self._gateway.detach(session, connection, socket.close_code)

    def _take(self, connection: Connection, session: Session | None, operation: int, data: Payload) -> Session | None:
        """Act on one message of the client; returns the session that the connection now has."""
        match operation:
            case Operation.HEARTBEAT:
                if self._gateway.faults.gateway.acknowledges_heartbeats:
                    asyncio.get_running_loop().call_later(ACK_SECONDS, connection.send, HEARTBEAT_ACK)
            case Operation.IDENTIFY | Operation.RESUME if session is not None:
                connection.close(4005)
            case Operation.IDENTIFY:
                return self._gateway.open(connection, data, self._resume_url())
            case Operation.RESUME:
                return self._gateway.resume(connection, data)
            case Operation.PRESENCE | Operation.VOICE_STATE if session is not None:
                _log.debug("presence and voice states are accepted and change nothing")
            case Operation.REQUEST_MEMBERS if session is not None:
                self._gateway.send_members(session, data)
            case Operation.PRESENCE | Operation.VOICE_STATE | Operation.REQUEST_MEMBERS:
                connection.close(4003)
            case _:
                connection.close(4001)
        return session
