"""Sound of the scripted provider: it speaks in sine waves, and hears again what it spoke, written in the file."""

from __future__ import annotations

import math
import struct
from base64 import b64encode

from sandbox.orders import Json, Order, Quirks, Result, events, whole

RATE = 24_000  # samples a second, as OpenAI's
SECONDS_PER_WORD = 0.5
MAX_SECONDS = 10.0
PIECE_BYTES = 4096


def recording(text: str) -> bytes:
    """A WAV of a tone, half a second for each word, with the text as its comment."""
    said = text.encode()
    said += b"\0" * (len(said) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(said)) + said
    kind = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    chunks = ((b"fmt ", kind), (b"LIST", info), (b"data", samples(text)))
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(content)) + content for name, content in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def samples(text: str) -> bytes:
    """The tone alone, 16 bits for each sample."""
    seconds = min(MAX_SECONDS, SECONDS_PER_WORD * len(text.split()))
    wave = (int(8000 * math.sin(2 * math.pi * 220 * number / RATE)) for number in range(int(RATE * seconds)))
    return b"".join(struct.pack("<h", sample) for sample in wave)


def heard(content: bytes) -> str | None:
    """What was said in a recording of ours, or None for any other bytes."""
    start = content.find(b"ICMT")
    if content[8:12] != b"WAVE" or start < 0:
        return None
    (length,) = struct.unpack_from("<I", content, start + 4)
    return content[start + 8 : start + 8 + length].rstrip(b"\0").decode()


def speak(order: Order, quirks: Quirks) -> Result:
    """A recording, or the sound without a head in `pcm`; what else is asked for is WAV all the same."""
    text, is_bare = str(order.body["input"]), order.body.get("response_format") == "pcm"
    sound = samples(text) if is_bare else recording(text)
    pieces = [sound[start : start + PIECE_BYTES] for start in range(0, len(sound), PIECE_BYTES)]
    if order.body.get("stream_format") != "sse" or not quirks.streams:
        return Result(pieces=pieces, content_type="audio/pcm" if is_bare else "audio/wav")
    words = len(text.split())
    usage = quirks.usage(input_tokens=words, output_tokens=20 * words, total_tokens=21 * words)
    deltas = ({"type": "speech.audio.delta", "audio": b64encode(piece).decode()} for piece in pieces)
    return events(*deltas, {"type": "speech.audio.done", **usage})


def transcribe(order: Order, quirks: Quirks) -> Result:
    """The text of a recording that `speak` made, in every format."""
    text = heard(order.files[0].content)
    if text is None:
        error = {"message": "Invalid file format.", "type": "invalid_request_error", "code": None, "param": "file"}
        return whole({"error": error}, status=400)
    return _written(text, order, quirks)


def translate(order: Order, quirks: Quirks) -> Result:
    """The same in English, as far as a script knows English."""
    text = heard(order.files[0].content)
    return transcribe(order, quirks) if text is None else _written(f"In English: {text}", order, quirks)


def _written(text: str, order: Order, quirks: Quirks) -> Result:
    asked, cues = order.body.get("response_format", "json"), _cues(text)
    if order.is_streamed and quirks.streams:
        return _streamed(text, asked == "diarized_json", cues, quirks)
    match asked:
        case "text":
            return _plain(text + "\n")
        case "srt":
            return _plain("".join(f"{n}\n{_times(cue, ',')}\n{cue['text']}\n\n" for n, cue in enumerate(cues, 1)))
        case "vtt":
            return _plain("WEBVTT\n\n" + "".join(f"{_times(cue, '.')}\n{cue['text']}\n\n" for cue in cues))
    answer = {"text": text, **_usage(text, quirks)}
    if asked in ("verbose_json", "diarized_json"):
        answer |= {"language": "english", "duration": len(text.split()) * SECONDS_PER_WORD, "segments": cues}
    if "word" in order.body.get("timestamp_granularities[]", ()):
        answer["words"] = [{"word": cue["text"], **cue} for cue in _cues(text, size=1)]
    if "logprobs" in order.body.get("include[]", ()):
        answer["logprobs"] = [{"token": word, "logprob": -0.1, "bytes": list(word.encode())} for word in text.split()]
    return whole(answer)


def _streamed(text: str, is_diarized: bool, cues: list[Json], quirks: Quirks) -> Result:
    words = ({"type": "transcript.text.delta", "delta": word} for word in text.split(" "))
    segments = ({"type": "transcript.text.segment", **cue} for cue in cues if is_diarized)
    spaced = ({**event, "delta": f"{' ' * (n > 0)}{event['delta']}"} for n, event in enumerate(words))
    return events(*spaced, *segments, {"type": "transcript.text.done", "text": text, **_usage(text, quirks)})


def _cues(text: str, size: int = 3) -> list[Json]:
    """The text in stretches of some words, by two speakers in turn."""
    words, cues = text.split(), list[Json]()
    for number, start in enumerate(range(0, len(words), size)):
        said = words[start : start + size]
        cue = {"id": number, "text": " ".join(said), "speaker": "AB"[number % 2]}
        cues.append({**cue, "start": start * SECONDS_PER_WORD, "end": (start + len(said)) * SECONDS_PER_WORD})
    return cues


def _usage(text: str, quirks: Quirks) -> Json:
    seconds = math.ceil(len(text.split()) * SECONDS_PER_WORD)
    return quirks.usage(type="duration", seconds=seconds)


def _plain(text: str) -> Result:
    return Result(pieces=[text.encode()], content_type="text/plain; charset=utf-8")


def _times(cue: Json, point: str) -> str:
    return " --> ".join(_clock(cue[end], point) for end in ("start", "end"))


def _clock(seconds: float, point: str) -> str:
    whole_seconds, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole_seconds, 60)
    return f"00:{minutes:02}:{rest:02}{point}{thousandths:03}"
