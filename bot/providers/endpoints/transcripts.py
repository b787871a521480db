"""What was heard in a recording, as providers write it down."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.providers.bodies import Consumption, Json, consumption_in, number, objects_in, unusable, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of speech, in seconds from the beginning of the recording; `speaker` where they are told apart."""

    text: str = field(repr=False)
    start_seconds: float
    end_seconds: float
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardToken:
    """A token of the text, and the natural logarithm of how sure the model was of it."""

    text: str = field(repr=False)
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The text of a recording, empty for silence; all else is there where it was asked for and the model has it."""

    text: str = field(repr=False)
    language: str | None = None
    duration_seconds: float | None = None
    segments: tuple[Segment, ...] = ()
    words: tuple[Segment, ...] = ()
    tokens: tuple[HeardToken, ...] = ()
    usage: Consumption | None = None


def transcript_in(answer: object, *, secrets: tuple[str, ...]) -> Transcript:
    """The transcript that an answer is.  Raises: ProviderError."""
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        raise unusable(answer, "a transcript without text", secrets=secrets)
    return Transcript(
        text=answer["text"],
        language=word(answer.get("language")),
        duration_seconds=number(answer.get("duration")),
        segments=tuple(segment_in(entry) for entry in objects_in(answer, "segments")),
        words=tuple(segment_in(entry) for entry in objects_in(answer, "words")),
        tokens=tuple(_token(entry) for entry in objects_in(answer, "logprobs")),
        usage=consumption_in(answer),
    )


def with_segments(transcript: Transcript, segments: list[Segment]) -> Transcript:
    """The transcript with the segments that came before it, where it has none of its own."""
    return transcript if transcript.segments else replace(transcript, segments=tuple(segments))


def segment_in(entry: Json) -> Segment:
    """A segment, or a single word of a verbose transcript."""
    start = number(entry.get("start")) or 0.0
    return Segment(
        text=word(entry.get("text")) or word(entry.get("word")) or "",
        start_seconds=start,
        end_seconds=number(entry.get("end")) or start,
        speaker=word(entry.get("speaker")),
    )


def _token(entry: Json) -> HeardToken:
    return HeardToken(text=word(entry.get("token")) or "", logprob=number(entry.get("logprob")) or 0.0)
