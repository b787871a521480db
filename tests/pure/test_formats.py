"""A stream in the words of another API is recognised by each decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from bot.errors import ProviderFault, WrongApi
from bot.providers.assistants.runs_decoder import RunDecoder, Speech
from bot.providers.chat.decoder import ChunkDecoder
from bot.providers.events import Event
from bot.providers.formats import api_of
from bot.providers.parameters import Api
from bot.providers.responses.decoder import ResponseDecoder

# An event of each, its name in the stream and its data.
EVENTS = {
    Api.CHAT_COMPLETIONS: ("", '{"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Hi"}}]}'),
    Api.RESPONSES: ("response.output_text.delta", '{"type": "response.output_text.delta", "delta": "Hi"}'),
    Api.ASSISTANTS: ("thread.message.delta", '{"object": "thread.message.delta", "delta": {"content": []}}'),
}

DECODERS: dict[Api, Callable[[str, str], Iterable[Event]]] = {
    Api.CHAT_COMPLETIONS: lambda name, data: ChunkDecoder(origin={}, new_call_id=str).feed(data, name),
    Api.RESPONSES: lambda name, data: ResponseDecoder(new_call_id=str).feed(data, name),
    Api.ASSISTANTS: lambda name, data: RunDecoder(Speech()).feed(f"event: {name}\ndata: {data}\n\n".encode()),
}


@pytest.mark.parametrize("sent", EVENTS)
@pytest.mark.parametrize("own", DECODERS)
def test_decoder_tells_its_own_api_from_others(own: Api, sent: Api) -> None:
    """The error says which it is; what is one's own is read."""
    decode = DECODERS[own]
    if own is sent:
        assert list(decode(*EVENTS[sent])) is not None
        return
    with pytest.raises(WrongApi) as caught:
        list(decode(*EVENTS[sent]))
    assert (caught.value.api, caught.value.fault) == (sent, ProviderFault.PROTOCOL)


@pytest.mark.parametrize("event", [{}, {"type": "error"}, {"error": {"message": "no"}}, {"type": "ping"}])
def test_what_may_be_of_any_api_is_of_none(event: dict[str, object]) -> None:
    """Errors and keep-alives are alike everywhere."""
    assert api_of(event) is None
