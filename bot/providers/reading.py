"""The events of a streamed response, as its bytes come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from bot.errors import ProviderError
from bot.providers.events import Event
from bot.providers.transport import ResponseStream, Timeouts


class Decoder(Protocol):
    """Turns the bytes of a response into events."""

    @property
    def is_done(self) -> bool:
        """Whether nothing that may follow matters."""

    @property
    def is_answered(self) -> bool:
        """Whether the model said that it is finished."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing but usage may still follow."""

    @property
    def progress(self) -> int:
        """A number that grows with every whole line, comments too, and not with mere bytes."""

    def feed(self, chunk: bytes) -> Iterable[Event]:
        """The events that are whole with these bytes.  Raises: ProviderError."""

    def close(self) -> Iterable[Event]:
        """What is left at the end of the body, and the end itself.  Raises: ProviderError."""


async def events_in(response: ResponseStream, decoder: Decoder, times: Timeouts) -> AsyncGenerator[Event, None]:
    """The events of an answer, to its end.  Raises: ProviderError."""
    progress = 0
    while not decoder.is_done:
        try:
            chunk = await response.read()
        except ProviderError:
            if not decoder.is_answered:
                raise
            break
        if chunk is None:
            break
        for event in decoder.feed(chunk):
            yield event
        if decoder.progress != progress:
            progress = decoder.progress
            response.wait_at_most(times.after_answer_seconds if decoder.is_settled else times.idle_seconds)
    ending = decoder.close()
    if decoder.is_done:
        await response.read_to_end()  # before the last event, after which nobody may ask for more
    for event in ending:
        yield event
