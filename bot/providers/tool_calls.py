"""Puts tool calls together from the pieces that providers stream; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import ProviderError, ProviderFault
from bot.providers.events import Event, ToolCallDelta, ToolCallDone, ToolCallStarted

# OpenAI's rule for the name of a function; a model can make up one that breaks it, and its call is sent back.
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
MAX_NAME_CHARACTERS = 64
# Of one answer: as many as there may be tools, and more than any context window takes back.
MAX_CALLS = 128
MAX_ARGUMENTS_CHARACTERS = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPiece:
    """One entry of a delta's `tool_calls`: `index` is the provider's, if it gave one; texts are empty where absent."""

    index: int | None
    id: str
    name: str
    arguments: str
    carried: Mapping[str, Any] | None = None  # what the provider wants back with the call


@dataclass(slots=True, kw_only=True)
class _OpenCall:
    ordinal: int
    index: int | None
    id: str
    name: str = ""
    arguments: str = ""
    is_started: bool = False
    carried: Mapping[str, Any] | None = None

    def is_whole(self) -> bool:
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


class ToolCallAssembler:
    """The calls of one answer.

    Providers disagree about which piece belongs to which call: the index may be absent or start again in every
    chunk, ids may be absent, repeated in every piece, or the same for parallel calls.  So a piece that names another
    function or has another id begins a new call, and so does one that names a function after a whole one; any other
    continues the newest call of its index.  Our own indexes count from 0 and our ids differ within an answer.
    """

    def __init__(self, *, new_call_id: Callable[[], str]) -> None:
        self._new_call_id = new_call_id
        self._calls: list[_OpenCall] = []
        self._characters = 0

    @property
    def has_calls(self) -> bool:
        """Whether the model asked for any tool."""
        return any(call.name for call in self._calls)

    @property
    def carried(self) -> list[Mapping[str, Any]]:
        """What the provider wants back with each call, in their order; nothing where it wants nothing at all."""
        carried = [call.carried or {} for call in self._calls if call.name]
        return carried if any(carried) else []

    def feed(self, piece: CallPiece) -> list[Event]:
        """What this piece makes certain.  Raises: ProviderError, `PROTOCOL` where there is no end to it."""
        self._characters += len(piece.arguments)
        if self._characters > MAX_ARGUMENTS_CHARACTERS:
            raise ProviderError(ProviderFault.PROTOCOL, "tool calls without end")
        call = self._call_of(piece)
        call.name = call.name or piece.name
        call.arguments += piece.arguments
        call.carried = piece.carried or call.carried
        if not call.name:
            return []
        if not call.is_started:
            call.is_started = True
            events: list[Event] = [ToolCallStarted(call.ordinal, call.id, call.name)]
            return [*events, ToolCallDelta(call.ordinal, call.arguments)] if call.arguments else events
        return [ToolCallDelta(call.ordinal, piece.arguments)] if piece.arguments else []

    def close(self) -> list[Event]:
        """The calls as a whole, when no more pieces come."""
        return [
            ToolCallDone(call.ordinal, call.id, call.name, call.arguments if call.arguments.strip() else "{}")
            for call in self._calls
            if call.name
        ]

    def _call_of(self, piece: CallPiece) -> _OpenCall:
        mates = [call for call in self._calls if piece.index is None or call.index in (piece.index, None)]
        if not mates or self._begins_another(mates[-1], piece):
            return self._open(piece)
        call = mates[-1]
        if piece.id and not call.is_started:
            call.id = self._own_id(piece.id)
        return call

    @staticmethod
    def _begins_another(call: _OpenCall, piece: CallPiece) -> bool:
        if not piece.name or not call.name:
            return False
        return piece.name != call.name or piece.id not in ("", call.id) or call.is_whole()

    def _open(self, piece: CallPiece) -> _OpenCall:
        if len(self._calls) == MAX_CALLS:
            raise ProviderError(ProviderFault.PROTOCOL, f"more than {MAX_CALLS} tool calls")
        call = _OpenCall(ordinal=len(self._calls), index=piece.index, id=self._own_id(piece.id))
        self._calls.append(call)
        return call

    def _own_id(self, id: str) -> str:
        return id if id and all(call.id != id for call in self._calls) else self._new_call_id()


def sendable_name(name: str) -> str:
    """The name of a function as it may be sent back."""
    return NOT_IN_A_NAME.sub("_", name)[:MAX_NAME_CHARACTERS]


def sendable_arguments(arguments: str) -> str:
    """The arguments as the model wrote them, or none where they are broken: servers that read them refuse those."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"
