"""Bodies of endpoints that stream: JSON objects in server-sent events, or the one object of a server that does not."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

from bot.errors import ProviderError, ProviderFault
from bot.providers.bodies import Json, unusable, word
from bot.providers.failures import Complaint, complaint_in, failure_of, page_title, redact
from bot.providers.sse import DONE, EventStreamDecoder, ServerSentEvent
from bot.providers.transport import ResponseStream

# A keep-alive may stand before the first event; a body that goes on with something else is no event stream.
MAX_BLANK_BYTES = 1024
# The beginning of a page has its title.
MAX_PAGE_BYTES = 4096


async def objects(
    response: ResponseStream, *, idle_seconds: float, max_bytes: int, secrets: tuple[str, ...]
) -> AsyncGenerator[tuple[str, Json], None]:
    """The type and the fields of each event, until `[DONE]` or the end; a body that is JSON is one event without type.

    Raises: ProviderError: what the provider complains about in an event, or `PROTOCOL`.
    """
    head = b""
    while len(head) < MAX_BLANK_BYTES and not head.strip():
        chunk = await response.read()
        if chunk is None:
            break
        head += chunk
    if head.strip()[:1] in (b"{", b"[", b"<"):
        yield "", _whole(head + await rest_of(response, idle_seconds=idle_seconds, max_bytes=max_bytes), secrets)
        return
    decoder = EventStreamDecoder(max_event_bytes=max_bytes)
    chunk = head or None
    while chunk is not None:
        for event in decoder.feed(chunk):
            if event.data == DONE:
                return
            if found := _object(event, secrets):
                yield found
        response.wait_at_most(idle_seconds)
        chunk = await response.read()
    for event in decoder.close():
        if event.data != DONE and (found := _object(event, secrets)):
            yield found


async def rest_of(response: ResponseStream, *, idle_seconds: float, max_bytes: int) -> bytes:
    """What is still to come of a body.  Raises: ProviderError, also where it is longer than allowed."""
    body = bytearray()
    while (chunk := await response.read()) is not None:
        response.wait_at_most(idle_seconds)
        body += chunk
        if len(body) > max_bytes:
            raise ProviderError(ProviderFault.PROTOCOL, f"a body of more than {max_bytes} bytes")
    return bytes(body)


def failure_in(body: bytes, otherwise: str, *, secrets: tuple[str, ...]) -> ProviderError:
    """The error that a whole body means which is not what was asked for: what it complains about, a page, anything."""
    try:
        return unusable(json.loads(body), otherwise, secrets=secrets)
    except (ValueError, RecursionError):
        said = body[:MAX_PAGE_BYTES].decode("utf-8", "replace").lstrip()
        # Of anything but a page nothing is quoted: it may be what somebody said.
        detail = f"{otherwise}: {page_title(said)}" if said.startswith("<") else otherwise
        return ProviderError(ProviderFault.PROTOCOL, redact(detail, secrets))


def _whole(body: bytes, secrets: tuple[str, ...]) -> Json:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("error"):
        raise failure_in(body, "a body that is no object", secrets=secrets)
    return found


def _object(event: ServerSentEvent, secrets: tuple[str, ...]) -> tuple[str, Json] | None:
    """The event, or None for what says nothing, such as a keep-alive."""
    try:
        found = json.loads(event.data)
    except (ValueError, RecursionError) as exc:
        if event.name == "error":
            raise failure_of(Complaint(message=event.data), status=200, secrets=secrets) from exc
        if event.data.lstrip().startswith("{"):
            raise failure_in(event.data.encode(), "broken JSON", secrets=secrets) from exc
        return None
    if not isinstance(found, dict):
        return None
    kind = word(found.get("type")) or event.name
    # The names of all other events have points; errors have any type or none.
    if found.get("error") or kind == "error" or ("." not in kind and complaint_in(found)):
        raise unusable(found, "an error without words", secrets=secrets)
    return kind, found
