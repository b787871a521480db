"""The bytes of a response as what its API says, whatever they are labelled; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bot.errors import ProviderError, ProviderFault
from bot.providers.events import Event
from bot.providers.failures import Complaint, failure_of
from bot.providers.sse import BYTE_ORDER_MARK, MAX_EVENT_BYTES, EventStreamDecoder, ServerSentEvent


class Decoder(Protocol):
    """Turns what one API says, event by event or whole, into events; all of it may raise ProviderError."""

    @property
    def is_done(self) -> bool:
        """Whether nothing that may follow matters."""

    @property
    def is_answered(self) -> bool:
        """Whether the model said that it is finished."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing but usage may still follow."""

    def feed(self, data: str, name: str = "") -> list[Event]:
        """The events in one server-sent event."""

    def feed_whole(self, body: str) -> list[Event]:
        """The events in an answer that was not streamed."""

    def close(self) -> list[Event]:
        """The end of the stream."""


class BodyDecoder:
    """Turns the bytes of a 200 response into events: an event stream, a whole answer, or an error.

    What the body starts with decides, not its label: event streams come labelled as JSON, and JSON as event streams.
    """

    def __init__(self, decoder: Decoder, *, secrets: tuple[str, ...] = ()) -> None:
        """`decoder` is that of the API."""
        self._decoder = decoder
        self._stream = EventStreamDecoder()
        self._body = bytearray()
        self._is_stream: bool | None = None
        self._secrets = secrets

    @property
    def is_done(self) -> bool:
        """Whether nothing that may follow matters."""
        return self._decoder.is_done

    @property
    def is_answered(self) -> bool:
        """Whether the model said that it is finished; usage and other answers may still follow."""
        return self._decoder.is_answered

    @property
    def is_settled(self) -> bool:
        """Whether nothing but usage may still follow."""
        return self._decoder.is_settled

    @property
    def progress(self) -> int:
        """A number that grows with every whole line, comments too, and not with mere bytes."""
        return self._stream.line_count

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are whole with these bytes; nothing after `[DONE]` is looked at.

        They come one by one, so that an error does not swallow those that came before it in the same bytes.
        """
        if self._is_stream:
            return self._take(self._stream.feed(chunk))
        self._body += chunk
        if len(self._body) > MAX_EVENT_BYTES:
            raise ProviderError(ProviderFault.PROTOCOL, f"a body of more than {MAX_EVENT_BYTES} bytes")
        if self._is_stream is None:
            start = self._body.removeprefix(BYTE_ORDER_MARK).lstrip()[:1]
            if not start and len(self._body) > len(BYTE_ORDER_MARK):
                self._body.clear()  # white space says nothing, however much of it comes
            self._is_stream = start not in b"{[<" if start else None
        if not self._is_stream:
            return iter(())
        chunk = bytes(self._body)
        self._body.clear()
        return self._take(self._stream.feed(chunk))

    def close(self) -> Iterator[Event]:
        """What is left at the end of the body, and the end itself."""
        if self._is_stream:
            yield from self._take(self._stream.close())
            yield from self._decoder.close()
            return
        body = self._body.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace").strip()
        if not body:
            raise ProviderError(ProviderFault.PROTOCOL, "an empty body", status=200)
        if body.startswith("<"):
            raise failure_of(Complaint(message=body), status=200, is_page=True, secrets=self._secrets)
        yield from self._decoder.feed_whole(body)
        yield from self._decoder.close()

    def _take(self, arrived: list[ServerSentEvent]) -> Iterator[Event]:
        for name, data in arrived:
            if self._decoder.is_done:
                break
            yield from self._decoder.feed(data, name)
