"""The page's socket: what happens in the sandbox as it happens, for each person what they may see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import ClientConnectionError, web

from sandbox.gateway import Gateway, encode
from sandbox.house import House
from sandbox.journal import Journal, RequestRecord
from sandbox.limits import Limits
from sandbox.page_view import PageView
from sandbox.semantics import Engine
from sandbox.wire import Payload

REQUESTS_ON_CONNECT = 100
MOST_WAITING_FRAMES = 5000  # a page that reads slower than this is disconnected; it comes back by itself
REDRAWING = ("CHANNEL_", "THREAD_", "GUILD_")  # events after which the world is sent again


class Viewer:
    """One open page and the frames it has yet to get."""

    def __init__(self, user_id: int, socket: web.WebSocketResponse) -> None:
        self.user_id = user_id
        self._socket = socket
        self._frames: asyncio.Queue[str | None] = asyncio.Queue()

    def send(self, frame: str) -> None:
        """Queue a frame; a page that is far behind is cut off."""
        self._frames.put_nowait(frame if self._frames.qsize() < MOST_WAITING_FRAMES else None)

    def disconnect(self) -> None:
        """End the connection after what is queued."""
        self._frames.put_nowait(None)

    async def write(self) -> None:
        """Send the frames until the page is gone."""
        try:
            while (frame := await self._frames.get()) is not None:
                await self._socket.send_str(frame)
        except (ClientConnectionError, ConnectionError):
            return  # the page was closed meanwhile
        await self._socket.close()


class Live:
    """All open pages."""

    def __init__(
        self, *, engine: Engine, house: House, gateway: Gateway, journal: Journal, limits: Callable[[], Limits]
    ) -> None:
        self._engine = engine
        self._house = house
        self._gateway = gateway
        self._journal = journal
        self._limits = limits
        self._view = PageView(engine, house)
        self._viewers: list[Viewer] = []
        self._redraw_is_due = False
        self._calls: list[Payload] | None = None  # the bot's tool calls, where its database can be seen
        engine.subscribers.append(self._publish)
        engine.private_listeners.append(self._publish_privately)
        engine.change_listeners.append(self.redraw)
        journal.listen(self._publish_request)
        gateway.listen(self._publish_gateway)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it closes."""
        socket = web.WebSocketResponse(heartbeat=30, timeout=1.0)  # seconds
        await socket.prepare(request)
        viewer = Viewer(self._choose_user(request.query.get("user", "")), socket)
        viewer.send(self._world_frame(viewer.user_id))
        viewer.send(self._gateway_frame())
        if self._calls is not None:
            viewer.send(self._calls_frame(viewer.user_id, self._calls))
        for record in self._journal.latest(REQUESTS_ON_CONNECT):
            viewer.send(_request_frame(record))
        self._viewers.append(viewer)
        writer = asyncio.create_task(viewer.write())
        try:
            async for _ in socket:
                continue  # a page says nothing here; it acts over HTTP
        finally:
            self._viewers.remove(viewer)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    def _choose_user(self, wanted: str) -> int:
        """The user that a page asks for, or the owner for a page that remembers somebody of an earlier world."""
        guild = self._engine.get_guild(self._house.guild_id)
        return int(wanted) if wanted.isdecimal() and int(wanted) in guild.members else guild.owner_id

    def close(self) -> None:
        """Disconnect every page."""
        for viewer in self._viewers:
            viewer.disconnect()

    def show_calls(self, calls: list[Payload]) -> None:
        """Show the bot's tool calls, newest first, each to those who see its channel."""
        self._calls = calls
        for viewer in self._viewers:
            viewer.send(self._calls_frame(viewer.user_id, calls))

    def redraw(self) -> None:
        """Send the world again, once for all changes of this moment."""
        if self._viewers and not self._redraw_is_due:
            self._redraw_is_due = True
            asyncio.get_running_loop().call_soon(self._send_world)

    def _send_world(self) -> None:
        self._redraw_is_due = False
        members = self._engine.get_guild(self._house.guild_id).members
        for viewer in self._viewers:
            if viewer.user_id in members:
                viewer.send(self._world_frame(viewer.user_id))
            else:
                viewer.disconnect()  # who left the server; the page comes back as somebody who is there

    def _publish(self, event: str, payload: Mapping[str, Any]) -> None:
        if not self._viewers or event == "INTERACTION_CREATE":
            return
        if event.startswith("MESSAGE_POLL_VOTE_"):  # the page is told the votes that there are now
            message = self._engine.get_message(int(payload["channel_id"]), int(payload["message_id"]))
            event, payload = "MESSAGE_UPDATE", self._engine.message_payload(message)
        whole: str | None = None
        for viewer in self._viewers:
            if not self._sees(viewer.user_id, event, payload):
                continue
            if payload.get("reactions") or payload.get("poll"):  # what is one's own differs from person to person
                viewer.send(_event_frame(event, self._as_seen(viewer.user_id, payload)))
            else:
                whole = whole or _event_frame(event, payload)
                viewer.send(whole)
        if event.startswith(REDRAWING):
            self.redraw()

    def _publish_privately(self, viewer_id: int, event: str, payload: Payload) -> None:
        for viewer in self._viewers:
            if viewer.user_id == viewer_id:
                viewer.send(_event_frame(event, payload))

    def _publish_request(self, record: RequestRecord) -> None:
        if self._viewers:
            frame = _request_frame(record)
            for viewer in self._viewers:
                viewer.send(frame)

    def _publish_gateway(self) -> None:
        for viewer in self._viewers:
            viewer.send(self._gateway_frame())

    def _sees(self, user_id: int, event: str, payload: Mapping[str, Any]) -> bool:
        """Whether an event is about something that the user may see."""
        if "channel_id" in payload:
            return self._engine.sees_channel(user_id, int(payload["channel_id"]))
        if event.startswith(("CHANNEL_", "THREAD_")) and int(payload["id"]) in self._engine.channels:
            return self._engine.sees_channel(user_id, int(payload["id"]))
        guild_id = payload.get("guild_id", payload.get("id"))
        return str(guild_id) == str(self._house.guild_id)

    def _as_seen(self, user_id: int, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        message = self._engine.messages.get(int(payload["channel_id"]), {}).get(int(payload["id"]))
        return payload if message is None else {**payload, **self._engine.message_payload(message, user_id)}

    def _world_frame(self, user_id: int) -> str:
        return encode({"type": "world", "data": self._view.world(user_id, self._limits())})

    def _calls_frame(self, user_id: int, calls: list[Payload]) -> str:
        seen = [
            call
            for call in calls
            if int(call["channel_id"]) in self._engine.channels
            and self._engine.sees_channel(user_id, int(call["channel_id"]))
        ]
        return encode({"type": "calls", "data": seen})

    def _gateway_frame(self) -> str:
        connected = self._gateway.connected
        data = {"connected": connected > 0, "sessions": connected}
        return encode({"type": "gateway", "data": data})


def _event_frame(event: str, payload: Mapping[str, Any]) -> str:
    return encode({"type": "event", "event": event, "data": payload})


def _request_frame(record: RequestRecord) -> str:
    return encode({"type": "request", "data": record.to_json()})
