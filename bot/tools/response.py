"""What a host answered, read within limits."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import httpcore

from bot.errors import Refusal

NO_CONTENT = 204
FIRST_ERROR = 400
COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate"})
GZIP_OR_ZLIB = 47  # zlib's window bits that find out which of the two it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a host answered: `headers` have small names, `content_type` no parameters, `url` is the last one asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is read of an answer, and of which types (None: all)."""

    max_bytes: int
    content_types: Collection[str] | None

    async def read(self, host: str, url: str, answer: httpcore.Response) -> Response:
        """The whole answer.  Raises: Refusal, and whatever httpcore and zlib raise when it breaks off."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        is_wanted = answer.status == NO_CONTENT or self._takes(content_type)
        if not is_wanted and answer.status < FIRST_ERROR:
            raise Refusal(f"{host} sent {content_type[:64] or 'something without a type'}, which cannot be used here.")
        body = await self._body(host, answer, headers.get("content-encoding", "").lower()) if is_wanted else b""
        return Response(status=answer.status, headers=headers, body=body, url=url, content_type=content_type)

    def _takes(self, content_type: str) -> bool:
        return self.content_types is None or any(fnmatchcase(content_type, each) for each in self.content_types)

    async def _body(self, host: str, answer: httpcore.Response, compression: str) -> bytes:
        """The body, unpacked; no more is unpacked than may be kept, so that a small body cannot become a large one."""
        unpacker = zlib.decompressobj(GZIP_OR_ZLIB) if compression in COMPRESSIONS else None
        if unpacker is None and compression not in ("", "identity"):
            raise Refusal(f"{host} sent an answer that is packed in a way that was not asked for.")
        received, body = 0, bytearray()
        async for chunk in answer.aiter_stream():
            received += len(chunk)
            body += chunk if unpacker is None else unpacker.decompress(chunk, self.max_bytes - len(body) + 1)
            if max(received, len(body)) > self.max_bytes:
                raise Refusal(f"{host} sent more than {self.max_bytes:,} bytes, which is too much.")
        if unpacker is not None and received and not unpacker.eof:
            raise zlib.error("it ends early")
        return bytes(body)
