"""Discord's REST API on a socket: authorization, latency, faults, rate limits, nonces, then the engine."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.faults import Fault, Faults
from sandbox.gateway import encode
from sandbox.journal import Journal, RequestRecord
from sandbox.limits import CREATE_ROUTE, RateLimiter, Verdict, refusal_headers, round_up
from sandbox.nonces import Nonces
from sandbox.routes import RouteMatch, Routes
from sandbox.semantics import Engine
from sandbox.wire import ApiError, Payload, RestCall, Upload

_log = logging.getLogger(__name__)

API_PREFIX = "/api/v10"
RATE_LIMITED = "You are being rate limited."


class Rest:
    """Answers the bot's requests."""

    def __init__(
        self,
        *,
        engine: Engine,
        limiter: RateLimiter,
        faults: Faults,
        journal: Journal,
        token: str,
        delay_seconds: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._limiter = limiter
        self._faults = faults
        self._journal = journal
        self._authorization = f"Bot {token}"
        self._delay_seconds = delay_seconds
        self._nonces = Nonces()
        self._routes = Routes(engine)
        self._own: dict[tuple[str, str], Callable[[], Payload | list[Payload]]] = {}

    def add_own_route(self, method: str, path: str, answer: Callable[[], Payload | list[Payload]]) -> None:
        """Answer a path without arguments ourselves, before simcord is asked."""
        self._own[method, path] = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        path = request.rel_url.raw_path.removeprefix(API_PREFIX)
        try:
            call = await _read_call(request, path)
        except ApiError as exc:
            return _json_answer(exc.status, exc.to_json(), {})
        fault = self._faults.take(request.method, path)
        before = self._delay_seconds()
        if fault is not None and fault.action == "delay":
            before += fault.delay_seconds
        if before > 0:
            await asyncio.sleep(before)
        if fault is not None and fault.action == "hang":
            await asyncio.Event().wait()  # until the server closes
        answer = self._apply(request, call, fault)
        if answer is None:
            if fault is not None and fault.action == "hang_after":
                await asyncio.Event().wait()
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if (after := self._delay_seconds()) > 0:
            await asyncio.sleep(after)
        return answer

    def _apply(self, request: web.Request, call: RestCall, fault: Fault | None) -> web.Response | None:
        """The answer to a request, None when there is to be none."""
        match = self._routes.find(call.method, call.path)
        note = _Note(self._journal, call, match)
        if fault is not None and fault.action == "cut_before":
            note.write(0)
            return None
        if fault is not None and fault.action == "status":
            return _fail_as_told(note, fault)
        try:
            self._admit(request, call, match, note)
            body = self._answer(call, match, note)
        except ApiError as exc:
            note.code = exc.code
            return note.answer(exc.status, exc.to_json())
        except RateLimited as exc:
            return note.answer(429, exc.body)
        note.took(body)
        if fault is not None and fault.action in ("cut_after", "hang_after"):
            note.write(0)
            return None
        # The first answer to an interaction is told back only to those who ask for it
        silent = body is None or (call.path.startswith("/interactions/") and "with_response" not in call.params)
        return note.answer(204, None) if silent else note.answer(200, body)

    def _admit(self, request: web.Request, call: RestCall, match: RouteMatch | None, note: _Note) -> None:
        """Let a request in, counted by the limits, or raise what it is refused with."""
        is_open = match is not None and "token" in match.arguments  # of a webhook or of an interaction
        if not is_open and request.headers.get("Authorization") != self._authorization:
            raise ApiError(401, 0, "401: Unauthorized")
        note.verdict = verdict = self._limiter.take(
            call.method, note.route, match.major if match else "", time.monotonic()
        )
        if not verdict.allowed:
            raise RateLimited(verdict.retry_after_seconds, verdict.scope == "global")

    def _answer(self, call: RestCall, match: RouteMatch | None, note: _Note) -> Any:
        """Apply a request, or find what an equal nonce made a moment ago."""
        own = self._own.get((call.method, call.path))
        if own is not None:
            return own()
        if match is None:
            _log.error("no such route: %s /%s/...", call.method, call.path.split("/")[1])  # the rest may hold a token
            raise ApiError(501, 0, f"this sandbox has no {call.method} {call.path}")
        body = call.json if isinstance(call.json, dict) else {}
        nonce = body.get("nonce")
        if nonce is None or (call.method, match.template) != CREATE_ROUTE:
            return self._routes.answer(call, match)
        note.nonce = str(nonce)
        key = (match.arguments["channel_id"], str(nonce))
        now = time.monotonic()
        is_enforced = body.get("enforce_nonce") and not self._faults.forgets_nonces
        if is_enforced and (message_id := self._nonces.find(key, now)) is not None:
            message = self._engine.messages.get(int(key[0]), {}).get(message_id)
            if message is not None:
                note.repeated = True
                return self._engine.message_payload(message) | {"nonce": nonce}
        answer = self._routes.answer(call, match)
        self._nonces.keep(key, int(answer["id"]), now)
        return answer


class RateLimited(Exception):
    """A request over a limit, with the body of its 429."""

    def __init__(self, retry_after_seconds: float, is_global: bool, message: str = RATE_LIMITED) -> None:
        super().__init__(message)
        self.body: Payload = {
            "message": message,
            "retry_after": round_up(retry_after_seconds),
            "global": is_global,
        }


class _Note:
    """Collects what the journal says of one request, and writes it with the answer."""

    def __init__(self, journal: Journal, call: RestCall, match: RouteMatch | None) -> None:
        self._journal = journal
        self._call = call
        self.route = match.template if match is not None else call.path
        arguments = match.arguments if match is not None else {}
        self.channel_id = _snowflake(arguments.get("channel_id"))
        self.message_id = _snowflake(arguments.get("message_id"))
        self.verdict: Verdict | None = None
        self.nonce: str | None = None
        self.code: int | None = None
        self.scope: str | None = None
        self.retry_after = 0.0
        self.repeated = False

    def took(self, body: Any) -> None:
        """Learn the message that the request made or changed."""
        message = body
        if isinstance(body, dict) and isinstance(body.get("resource"), dict):
            message = body["resource"].get("message")
        if isinstance(message, dict) and "channel_id" in message and "content" in message:
            self.channel_id, self.message_id = int(message["channel_id"]), int(message["id"])

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
        """Write the record and build the answer."""
        self.write(status)
        headers = dict(headers or {})
        if self.verdict is not None:
            headers |= self.verdict.headers(time.time())
        if body is None:
            return web.Response(status=status, headers=headers)
        return _json_answer(status, body, headers)

    def write(self, status: int) -> None:
        """Put the record into the journal."""
        verdict, call = self.verdict, self._call
        self._journal.add(
            RequestRecord(
                number=self._journal.next_number(),
                at=time.monotonic(),
                at_ms=time.time_ns() // 1_000_000,
                method=call.method,
                route=self.route,
                path=call.path,
                status=status,
                bucket=verdict.bucket if verdict else "",
                limit=verdict.limit if verdict else 0,
                remaining=verdict.remaining if verdict else 0,
                reset_after=verdict.reset_after_seconds if verdict else 0.0,
                retry_after=verdict.retry_after_seconds if verdict else self.retry_after,
                scope=verdict.scope if verdict else self.scope,
                channel_id=self.channel_id,
                message_id=self.message_id,
                content=_content(call.json),
                nonce=self.nonce,
                code=self.code,
                repeated=self.repeated,
            )
        )


def _fail_as_told(note: _Note, fault: Fault) -> web.Response:
    """The answer that a `status` fault asks for."""
    note.code = fault.code
    body: Payload = {"message": fault.message, "code": fault.code}
    if fault.status != 429:
        return note.answer(fault.status, body)
    note.scope, note.retry_after = fault.scope, fault.retry_after_seconds
    limited = RateLimited(fault.retry_after_seconds, fault.scope == "global", fault.message)
    return note.answer(429, limited.body, refusal_headers(fault.scope, fault.retry_after_seconds))


def _json_answer(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    """An answer that discord.py reads as JSON: aiohttp would add a charset, which makes it read text."""
    headers["Content-Type"] = "application/json"
    return web.Response(status=status, body=encode(body).encode(), headers=headers)


def _snowflake(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _content(body: Any) -> str | None:
    """The text that a request writes, of a message or of an interaction's answer."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("data"), dict):
        body = body["data"]
    content = body.get("content")
    return content if isinstance(content, str) else None


async def _read_call(request: web.Request, path: str) -> RestCall:
    """Read a request's body, JSON or multipart."""
    body: Any = None
    files: tuple[Upload, ...] = ()
    try:
        if request.content_type == "multipart/form-data":
            body, files = await _read_multipart(request)
        elif request.can_read_body:
            body = json.loads(await request.read())
    except ValueError as exc:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from exc
    return RestCall(
        method=request.method,
        path=path,
        json=body,
        params=dict(request.query),
        files=files,
        reason=request.headers.get("X-Audit-Log-Reason"),
    )


async def _read_multipart(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    """`payload_json` and the `files[n]` parts, whose descriptions stand in the payload's `attachments`."""
    body: Any = None
    parts: list[tuple[str, str, bytes]] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(data)
        elif part.filename is not None:
            parts.append(((part.name or "").removeprefix("files[").removesuffix("]"), part.filename, data))
    declared = body.get("attachments") or [] if isinstance(body, dict) else []
    descriptions = {str(item.get("id")): item.get("description") for item in declared if isinstance(item, dict)}
    files = (
        Upload(filename=filename, fp=BytesIO(data), description=descriptions.get(number))
        for number, filename, data in parts
    )
    return body, tuple(files)
