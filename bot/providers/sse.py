"""Server-sent events from bytes in any split; pure.

The format is that of the HTML standard, section 9.2.6: a line ends at LF, CRLF or CR and nowhere else (U+2028 and its
like are text), a field's value may have one space before it, `data` lines of one event are joined with LF, a line
that starts with a colon is a comment.  Two liberties are taken, because real servers ask for them: a data line that
is exactly `[DONE]` is an event by itself, without waiting for the blank line that some never send, and what is whole
when the stream ends is an event even where its blank line is missing.
"""

from __future__ import annotations

from typing import NamedTuple

from bot.errors import ProviderError, ProviderFault

DONE = "[DONE]"

# A chunk of a chat completion is a few hundred bytes, a whole tool call some thousands; what is longer than a
# mebibyte is not an answer, and holding more of it for each of many streams would let one server fill our memory.
MAX_EVENT_BYTES = 1024 * 1024

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event: its name, empty for the usual kind, and its data."""

    name: str
    data: str


class EventStreamDecoder:
    """Turns the bytes of an event stream into events, however they were split on the way."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._line = bytearray()
        self._after_return = False
        self._at_start = True
        self._name = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self.line_count = 0

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that are whole with this chunk.

        Raises:
            ProviderError: `PROTOCOL` when one event or line is longer than allowed.
        """
        if self._after_return and chunk:
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")  # the second half of a CRLF that was split
        lines = chunk.splitlines(keepends=True)  # of bytes: at LF, CRLF and CR only
        if lines and not lines[-1].endswith((b"\n", b"\r")):
            rest = lines.pop()
        else:
            rest = b""
            self._after_return = chunk.endswith(b"\r")
        events: list[ServerSentEvent] = []
        for line in lines:
            if self._line:
                self._line += line
                line = bytes(self._line)
                self._line.clear()
            self._take_line(line.rstrip(b"\r\n"), events)
        if rest:
            self._line += rest
            self._check_size(len(self._line))
        return events

    def close(self) -> list[ServerSentEvent]:
        """The event that was still waiting for its blank line when the stream ended, if any."""
        events: list[ServerSentEvent] = []
        if self._line:
            self._take_line(bytes(self._line), events)
            self._line.clear()
        self._dispatch(events)
        return events

    def _take_line(self, line: bytes, events: list[ServerSentEvent]) -> None:
        self.line_count += 1
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(BYTE_ORDER_MARK)
        if not line:
            self._dispatch(events)
            return
        self._check_size(self._data_bytes + len(line))
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            if value == b"[DONE]":
                self._dispatch(events)
                events.append(ServerSentEvent("", DONE))
                return
            self._data.append(value)
            self._data_bytes += len(line)
        elif field == b"event":
            self._name = value.removeprefix(b" ")

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data = b"\n".join(self._data).decode("utf-8", "replace")
            events.append(ServerSentEvent(self._name.decode("utf-8", "replace"), data))
            self._data.clear()
            self._data_bytes = 0
        self._name = b""

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._max_event_bytes:
            raise ProviderError(ProviderFault.PROTOCOL, f"an event of more than {self._max_event_bytes} bytes")
