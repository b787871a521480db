"""Speech over real sockets: as it comes, whole, and what is none."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import aclosing

import pytest

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.bodies import Consumption
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.endpoints.speech import MAX_SOUND_BYTES, MAX_TEXT_CHARACTERS, SpeechEnded, SpeechRequest
from bot.providers.transport import Transport
from sandbox.hearing import heard, recording, samples
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import all_of, endpoint, fault_of, whole
from tests.providers.conftest import Waits

PATH = "/audio/speech"
HELLO = SpeechRequest(text="Hello, dear world!", model="speaker", voice="ada")
SOUND = recording(HELLO.text)


async def test_speech_is_what_was_asked_for(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Each wish is sent in the API's words, and the sound comes whole."""
    request = SpeechRequest(
        text=HELLO.text,
        model="speaker",
        voice="voice_1",
        is_own_voice=True,
        instructions="Whisper.",
        response_format="wav",
        speed=0.5,
    )
    pieces = await all_of(client.speech.stream(request))
    assert provider.endpoints.orders[0].body == {
        "input": HELLO.text,
        "model": "speaker",
        "voice": {"id": "voice_1"},
        "instructions": "Whisper.",
        "response_format": "wav",
        "speed": 0.5,
    }
    assert b"".join(pieces) == SOUND
    assert heard(SOUND) == HELLO.text


async def test_recording_says_what_it_is(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The type is that of the bytes, whatever was asked for; samples without a head are what was asked for."""
    recorded = await client.speech.record(HELLO)
    assert (recorded.content, recorded.content_type) == (SOUND, "audio/wav")
    bare = SpeechRequest(text=HELLO.text, model="speaker", voice="ada", response_format="pcm")
    recorded = await client.speech.record(bare)
    assert (recorded.content, recorded.content_type) == (samples(HELLO.text), "audio/pcm")
    assert provider.endpoints.orders[0].body == {"input": HELLO.text, "model": "speaker", "voice": "ada"}


async def test_speech_in_events_says_what_it_used_up(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The same sound, then the end with its usage."""
    *pieces, end = await all_of(client.speech.stream_events(HELLO))
    assert provider.endpoints.orders[0].body["stream_format"] == "sse"
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == SOUND
    assert end == SpeechEnded(usage=Consumption(input_tokens=3, output_tokens=60))


async def test_server_that_knows_no_events_speaks_all_the_same(
    provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """Bare bytes are a speech of unknown usage; usage may be missing from events too."""
    provider.endpoints.quirks.streams = False
    *pieces, end = await all_of(client.speech.stream_events(HELLO))
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == SOUND
    assert end == SpeechEnded(usage=None)
    provider.endpoints.quirks.streams, provider.endpoints.quirks.sends_usage = True, False
    assert (await all_of(client.speech.stream_events(HELLO)))[-1] == SpeechEnded(usage=None)


def event(**fields: object) -> bytes:
    """One event of a stream."""
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


DELTA = event(type="speech.audio.delta", audio=b64encode(SOUND).decode())


@pytest.mark.parametrize("label", ["text/event-stream", "audio/mpeg"])
async def test_events_with_any_label_are_events(label: str, provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The text of events is not handed on as sound."""
    provider.endpoints.play(PATH, Story(body=DELTA + event(type="speech.audio.done"), content_type=label))
    assert await all_of(client.speech.stream(HELLO)) == [SOUND]


@pytest.mark.parametrize("label", ["text/html; charset=utf-8", "application/json", "application/octet-stream", ""])
async def test_sound_with_any_label_is_sound(label: str, provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Relays label what they pass on with anything."""
    provider.endpoints.play(PATH, Story(body=SOUND, content_type=label))
    assert await all_of(client.speech.stream(HELLO)) == [SOUND]


BROKEN = {
    "a page": (Story(body=b"<!doctype html><title>Log in</title>", content_type="text/html"), "protocol"),
    "a page without label": (Story(body=b"<html>", content_type="audio/mpeg"), "protocol"),
    "words": (Story(body=b"not today", content_type="text/plain"), "protocol"),
    "an error labelled as sound": (Story(body=b'{"error": {"code": "x"}}', content_type="audio/mpeg"), "unknown"),
    "a relay's error": (whole({"code": 429, "msg": "slow down"}), "rate_limited"),
    "nothing": (Story(body=b"", content_type="audio/mpeg"), "protocol"),
    "an error in an event": (Story(body=event(error={"code": "insufficient_quota"})), "quota"),
    "cut in events": (Story(body=DELTA), "protocol"),
    "broken base64": (Story(body=event(type="speech.audio.delta", audio="abc")), "protocol"),
    "broken JSON": (Story(body=b'data: {"type": "speech.au\n\n'), "protocol"),
    "no sound in events": (Story(body=event(type="speech.audio.done")), "protocol"),
    "not offered": (refusal(404, "not_found"), "not_found"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_speech_is_an_error(name: str, provider: ScriptedProvider, client: OpenAIClient) -> None:
    """An error is not played to anybody, however it is labelled."""
    story, fault = BROKEN[name]
    provider.endpoints.play(PATH, story)
    assert await fault_of(client.speech.record(HELLO)) is ProviderFault(fault)
    assert len(provider.endpoints.orders) == 1


async def test_cut_speech_is_an_error_after_what_came(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """What was heard already is not called whole."""
    provider.endpoints.quirks.cut_at = 2
    async with aclosing(client.speech.stream(HELLO)) as pieces:
        assert SOUND.startswith(await anext(pieces))
        assert await fault_of(all_of(pieces)) is ProviderFault.PROTOCOL


async def test_endless_speech_is_given_up(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A provider cannot fill the memory."""
    provider.endpoints.play(PATH, Story(body=SOUND + bytes(MAX_SOUND_BYTES), content_type="audio/wav"))
    assert await fault_of(client.speech.record(HELLO)) is ProviderFault.PROTOCOL


async def test_text_that_is_too_long_is_refused(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A person learns how much can be spoken, and nothing is paid for."""
    long = SpeechRequest(text="a" * (MAX_TEXT_CHARACTERS + 1), model="speaker", voice="ada")
    with pytest.raises(Refusal, match="shorten"):
        await client.speech.record(long)
    assert provider.endpoints.orders == []


@pytest.mark.parametrize("story", [refusal(503, "overloaded"), Story(refuses_connection=True)])
async def test_speech_that_was_asked_for_is_not_asked_for_again(
    story: Story, provider: ScriptedProvider, client: OpenAIClient, waits: Waits
) -> None:
    """Speech is paid for: a request that may have been received is sent once."""
    provider.endpoints.play(PATH, story)
    with pytest.raises(ProviderError):
        await client.speech.record(HELLO)
    assert (len(provider.endpoints.orders), waits.seconds) == (1, [])


async def test_speech_is_asked_for_again_where_nobody_was_reached(transport: Transport, waits: Waits) -> None:
    """What was never sent may be tried again, as answers are."""
    async with ScriptedProvider() as gone:
        base_url = gone.base_url
    assert await fault_of(OpenAIClient(endpoint(transport, base_url)).speech.record(HELLO)) is ProviderFault.NETWORK
    assert len(waits.seconds) == 2


@pytest.mark.parametrize("in_events", [False, True])
async def test_closed_speech_closes_the_connection(
    in_events: bool, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """Sound is handed on while the rest is still to come; who stops listening then ends the provider's work."""
    provider.endpoints.quirks.hang_at = 1
    stream = client.speech.stream_events(HELLO) if in_events else client.speech.stream(HELLO)
    async with aclosing(stream):
        assert await anext(stream)
    await provider.endpoints.orders[0].disconnected.wait()
