"""The gateway's sessions: sequence numbers, replay after a lost connection, and what each session may see."""

from __future__ import annotations

import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.bot_view import BotView
from sandbox.faults import Faults
from sandbox.semantics import Engine
from sandbox.wire import Payload

REPLAYED_EVENTS = 2000  # a session that missed more starts afresh, as on Discord
KEPT_SESSIONS = 32  # sessions without a connection that may still be resumed


def encode(payload: Any) -> str:
    """JSON as small as it gets."""
    return json.dumps(payload, separators=(",", ":"))


class Outlet(Protocol):
    """A session's connection: takes finished text and closes."""

    def send(self, text: str) -> None:
        """Queue one gateway message."""

    def close(self, code: int) -> None:
        """Close with a code, after what is queued."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One IDENTIFY and everything sent since; outlives its connections."""

    id: str
    intents: int
    shard: tuple[int, int] = (0, 1)
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED_EVENTS))
    held: str | None = None  # an event kept back by a fault, already numbered
    outlet: Outlet | None = None

    def serves(self, event: str, payload: Mapping[str, Any]) -> bool:
        """Whether an event belongs to this session's shard; what has no guild belongs to shard 0."""
        guild_id = payload.get("guild_id")
        if guild_id is None and event.startswith("GUILD_"):
            guild_id = payload.get("id")
        index, count = self.shard
        return (0 if guild_id is None else (int(guild_id) >> 22) % count) == index

    def can_replay_after(self, sequence: int) -> bool:
        """Whether every event after a sequence number is still at hand."""
        return sequence <= self.sequence and (
            sequence == self.sequence or (bool(self.sent) and self.sent[0][0] <= sequence + 1)
        )


class Gateway:
    """All sessions of the bot.  Deals in JSON text; sockets are `sandbox/sockets.py`'s."""

    def __init__(self, engine: Engine, faults: Faults, token: str, granted_intents: int) -> None:
        self.engine = engine
        self.view = BotView(engine)
        self.faults = faults
        self.token = token
        self.granted_intents = granted_intents
        self.sessions: dict[str, Session] = {}
        self.ready_count = 0  # sessions that got READY since the start
        self.identified_at: list[float] = []  # when each IDENTIFY came, in seconds of a clock that never jumps
        self.resumed_count = 0  # times that a session was resumed since the start
        self._listeners: list[Callable[[], None]] = []
        engine.subscribers.append(self.publish)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function whenever a session comes or goes."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """Tell the listeners that a session came or went."""
        for listener in self._listeners:
            listener()

    @property
    def connected(self) -> int:
        """How many sessions have a connection."""
        return sum(session.outlet is not None for session in self.sessions.values())

    # ------------------------------------------------------------- life of a session

    def open(self, outlet: Outlet, identify: Payload, resume_url: str) -> Session | None:
        """Answer IDENTIFY: READY and the guilds, or a close code that says why not."""
        self.identified_at.append(time.monotonic())
        intents = int(identify.get("intents") or 0)
        index, count = identify.get("shard") or (0, 1)
        refusal = None
        if identify.get("token") != self.token:
            refusal = 4004
        elif not 0 <= index < count:
            refusal = 4010
        elif self.view.refused_intents(intents, self.granted_intents):
            refusal = 4014
        if refusal is not None:
            outlet.close(refusal)
            return None
        session = Session(id=secrets.token_hex(16), intents=intents, shard=(index, count), outlet=outlet)
        self.sessions[session.id] = session
        self._forget_old_sessions()
        self._welcome(session, resume_url)
        self.changed()
        return session

    def _welcome(self, session: Session, resume_url: str) -> None:
        engine = self.engine
        guild_ids = [guild_id for guild_id in engine.guilds if session.serves("GUILD_CREATE", {"id": guild_id})]
        ready = {
            "v": 10,
            "user": engine.user_payload(engine.bot_user.id),
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "session_id": session.id,
            "resume_gateway_url": resume_url,
            "shard": list(session.shard),
            "application": {
                "id": str(engine.application_id),
                "flags": self.view.application_flags(self.granted_intents),
            },
        }
        if self.faults.gateway.swallow_ready > 0:
            self.faults.gateway.swallow_ready -= 1
            return
        self._dispatch(session, "READY", encode(ready))
        for guild_id in guild_ids:
            guild = self.view.for_intents("GUILD_CREATE", {"id": guild_id, "unavailable": False}, session.intents)
            if guild is not None:
                self._dispatch(session, "GUILD_CREATE", encode(guild))
        self.ready_count += 1

    def resume(self, outlet: Outlet, request: Payload) -> Session | None:
        """Answer RESUME: the missed events and RESUMED, or an invalid session."""
        session = self.sessions.get(str(request.get("session_id")))
        sequence = int(request.get("seq") or 0)
        if request.get("token") != self.token:
            outlet.close(4004)
            return None
        if session is None or not session.can_replay_after(sequence):
            outlet.send('{"op":9,"d":false,"s":null,"t":null}')
            return None
        if session.outlet is not None:
            session.outlet.close(4000)
        session.outlet = outlet
        for number, text in session.sent:
            if number > sequence:
                outlet.send(text)
        self._dispatch(session, "RESUMED", '{"_trace":[]}')
        self.resumed_count += 1
        self.changed()
        return session

    def detach(self, session: Session, outlet: Outlet, close_code: int | None) -> None:
        """A connection ended; 1000 and 1001 end its session too (Discord's gateway document says so)."""
        if session.outlet is outlet:
            session.outlet = None
            if close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
            self.changed()

    def drop(self, code: int = 4000, *, resumable: bool = True) -> None:
        """Close every connection with a code, 1006 without a word; sessions that are not resumable are forgotten."""
        for session in list(self.sessions.values()):
            if not resumable:
                del self.sessions[session.id]
            if session.outlet is not None:
                session.outlet.close(code)
                session.outlet = None
        self.changed()

    def tell(self, operation: int, data: bool | None = None) -> None:
        """Send an opcode to every connection: 7 asks to reconnect, 9 declares the session invalid, true: resumable."""
        for session in self.sessions.values():
            if session.outlet is not None:
                session.outlet.send(encode({"op": operation, "d": data, "s": None, "t": None}))

    def _forget_old_sessions(self) -> None:
        detached = [key for key, session in self.sessions.items() if session.outlet is None]
        for key in detached[: max(0, len(detached) - KEPT_SESSIONS)]:
            del self.sessions[key]

    # ------------------------------------------------------------------------ events

    def publish(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send an event to every session that may see it; encoded once for all that see it whole."""
        if not self.sessions or not self.view.reaches_bot(event, payload):
            return
        whole: str | None = None
        for session in self.sessions.values():
            if not session.serves(event, payload):
                continue
            seen = self.view.for_intents(event, payload, session.intents)
            if seen is None:
                continue
            if seen is payload:
                whole = whole or encode(payload)
                self._dispatch(session, event, whole)
            else:
                self._dispatch(session, event, encode(seen))

    def send_members(self, session: Session, request: Payload) -> None:
        """Answer a request for a guild's members (op 8)."""
        chunk = self.view.members_chunk(request)
        if chunk is not None:
            self._dispatch(session, "GUILD_MEMBERS_CHUNK", encode(chunk))

    def _dispatch(self, session: Session, event: str, body: str) -> None:
        faults = self.faults.gateway
        if faults.lose and faults.counts_down(faults.lose, event):
            return
        session.sequence += 1
        text = f'{{"op":0,"s":{session.sequence},"t":"{event}","d":{body}}}'
        session.sent.append((session.sequence, text))
        if session.outlet is None:
            return
        if faults.hold_back and session.held is None and faults.counts_down(faults.hold_back, event):
            session.held = text
            return
        session.outlet.send(text)
        if faults.duplicate and faults.counts_down(faults.duplicate, event):
            session.outlet.send(text)
        if session.held is not None:
            session.outlet.send(session.held)
            session.held = None
