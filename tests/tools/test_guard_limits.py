"""How little the guard reads, and how briefly it waits."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import pytest

from bot.errors import Refusal
from bot.tools.guard import Guard
from bot.tools.pinned import MAX_READ_BYTES, PinnedBackend, SystemResolver
from tests.tools.endpoint import Answer, Asked, endpoint, reply, saying
from tests.tools.guarding import TRUST, asked, guard, refusal


async def drip(_: Asked, writer: asyncio.StreamWriter) -> None:
    """An answer whose head never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def drip_body(_: Asked, writer: asyncio.StreamWriter) -> None:
    """A body of which a byte comes now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 900\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def silence(_: Asked, writer: asyncio.StreamWriter) -> None:
    """No answer."""
    await writer.drain()
    await asyncio.Event().wait()


async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
    """A body without an end, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


@pytest.mark.parametrize("answer", [drip, drip_body, silence])
async def test_time_is_for_the_whole_answer(answer: Answer) -> None:
    """A host that keeps the connection alive with crumbs is left when the time is over."""
    async with endpoint(answer) as server:
        began = time.monotonic()
        sentence = await refusal(asked(guard(server.address), server.url, timeout_seconds=0.3))
        assert sentence == "127.0.0.1 did not answer within 0.3 seconds."
        assert time.monotonic() - began < 5


async def test_slow_resolver_counts_too() -> None:
    """The time begins before the name is looked up."""

    async def never(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
        await asyncio.Event().wait()
        return ()

    guarded = Guard(allowed_hosts=["*"], resolve=never, ssl_context=TRUST)
    assert "did not answer" in await refusal(asked(guarded, "https://example.org/", timeout_seconds=0.1))


async def test_endless_answers_are_cut_off() -> None:
    """Neither a body nor a head is read for ever."""

    async def head(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x: " + b"y" * 65_536 + b"\r\n")
            await writer.drain()

    async with endpoint(endless) as server:
        sentence = await refusal(asked(guard(server.address), server.url, max_bytes=100_000))
        assert sentence == "127.0.0.1 sent more than 100,000 bytes, which is too much."
    async with endpoint(head) as server:
        assert "could not be reached" in await refusal(asked(guard(server.address), server.url))


async def test_answers_are_read_a_little_at_a_time() -> None:
    """Parsing 64 kB of tiny chunks or of interim answers takes half a second, in which nobody else has a turn."""
    async with endpoint(endless) as server:
        stream = await PinnedBackend([ip_address("127.0.0.1")]).connect_tcp("example.org", server.port)
        await stream.write(b"GET / HTTP/1.1\r\n\r\n")
        sips = [len(await stream.read(65_536)) for _ in range(20)]
        await stream.aclose()
    assert max(sips) == MAX_READ_BYTES


async def test_slow_lookups_hold_up_nobody_else() -> None:
    """A name whose servers take their time keeps its thread; the bot's other lookups have other ones."""
    loop, over = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, over.wait, 10)
    try:
        async with asyncio.timeout(5):
            assert "127.0.0.1" in await SystemResolver()("localhost", 443)
    finally:
        over.set()
        await busy


async def test_body_may_be_as_long_as_the_limit() -> None:
    """The limit itself is not too much, one byte more is, packed or not."""
    for packed in (False, True):
        for length in (1000, 1001):
            body = gzip.compress(b"x" * length) if packed else b"x" * length
            async with endpoint(saying(reply(body=body, content_encoding="gzip" if packed else ""))) as server:
                request = asked(guard(server.address), server.url, max_bytes=1000)
                if length == 1000:
                    assert (await request).body == b"x" * length
                else:
                    assert "sent more than 1,000 bytes" in await refusal(request)


@pytest.mark.parametrize("compression", ["gzip", "x-gzip", "deflate", "GZIP"])
async def test_bomb_is_not_unpacked(compression: str) -> None:
    """A hundred megabytes in a hundred kilobytes are refused before they are there."""
    pack = zlib.compress if compression == "deflate" else gzip.compress
    bomb = pack(bytes(100_000_000))
    async with endpoint(saying(reply(body=bomb, content_encoding=compression))) as server:
        sentence = await refusal(asked(guard(server.address), server.url, max_bytes=200_000))
        assert sentence == "127.0.0.1 sent more than 200,000 bytes, which is too much."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(body=gzip.compress(b"hello" * 100)[:-9], content_encoding="gzip"), "broke off"),
        (reply(body=b"no gzip", content_encoding="gzip"), "broke off"),
        (reply(body=b"?", content_encoding="br"), "packed in a way that was not asked for"),
        (reply(body=b"?", content_encoding="gzip, gzip"), "packed in a way that was not asked for"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", "broke off"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "broke off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "broke off"),
        (b"+PONG\r\n", "broke off"),
        (b"", "broke off"),
    ],
)
async def test_answer_that_is_none_is_one_sentence(answer: bytes, words: str) -> None:
    """Broken answers, and other services than web servers, are told in our words."""
    async with endpoint(saying(answer)) as server:
        assert words in await refusal(asked(guard(server.address), server.url))


@pytest.mark.parametrize(
    ("content_type", "wanted", "is_taken"),
    [
        ("text/html; charset=utf-8", ["text/html"], True),
        ("TEXT/HTML", ["text/*"], True),
        ("application/json", ["text/*", "application/json"], True),
        ("application/zip", ["text/*", "application/json"], False),
        ("text/htmlx", ["text/html"], False),
        ("", ["text/*"], False),
        ("application/zip", None, True),
    ],
)
async def test_only_wanted_types_are_read(content_type: str, wanted: Sequence[str] | None, is_taken: bool) -> None:
    """A type that cannot be used is refused by its name."""
    async with endpoint(saying(reply(content_type=content_type))) as server:
        request = asked(guard(server.address), server.url, content_types=wanted)
        if is_taken:
            assert (await request).body == b"hello"
        else:
            assert await refusal(request) == (
                f"127.0.0.1 sent {content_type or 'something without a type'}, which cannot be used here."
            )


async def test_error_is_an_answer_too() -> None:
    """The status of an error reaches who asked; its body only in a type that was wanted."""
    for content_type, body in (("text/html", b""), ("application/json", b"hello")):
        async with endpoint(saying(reply("404 Not Found", content_type=content_type))) as server:
            response = await asked(guard(server.address), server.url, content_types=["application/json"])
            assert (response.status, response.body) == (404, body)


async def test_no_content_needs_no_type() -> None:
    """204 says all there is to say."""
    async with endpoint(saying(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        response = await asked(guard(server.address), server.url, content_types=["application/json"])
        assert (response.status, response.body, response.content_type) == (204, b"", "")


async def test_header_that_is_none_is_refused() -> None:
    """A line break in a header smuggles nothing in."""
    async with endpoint(saying(reply())) as server:
        with pytest.raises(Refusal):
            await guard(server.address).request(
                "GET", server.url, headers={"x": "a\r\nb: c"}, timeout_seconds=10, max_bytes=10
            )
        assert server.asked == []


async def test_cancelled_request_closes_its_connection() -> None:
    """Who stops a run does not leave connections behind."""
    async with endpoint(endless) as server:
        request = asyncio.create_task(asked(guard(server.address), server.url, max_bytes=10**12))
        await server.arrived.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await server.parted.wait()
