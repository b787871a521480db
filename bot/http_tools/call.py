"""Calls of moderators' tools: each is one guarded, signed request, and one line in the tool's log."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import Refusal, StoreError
from bot.http_tools.request import CallerIds, read_answer, request_for, signature_headers
from bot.http_tools.secrets import Secrets
from bot.store import http_tools
from bot.store.database import Database
from bot.store.http_tools import HttpCall, HttpTool
from bot.tools.caller import Caller
from bot.tools.guard import Guard, Response
from bot.tools.model import Outcome
from bot.tools.options import options_of
from bot.tools.toolbox import Overtime

log = logging.getLogger(__name__)

# A model is told 16 kB of it and people get the rest as a file: a megabyte is more text than anybody reads.
MAX_ANSWER_BYTES = 1_000_000
# The toolbox waits this much longer than the request may take, so that what came of it can be noted.
GRACE_SECONDS = 2.0
KEYS = uuid.UUID("5f8f0e3c-6a8e-4a0e-9a57-8a4d6f1d2b11")  # the namespace of idempotency keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What came of a call: what the endpoint said, or a sentence on why it did not; `status` is None without answer."""

    status: int | None
    milliseconds: int
    outcome: Outcome
    text: str


class HttpCaller:
    """Makes the calls."""

    def __init__(self, database: Database, guard: Guard, secrets: Secrets, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._guard = guard
        self._secrets = secrets
        self._clock = clock

    async def carry_out(self, tool: HttpTool, caller: Caller, /, **arguments: Any) -> str:
        """What the endpoint said.  Raises: Refusal, Overtime."""
        exchange = await self.call(tool, arguments, ids_of(tool, caller), idempotency_key(tool, caller))
        match exchange.outcome:
            case Outcome.DONE:
                return exchange.text
            case Outcome.TIMED_OUT:
                raise Overtime(exchange.text)
            case _:
                raise Refusal(exchange.text)

    async def call(
        self, tool: HttpTool, arguments: Mapping[str, Any], caller: CallerIds, idempotency_key: str
    ) -> Exchange:
        """Ask the endpoint once, and note what came of it, also where the call is cancelled."""
        began = time.monotonic()
        response: Response | None = None
        outcome, text = Outcome.UNKNOWN, ""
        try:
            async with asyncio.timeout(tool.timeout_seconds):
                response = await self._ask(tool, arguments, caller, idempotency_key)
            outcome, text = Outcome.DONE, read_answer(response.status, response.content_type, response.body)
        except TimeoutError:
            outcome, text = Outcome.TIMED_OUT, f"{tool.name} did not answer within {tool.timeout_seconds:g} seconds."
        except Refusal as refusal:
            outcome, text = Outcome.REFUSED if response is None else Outcome.FAILED, str(refusal)
        finally:
            answer = Exchange(
                status=None if response is None else response.status,
                milliseconds=round((time.monotonic() - began) * 1000),
                outcome=outcome,
                text=text,
            )
            await self._note(tool, caller, answer)
        return answer

    async def _ask(
        self, tool: HttpTool, arguments: Mapping[str, Any], caller: CallerIds, idempotency_key: str
    ) -> Response:
        defaults = {option.name: option.default for option in options_of(tool.parameters) if option.default is not None}
        request = request_for(
            tool=tool.name,
            method=tool.method,
            url=tool.url,
            arguments=defaults | dict(arguments),
            caller=caller,
            idempotency_key=idempotency_key,
        )
        headers = dict(request.headers)
        if tool.secret is not None:
            headers |= signature_headers(request.signed, self._secrets.decrypted(tool.secret), self._clock())
        return await self._guard.request(
            request.method,
            request.url,
            headers=headers,
            body=request.body,
            timeout_seconds=tool.timeout_seconds + GRACE_SECONDS,  # ours ends first, and says which tool it was
            max_bytes=MAX_ANSWER_BYTES,
        )

    async def _note(self, tool: HttpTool, caller: CallerIds, answer: Exchange) -> None:
        """Write the call into the tool's log; what has happened stays so where that cannot be noted."""
        call = HttpCall(
            tool_id=tool.id,
            at=self._clock(),
            user_id=caller.user_id,
            channel_id=caller.channel_id,
            run_id=caller.run_id,
            status=answer.status,
            milliseconds=answer.milliseconds,
            outcome=answer.outcome,
        )
        try:
            async with self._database.write() as transaction:
                await http_tools.note_call(transaction, call)
        except StoreError as error:
            log.error("a call of the tool %s could not be noted: %s", tool.name, error)


def ids_of(tool: HttpTool, caller: Caller) -> CallerIds:
    """The caller as an endpoint is told."""
    return CallerIds(user_id=caller.user.id, guild_id=tool.guild_id, channel_id=caller.channel.id, run_id=caller.run_id)


def idempotency_key(tool: HttpTool, caller: Caller) -> str:
    """The same for each attempt to carry out one call of a model, by which an endpoint knows it; else a fresh one.

    The question's id is Discord's, so that a database that begins anew does not begin the keys anew.
    """
    if caller.call_id is None:
        return fresh_key()
    return str(uuid.uuid5(KEYS, f"{tool.guild_id}:{caller.question_id}:{caller.run_id}:{caller.call_id}"))


def fresh_key() -> str:
    """An idempotency key that no other call has."""
    return str(uuid.uuid4())
