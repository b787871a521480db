"""The events of a streamed response, as its bytes come."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from bot.errors import ProviderError
from bot.providers.body_decoder import BodyDecoder
from bot.providers.events import Event
from bot.providers.transport import ResponseStream, Timeouts


async def events_in(response: ResponseStream, decoder: BodyDecoder, times: Timeouts) -> AsyncGenerator[Event, None]:
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
