"""Bodies that a server packed although nobody asked for that."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx

PACKED = frozenset({"gzip", "x-gzip", "deflate"})
GZIP_OR_ZLIB = 47  # zlib's window bits that find out which of the two it is
# A small body can unpack to a thousand times its size: whoever reads counts what came before more is unpacked.
MAX_PIECE_BYTES = 64 * 1024


def is_packed(response: httpx.Response) -> bool:
    """Whether the body has to be unpacked; what else stands there, such as `utf-8`, is a mistake of the server's."""
    return str(response.headers.get("content-encoding", "")).strip().lower() in PACKED


async def unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body in pieces of at most `MAX_PIECE_BYTES`.  Raises: httpx.HTTPError."""
    unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
    try:
        async for chunk in response.aiter_raw():
            while chunk and not unpacker.eof:
                piece = unpacker.decompress(chunk, MAX_PIECE_BYTES)
                chunk = unpacker.unconsumed_tail
                if piece:
                    yield piece
        yield unpacker.flush()
    except zlib.error as exc:
        raise httpx.DecodingError("a body that cannot be unpacked", request=response.request) from exc
