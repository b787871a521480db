"""Pictures of the scripted provider: small real PNGs whose colours come from the words."""

from __future__ import annotations

import struct
import time
import zlib
from base64 import b64encode
from hashlib import sha256

from sandbox.orders import Json, Order, Quirks, Result, events, whole

MAX_SIDE = 256  # pixels: enough to look at
DEFAULT_SIZE = "64x64"


def picture(words: str, size: str = DEFAULT_SIZE, *, share: float = 1.0) -> bytes:
    """A PNG of a disc in two colours; of a share less than 1 the lower rows are grey yet."""
    width, height = (min(int(side), MAX_SIDE) for side in size.split("x"))
    seed = sha256(words.encode()).digest()
    disc, ground, grey = seed[:3], seed[3:6], b"\x80\x80\x80"
    radius = min(width, height) / 3
    rows = bytearray()
    for y in range(height):
        rows += b"\0"
        for x in range(width):
            is_inside = (x - width / 2) ** 2 + (y - height / 2) ** 2 < radius**2
            rows += (disc if is_inside else ground) if y < height * share else grey
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def draw(order: Order, quirks: Quirks) -> Result:
    """Pictures of a prompt, or changed ones of an edit."""
    prompt, count = str(order.body["prompt"]), int(order.body.get("n", 1))
    size = str(order.body.get("size", DEFAULT_SIZE))
    size = DEFAULT_SIZE if size == "auto" else size
    seed = prompt + "".join(sha256(file.content).hexdigest() for file in order.files)
    drawn = [quirks.picture or picture(f"{seed} {number}", size) for number in range(count)]
    extra = {"size": size, "quality": "low", "background": "opaque", "output_format": "png", **_usage(order, quirks)}
    if not (order.is_streamed and quirks.streams):
        data = [_entry(content, prompt, order, quirks) for content in drawn]
        return whole({"created": int(time.time()), "data": data, **extra})
    name = "image_edit" if order.files else "image_generation"
    asked = int(order.body.get("partial_images", 0))
    partial = [
        {
            "type": f"{name}.partial_image",
            "partial_image_index": number,
            "b64_json": _encoded(picture(f"{seed} 0", size, share=(number + 1) / (asked + 1))),
        }
        for number in range(asked)
    ]
    return events(
        *partial, *({"type": f"{name}.completed", "b64_json": _encoded(content), **extra} for content in drawn)
    )


def _entry(content: bytes, prompt: str, order: Order, quirks: Quirks) -> Json:
    if quirks.image_urls or order.body.get("response_format") == "url":
        return {"url": f"https://pictures.example/{sha256(content).hexdigest()}.png", "revised_prompt": f"{prompt}!"}
    return {"b64_json": _encoded(content)}


def _usage(order: Order, quirks: Quirks) -> Json:
    words, seen = len(str(order.body["prompt"]).split()), 100 * len(order.files)
    details = {"text_tokens": words, "image_tokens": seen}
    total = words + seen + 272
    return quirks.usage(input_tokens=words + seen, output_tokens=272, total_tokens=total, input_tokens_details=details)


def _encoded(content: bytes) -> str:
    return b64encode(content).decode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
