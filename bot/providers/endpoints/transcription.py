"""Text from speech, by a provider's `/audio/transcriptions` and `/audio/translations`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.bodies import word
from bot.providers.endpoint import Endpoint
from bot.providers.endpoints.transcripts import Segment, Transcript, segment_in, transcript_in, with_segments
from bot.providers.event_bodies import failure_in, objects
from bot.providers.forms import File, Form
from bot.providers.transport import Terms

# A long recording takes minutes, and its text comes in one piece.
PATIENT = Terms(first_byte_seconds=240.0)
# What OpenAI takes of one recording: some two hours of speech as people send it to each other.
MAX_UPLOAD_BYTES = 25 * 1024 * 1024
# Two hours of speech are 20 000 words: with a time and a probability for each, some 5 MB.
MAX_TEXT_BYTES = 16 * 1024 * 1024

Subtitles = Literal["text", "srt", "vtt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSpeaker:
    """Somebody whose voice is to be found in a recording; `sample` is 2 to 10 seconds of it, a `data:` URL."""

    name: str
    sample: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """A recording to write down; what is None or empty is the provider's choice, and models differ in what they take.

    `language` is what is spoken, as two letters (ISO 639-1), or `languages` what may be; `prompt` and `keywords` help
    with names and terms; `temperature` is from 0 to 1.  `timestamps` are for a verbose transcript, `speakers` for a
    diarized one.  `include` may ask for `logprobs`.  `chunking_strategy` is `auto` or the settings of the provider's
    voice detection.
    """

    file: File
    model: str
    language: str | None = None
    languages: Sequence[str] = ()
    keywords: Sequence[str] = ()
    prompt: str | None = field(default=None, repr=False)
    temperature: float | None = None
    timestamps: Sequence[Literal["word", "segment"]] = ()
    include: Sequence[str] = ()
    chunking_strategy: Literal["auto"] | Mapping[str, Any] | None = None
    speakers: Sequence[KnownSpeaker] = ()

    def form(self, response_format: str, **more: str) -> Form:
        """The body.  Raises: Refusal."""
        chunking = self.chunking_strategy
        fields: dict[str, str | Sequence[str] | None] = {
            "model": self.model,
            "response_format": response_format,
            "language": self.language,
            "languages[]": self.languages,
            "keywords[]": self.keywords,
            "prompt": self.prompt,
            "temperature": None if self.temperature is None else str(self.temperature),
            "timestamp_granularities[]": self.timestamps,
            "include[]": self.include,
            "chunking_strategy": json.dumps(dict(chunking)) if isinstance(chunking, Mapping) else chunking,
            "known_speaker_names[]": [speaker.name for speaker in self.speakers],
            "known_speaker_references[]": [speaker.sample for speaker in self.speakers],
            **more,
        }
        return _form(fields, self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationRequest:
    """A recording to write down in English; `prompt` is in English too."""

    file: File
    model: str
    prompt: str | None = field(default=None, repr=False)
    temperature: float | None = None

    def form(self, response_format: str) -> Form:
        """The body.  Raises: Refusal."""
        temperature = None if self.temperature is None else str(self.temperature)
        fields = {"model": self.model, "response_format": response_format}
        return _form({**fields, "prompt": self.prompt, "temperature": temperature}, self.file)


@dataclass(frozen=True, slots=True)
class TranscriptDelta:
    """More of the text."""

    text: str


class Transcription:
    """The endpoints of one provider that listen.  They are asked again as for answers.

    Every method raises Refusal for a recording that is too large, and ProviderError: `NOT_FOUND` or `NOT_IMPLEMENTED`
    where the provider does not listen, `BAD_REQUEST` where it cannot read the recording.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def transcribe(
        self, request: TranscriptionRequest, detail: Literal["json", "verbose_json", "diarized_json"] = "json"
    ) -> Transcript:
        """The text; `verbose_json` adds language, length and times, `diarized_json` who speaks when."""
        return await self._written("/audio/transcriptions", request.form(detail))

    async def transcribe_as(self, request: TranscriptionRequest, subtitles: Subtitles) -> str:
        """The text as such, or as subtitles with times in the formats SubRip or WebVTT."""
        return await self._subtitles("/audio/transcriptions", request.form(subtitles), subtitles)

    async def translate(
        self, request: TranslationRequest, detail: Literal["json", "verbose_json"] = "json"
    ) -> Transcript:
        """The text in English."""
        return await self._written("/audio/translations", request.form(detail))

    async def translate_as(self, request: TranslationRequest, subtitles: Subtitles) -> str:
        """The English text as such, or as subtitles."""
        return await self._subtitles("/audio/translations", request.form(subtitles), subtitles)

    async def stream(
        self, request: TranscriptionRequest, detail: Literal["json", "diarized_json"] = "json"
    ) -> AsyncGenerator[TranscriptDelta | Segment | Transcript, None]:
        """The text as it is written, with segments where they are asked for, then the whole, once and last.

        A server that does not stream gives the whole only.  Close the generator to stop it and its connection.
        """
        form = request.form(detail, stream="true")
        async with self._endpoint.open("POST", "/audio/transcriptions", form, terms=PATIENT) as response:
            events = objects(
                response,
                idle_seconds=self._endpoint.timeouts.idle_seconds,
                max_bytes=MAX_TEXT_BYTES,
                secrets=self._endpoint.secrets,
            )
            segments = list[Segment]()
            async with aclosing(events):
                async for kind, fields in events:
                    if kind == "transcript.text.delta" and (text := word(fields.get("delta"))):
                        yield TranscriptDelta(text)
                    elif kind == "transcript.text.segment":
                        segments.append(segment_in(fields))
                        yield segments[-1]
                    elif kind in ("", "transcript.text.done"):
                        await response.read_to_end()
                        yield with_segments(transcript_in(fields, secrets=self._endpoint.secrets), segments)
                        return
        raise ProviderError(ProviderFault.PROTOCOL, "the transcript broke off")

    async def _written(self, path: str, form: Form) -> Transcript:
        answer = await self._endpoint.fetch("POST", path, form, max_bytes=MAX_TEXT_BYTES, terms=PATIENT)
        return transcript_in(answer, secrets=self._endpoint.secrets)

    async def _subtitles(self, path: str, form: Form, subtitles: Subtitles) -> str:
        body = await self._endpoint.fetch_bytes("POST", path, form, max_bytes=MAX_TEXT_BYTES, terms=PATIENT)
        text = _unwrapped(body)
        if subtitles == "text":
            is_good = text.lstrip()[:1] not in ("{", "<")
        else:
            is_good = "-->" in text or text.strip() in ("", "WEBVTT")  # the latter are subtitles of silence
        if not is_good:
            raise failure_in(body, f"something else than {subtitles}", secrets=self._endpoint.secrets)
        return text


def _unwrapped(body: bytes) -> str:
    """The text of a body, also of one that servers made JSON of, though they were asked for the text as such."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8-sig", "replace")
    text = found.get("text") if isinstance(found, dict) else found
    return text if isinstance(text, str) else body.decode("utf-8", "replace")


def _form(fields: Mapping[str, str | Sequence[str] | None], file: File) -> Form:
    if len(file.content) > MAX_UPLOAD_BYTES:
        megabytes = MAX_UPLOAD_BYTES // 1024 // 1024
        raise Refusal(f"That recording is too large: at most {megabytes} MB can be written down at once.")
    return Form(fields={name: value for name, value in fields.items() if value}, files=[("file", file)])
