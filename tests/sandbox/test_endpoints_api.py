"""What the scripted provider draws, says and finds alike is real enough for others to read."""

from __future__ import annotations

import struct
import wave
import zlib
from io import BytesIO

from sandbox.drawing import picture
from sandbox.hearing import RATE, heard, recording
from sandbox.judging import vector_of


def chunks_of(png: bytes) -> dict[bytes, bytes]:
    """The parts of a PNG, whose sums are checked."""
    found, at = dict[bytes, bytes](), 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + content),)
        found[kind] = content
        at += 12 + length
    return found


def test_picture_is_a_png_of_the_size_asked_for() -> None:
    """Its rows are all there, in colours that the words decide; a stage of it has grey rows below."""
    parts = chunks_of(picture("A fox", "32x16"))
    assert struct.unpack_from(">II", parts[b"IHDR"]) == (32, 16)
    assert len(zlib.decompress(parts[b"IDAT"])) == 16 * (1 + 3 * 32)
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    assert picture("A fox") == picture("A fox") != picture("A dog")
    stage = zlib.decompress(chunks_of(picture("A fox", "32x16", share=0.5))[b"IDAT"])
    assert stage.endswith(b"\x80" * 96)


def test_recording_is_a_wav_that_says_what_it_says() -> None:
    """Any player opens it, and the text is heard again, whatever it is written in."""
    with wave.open(BytesIO(recording("Žluť and foxes"))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE, 1, 2)
        assert sound.getnframes() == 1.5 * RATE
    assert heard(recording("Žluť and foxes")) == "Žluť and foxes"
    assert heard(b"RIFF....AVI ICMT") is None


def alike(first: list[float], second: list[float]) -> float:
    """How much two vectors of length 1 point the same way, 1 at most."""
    return sum(one * other for one, other in zip(first, second, strict=True))


def test_texts_that_share_words_are_alike() -> None:
    """A search over these vectors finds what a person would."""
    fox, foxes, ship = map(vector_of, ("a quick red fox", "the quick red fox runs", "blue ships sail tomorrow"))
    assert alike(fox, foxes) > 0.5 > alike(fox, ship)
