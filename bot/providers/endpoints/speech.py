"""Speech from text, by a provider's `/audio/speech`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.bodies import Consumption, consumption_in, decoded, given, word
from bot.providers.endpoint import Endpoint
from bot.providers.endpoints.media import content_type_of
from bot.providers.event_bodies import failure_in, objects, rest_of
from bot.providers.transport import ResponseStream, Terms

PAID = Terms(is_paid=True)
# What OpenAI speaks at once.
MAX_TEXT_CHARACTERS = 4096
# That many characters at a quarter of the speed are some twenty minutes, in WAV (48 kB a second) 58 MB.
MAX_SOUND_BYTES = 64 * 1024 * 1024
# A second of sound in base64 is 64 kB; some servers send the whole speech in one event.
MAX_EVENT_BYTES = 16 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024


class Kind(StrEnum):
    """What a response to a wish for speech may be."""

    SOUND = "sound"
    EVENTS = "events"
    WORDS = "words"


CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """What to say and how; what is None is the provider's choice.

    `voice` is a name that the provider knows, or with `is_own_voice` the id of a voice that was made there.
    `instructions` are on tone and manner; `speed` is from 0.25 to 4.  Sound in `pcm` has no header: at OpenAI it is of
    24 000 samples a second, 16 bits each, the lower byte first.
    """

    text: str = field(repr=False)
    model: str
    voice: str
    is_own_voice: bool = False
    instructions: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = None
    speed: float | None = None

    def body(self) -> dict[str, Any]:
        """The fields in the API's words.  Raises: Refusal."""
        if len(self.text) > MAX_TEXT_CHARACTERS:
            raise Refusal(f"Please shorten the text: at most {MAX_TEXT_CHARACTERS} characters can be spoken at once.")
        return given(
            input=self.text,
            model=self.model,
            voice={"id": self.voice} if self.is_own_voice else self.voice,
            instructions=self.instructions,
            response_format=self.response_format,
            speed=self.speed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A whole speech; the type is by its bytes, which may not be what was asked for."""

    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded:
    """The end of a speech, and what it used up, None where the provider does not say."""

    usage: Consumption | None = None


class Speech:
    """The speech endpoint of one provider.  Speech is paid for: a request is sent once, and again only where no
    connection came about.

    Every method raises Refusal for a text that is too long, and ProviderError: `NOT_FOUND` or `NOT_IMPLEMENTED` where
    the provider does not speak, `PROTOCOL` where what it sent is no sound or more than `MAX_SOUND_BYTES`.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def record(self, request: SpeechRequest) -> Recording:
        """The whole speech."""
        sound = bytearray()
        async with aclosing(self.stream(request)) as pieces:
            async for piece in pieces:
                sound += piece
        content = bytes(sound)
        asked = CONTENT_TYPES[request.response_format or "mp3"]
        return Recording(content=content, content_type=content_type_of(content) or asked)

    async def stream(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """The bytes of the speech as they come, at least one; close the generator to stop it and its connection."""
        async with aclosing(self._spoken(request.body())) as pieces:
            async for piece in pieces:
                if isinstance(piece, bytes):
                    yield piece

    def stream_events(self, request: SpeechRequest) -> AsyncGenerator[bytes | SpeechEnded, None]:
        """The bytes as in `stream`, then the end, asked for as events: only so OpenAI says what a speech used up."""
        return self._spoken({**request.body(), "stream_format": "sse"})

    async def _spoken(self, body: dict[str, Any]) -> AsyncGenerator[bytes | SpeechEnded, None]:
        count, usage = 0, None
        headers = {"Accept": "*/*"}
        async with (
            self._endpoint.open("POST", "/audio/speech", body, headers=headers, terms=PAID) as response,
            aclosing(self._pieces(response)) as pieces,
        ):
            async for piece in pieces:
                if isinstance(piece, Consumption):
                    usage = piece
                    continue
                count += len(piece)
                if count > MAX_SOUND_BYTES:
                    raise ProviderError(ProviderFault.PROTOCOL, f"a speech of more than {MAX_SOUND_BYTES} bytes")
                yield piece
        if not count:
            raise ProviderError(ProviderFault.PROTOCOL, "a speech without sound")
        yield SpeechEnded(usage=usage)

    async def _pieces(self, response: ResponseStream) -> AsyncGenerator[bytes | Consumption, None]:
        idle_seconds = self._endpoint.timeouts.idle_seconds
        match _kind_of(response):
            case Kind.EVENTS:
                async with aclosing(self._events(response)) as pieces:
                    async for piece in pieces:
                        yield piece
            case Kind.WORDS:
                said = await rest_of(response, idle_seconds=idle_seconds, max_bytes=MAX_ERROR_BYTES)
                raise failure_in(said, "words instead of sound", secrets=self._endpoint.secrets)
            case Kind.SOUND:
                while (chunk := await response.read()) is not None:
                    response.wait_at_most(idle_seconds)
                    yield chunk

    async def _events(self, response: ResponseStream) -> AsyncGenerator[bytes | Consumption, None]:
        events = objects(
            response,
            idle_seconds=self._endpoint.timeouts.idle_seconds,
            max_bytes=MAX_EVENT_BYTES,
            secrets=self._endpoint.secrets,
        )
        async with aclosing(events):
            async for kind, fields in events:
                if audio := word(fields.get("audio")):
                    yield decoded(audio)
                if usage := consumption_in(fields):
                    yield usage
                if kind == "speech.audio.done":
                    await response.read_to_end()
                    return
        raise ProviderError(ProviderFault.PROTOCOL, "the speech broke off")


def _kind_of(response: ResponseStream) -> Kind:
    """What came, by its first bytes before its label, which relays make up; only bare samples look like nothing."""
    head, label = response.head, response.content_type
    if content_type_of(head):
        return Kind.SOUND
    if label == "text/event-stream" or head.startswith((b"data:", b"event:")):
        return Kind.EVENTS
    if label == "application/json" or label.startswith("text/") or head.startswith((b'{"', b"<!", b"<h")):
        return Kind.WORDS
    return Kind.SOUND
