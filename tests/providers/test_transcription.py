"""Recordings written down, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing

import pytest

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.bodies import Consumption
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.endpoints.speech import SpeechRequest
from bot.providers.endpoints.transcription import (
    MAX_UPLOAD_BYTES,
    KnownSpeaker,
    Subtitles,
    TranscriptDelta,
    TranscriptionRequest,
    TranslationRequest,
)
from bot.providers.endpoints.transcripts import HeardToken, Segment, Transcript
from bot.providers.forms import File
from sandbox.hearing import recording
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import all_of, fault_of, whole

TRANSCRIPTIONS, TRANSLATIONS = "/audio/transcriptions", "/audio/translations"
SAID = "Žluť and quick foxes"
FILE = File(name="note.wav", content=recording(SAID))
NOTE = TranscriptionRequest(file=FILE, model="listener")
FOREIGN = TranslationRequest(file=FILE, model="listener", prompt="Foxes.", temperature=0.5)
SEGMENTS = (
    Segment(text="Žluť and quick", start_seconds=0.0, end_seconds=1.5, speaker="A"),
    Segment(text="foxes", start_seconds=1.5, end_seconds=2.0, speaker="B"),
)
USAGE = Consumption(seconds=2.0)
SRT = "1\n00:00:00,000 --> 00:00:01,500\nŽluť and quick\n\n2\n00:00:01,500 --> 00:00:02,000\nfoxes\n\n"


async def test_recording_is_written_down(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The file goes out with a type by its bytes, each wish in the API's words, and the text comes back."""
    request = TranscriptionRequest(
        file=FILE,
        model="listener",
        language="cs",
        languages=("cs", "en"),
        keywords=("Žluť",),
        prompt="Foxes.",
        temperature=0.0,
        include=("logprobs",),
        chunking_strategy={"type": "server_vad"},
        speakers=(KnownSpeaker(name="Ada", sample="data:audio/wav;base64,AA=="),),
    )
    transcript = await client.transcription.transcribe(request)
    order = provider.endpoints.orders[0]
    assert order.body == {
        "model": "listener",
        "response_format": "json",
        "language": "cs",
        "languages[]": ["cs", "en"],
        "keywords[]": ["Žluť"],
        "prompt": "Foxes.",
        "temperature": "0.0",
        "include[]": ["logprobs"],
        "chunking_strategy": '{"type": "server_vad"}',
        "known_speaker_names[]": ["Ada"],
        "known_speaker_references[]": ["data:audio/wav;base64,AA=="],
    }
    (file,) = order.files
    assert (file.field, file.name, file.content_type) == ("file", "note.wav", "audio/wav")
    assert file.content == FILE.content
    assert (transcript.text, transcript.usage) == (SAID, USAGE)
    assert transcript.tokens[0] == HeardToken(text="Žluť", logprob=-0.1)


async def test_what_speech_said_is_heard(client: OpenAIClient) -> None:
    """A recording made by the provider can be written down by it."""
    spoken = await client.speech.record(SpeechRequest(text=SAID, model="speaker", voice="ada"))
    file = File(name="speech.wav", content=spoken.content)
    assert (await client.transcription.transcribe(TranscriptionRequest(file=file, model="m"))).text == SAID


async def test_verbose_transcript_has_times(client: OpenAIClient) -> None:
    """Language, length, segments and single words come where they are asked for."""
    request = TranscriptionRequest(file=FILE, model="listener", timestamps=("word", "segment"))
    transcript = await client.transcription.transcribe(request, "verbose_json")
    assert (transcript.language, transcript.duration_seconds) == ("english", 2.0)
    assert transcript.segments == SEGMENTS
    assert [(one.text, one.start_seconds) for one in transcript.words] == [
        ("Žluť", 0.0),
        ("and", 0.5),
        ("quick", 1.0),
        ("foxes", 1.5),
    ]


async def test_diarized_transcript_says_who_speaks(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Each segment has its speaker."""
    transcript = await client.transcription.transcribe(NOTE, "diarized_json")
    assert provider.endpoints.orders[0].body["response_format"] == "diarized_json"
    assert [one.speaker for one in transcript.segments] == ["A", "B"]


async def test_subtitles_come_as_text(client: OpenAIClient) -> None:
    """The formats that are no JSON come as they are."""
    assert await client.transcription.transcribe_as(NOTE, "srt") == SRT
    assert (await client.transcription.transcribe_as(NOTE, "vtt")).startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert await client.transcription.transcribe_as(NOTE, "text") == f"{SAID}\n"


async def test_translation_is_english(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Translations have fewer wishes, and the same answers."""
    assert (await client.transcription.translate(FOREIGN)).text == f"In English: {SAID}"
    assert provider.endpoints.orders[0].path == TRANSLATIONS
    assert provider.endpoints.orders[0].body == {
        "model": "listener",
        "response_format": "json",
        "prompt": "Foxes.",
        "temperature": "0.5",
    }
    assert (await client.transcription.translate(FOREIGN, "verbose_json")).segments
    assert "In English" in await client.transcription.translate_as(FOREIGN, "srt")


async def test_transcript_streams(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The words come as they are written, the whole last, with what it used up."""
    *deltas, transcript = await all_of(client.transcription.stream(NOTE))
    assert provider.endpoints.orders[0].is_streamed
    assert "".join(delta.text for delta in deltas if isinstance(delta, TranscriptDelta)) == SAID
    assert len(deltas) == 4
    assert transcript == Transcript(text=SAID, usage=USAGE)


async def test_diarized_transcript_streams_its_segments(client: OpenAIClient) -> None:
    """Segments come when they are whole, and the transcript at the end has them all."""
    events = await all_of(client.transcription.stream(NOTE, "diarized_json"))
    assert tuple(event for event in events if isinstance(event, Segment)) == SEGMENTS
    assert events[-1] == Transcript(text=SAID, segments=SEGMENTS, usage=USAGE)


async def test_server_that_does_not_stream_gives_the_transcript(
    provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """The older models ignore the wish to stream."""
    provider.endpoints.quirks.streams = provider.endpoints.quirks.sends_usage = False
    assert await all_of(client.transcription.stream(NOTE)) == [Transcript(text=SAID)]


async def test_silence_is_a_transcript(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Nothing was said, and that is no error, in any format."""
    provider.endpoints.play(
        TRANSCRIPTIONS,
        whole({"text": "", "segments": None, "words": [1], "duration": "long", "usage": []}),
        Story(body=b"", content_type="text/plain"),
        Story(body=b"WEBVTT\n\n", content_type="text/vtt"),
        Story(body=b'data: {"type": "transcript.text.done", "text": ""}'),
    )
    silence = Transcript(text="")
    assert await client.transcription.transcribe(NOTE) == silence
    assert await client.transcription.transcribe_as(NOTE, "srt") == ""
    assert await client.transcription.transcribe_as(NOTE, "vtt") == "WEBVTT\n\n"
    assert await all_of(client.transcription.stream(NOTE)) == [silence]


@pytest.mark.parametrize(
    ("subtitles", "body", "text"),
    [("text", {"text": SAID}, SAID), ("text", SAID, SAID), ("srt", SRT, SRT), ("srt", {"text": SRT}, SRT)],
)
async def test_text_is_taken_out_of_json(
    subtitles: Subtitles, body: object, text: str, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """Servers that make JSON of everything are read too."""
    provider.endpoints.play(TRANSCRIPTIONS, whole(body))
    assert await client.transcription.transcribe_as(NOTE, subtitles) == text


BROKEN = {
    "a page": (Story(body=b"<!doctype html><title>Log in</title>", content_type="text/html"), "protocol"),
    "cut": (Story(body=b'{"text": "Hel'), "protocol"),
    "no text": (whole({"segments": []}), "protocol"),
    "a number": (whole({"text": 5}), "protocol"),
    "a relay's error": (whole({"success": False, "message": "insufficient balance"}), "quota"),
    "not offered": (refusal(501, "api_not_implemented"), "not_implemented"),
}


@pytest.mark.parametrize("way", ["transcribe", "text", "srt", "stream", "translate"])
@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_transcript_is_an_error(
    name: str, way: str, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """No page and no error is taken for what somebody said."""
    story, fault = BROKEN[name]
    provider.endpoints.play(TRANSLATIONS if way == "translate" else TRANSCRIPTIONS, story)
    listening = client.transcription
    ways: Mapping[str, Callable[[], Awaitable[object]]] = {
        "transcribe": lambda: listening.transcribe(NOTE),
        "text": lambda: listening.transcribe_as(NOTE, "text"),
        "srt": lambda: listening.transcribe_as(NOTE, "srt"),
        "stream": lambda: all_of(listening.stream(NOTE)),
        "translate": lambda: listening.translate(FOREIGN),
    }
    assert await fault_of(ways[way]()) is ProviderFault(fault)


async def test_transcript_in_another_format_is_an_error(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A plain text is not handed on as subtitles, and nothing that was said reaches a log."""
    provider.endpoints.play(TRANSCRIPTIONS, whole({"text": SAID}), Story(body=SAID.encode()))
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            await client.transcription.transcribe_as(NOTE, "vtt")
        assert caught.value.fault is ProviderFault.PROTOCOL
        assert "fox" not in caught.value.detail


async def test_file_that_is_no_recording_is_a_bad_request(client: OpenAIClient) -> None:
    """What the provider cannot hear is told apart from its own faults."""
    other = TranscriptionRequest(file=File(name="note.mp3", content=b"not a sound"), model="listener")
    assert await fault_of(client.transcription.transcribe(other)) is ProviderFault.BAD_REQUEST


async def test_recording_that_is_too_large_is_refused(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A person learns how large it may be, and nothing is sent; one that just fits arrives whole."""
    most = FILE.content + bytes(MAX_UPLOAD_BYTES - len(FILE.content))
    fits = TranscriptionRequest(file=File(name="note.wav", content=most), model="listener")
    assert (await client.transcription.transcribe(fits)).text == SAID
    assert provider.endpoints.orders[0].files[0].content == most
    large = TranscriptionRequest(file=File(name="note.wav", content=most + b"\0"), model="listener")
    with pytest.raises(Refusal, match="at most 25 MB"):
        await client.transcription.transcribe(large)
    assert len(provider.endpoints.orders) == 1


async def test_busy_listener_is_asked_again(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A whole form is sent again, as answers are."""
    provider.endpoints.play(TRANSCRIPTIONS, refusal(503, "overloaded"), Story(refuses_connection=True))
    assert (await client.transcription.transcribe(NOTE)).text == SAID
    assert [order.files[0].content for order in provider.endpoints.orders] == [FILE.content] * 3


async def test_cut_transcript_is_an_error_after_what_came(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """What was written already is not called whole, whether the connection breaks or the stream just ends."""
    provider.endpoints.quirks.cut_at = 2
    delta = json.dumps({"type": "transcript.text.delta", "delta": "Hel"}).encode()
    async with aclosing(client.transcription.stream(NOTE)) as events:
        assert isinstance(await anext(events), TranscriptDelta)
        assert await fault_of(all_of(events)) is ProviderFault.PROTOCOL
    provider.endpoints.play(TRANSCRIPTIONS, Story(body=b"data: " + delta + b"\n\n"))
    assert await fault_of(all_of(client.transcription.stream(NOTE))) is ProviderFault.PROTOCOL


async def test_closed_transcript_closes_the_connection(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Who no longer wants the text ends the provider's work on it."""
    provider.endpoints.quirks.hang_at = 1
    async with aclosing(client.transcription.stream(NOTE)) as events:
        assert isinstance(await anext(events), TranscriptDelta)
    await provider.endpoints.orders[0].disconnected.wait()
