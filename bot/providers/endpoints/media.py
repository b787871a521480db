"""What bytes are, by how they begin.

The signatures are those of the WHATWG MIME Sniffing standard, of the formats that providers take and give.
"""

from __future__ import annotations

SIGNATURES: tuple[tuple[int, bytes, str], ...] = (  # where the bytes stand, in bytes from the beginning
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)


def content_type_of(content: bytes) -> str | None:
    """The content type of an image, a sound or a video, or None for what is not known."""
    for start, signature, content_type in SIGNATURES:
        if content[start : start + len(signature)] == signature:
            return content_type
    return None
