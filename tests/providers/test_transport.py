"""Time-outs, retries and connections, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.errors import ProviderError, ProviderFault
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.transport import Timeouts, Transport
from sandbox.chat_wire import ChatWire
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import ask, endpoint, text_of
from tests.providers.conftest import Waits

BUSY = refusal(503, "overloaded")
ANSWER = Story().answer()


@pytest.mark.parametrize(
    "story",
    [BUSY, *(refusal(status, "x") for status in (429, 500, 502, 504, 529)), Story(refuses_connection=True)],
    ids=lambda story: str(story.status),
)
async def test_what_is_safe_to_repeat_is_repeated(
    story: Story, provider: ScriptedProvider, completions: ChatCompletions, waits: Waits
) -> None:
    """A busy provider, and one that drops the connection before the first byte, is asked again after a while."""
    provider.play(story)
    assert text_of(await ask(completions)) == ANSWER
    assert len(provider.requests) == 2
    assert waits.seconds == [0.5]


@pytest.mark.parametrize("story", [refusal(400, "x"), refusal(401, "x"), refusal(429, "insufficient_quota")])
async def test_what_cannot_get_better_is_not_repeated(
    story: Story, provider: ScriptedProvider, completions: ChatCompletions
) -> None:
    """A bad request, a wrong key and a used up credit are the same the second time."""
    provider.play(story)
    with pytest.raises(ProviderError):
        await ask(completions)
    assert len(provider.requests) == 1


async def test_retries_are_few(provider: ScriptedProvider, completions: ChatCompletions, waits: Waits) -> None:
    """After two retries, each after a longer wait, the reason is said."""
    provider.default = BUSY
    with pytest.raises(ProviderError) as caught:
        await ask(completions)
    assert caught.value.fault is ProviderFault.BUSY
    assert len(provider.requests) == 3
    assert waits.seconds == [0.5, 1.0]


async def test_retry_waits_as_long_as_asked(
    provider: ScriptedProvider, completions: ChatCompletions, waits: Waits
) -> None:
    """`Retry-After` is honoured, with some jitter so that not all come back at once."""
    provider.play(refusal(429, "x", Retry_After="7"))
    await ask(completions)
    assert waits.seconds == [7.25]


async def test_retry_understands_a_date(provider: ScriptedProvider, waits: Waits) -> None:
    """`Retry-After` may be a date, which is compared with the clock that was passed in."""
    provider.play(refusal(503, "x", Retry_After="Sun, 22 Nov 2026 12:00:05 GMT"))
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    async with Transport(sleep=waits.sleep, jitter=lambda: 0.0, now=lambda: noon) as transport:
        await ask(ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key")))
    assert waits.seconds == [5.0]


async def test_a_long_wait_is_told_not_waited(
    provider: ScriptedProvider, completions: ChatCompletions, waits: Waits
) -> None:
    """A provider that wants a minute does not make a person wait for a minute in silence."""
    provider.play(refusal(429, "x", Retry_After="60"))
    with pytest.raises(ProviderError) as caught:
        await ask(completions)
    assert caught.value.retry_after_seconds == 60
    assert waits.seconds == []


async def test_no_retry_goes_past_the_total_time(provider: ScriptedProvider, waits: Waits) -> None:
    """A wait that would end after the answer's deadline is not begun."""
    provider.play(refusal(429, "x", Retry_After="10"))
    async with Transport(timeouts=Timeouts(total_seconds=9), sleep=waits.sleep) as transport:
        with pytest.raises(ProviderError):
            await ask(ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key")))
    assert waits.seconds == []


async def test_connection_is_used_again(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """Answers that end as they should leave their connection for the next one."""
    for _ in range(3):
        await ask(completions)
    assert provider.connection_count == 1


async def test_stale_connection_is_no_failure(
    provider: ScriptedProvider, completions: ChatCompletions, waits: Waits
) -> None:
    """A pooled connection that the server drops as we use it is replaced at once, without a wait."""
    provider.play(Story(), Story(refuses_connection=True))
    for _ in range(2):
        assert text_of(await ask(completions)) == ANSWER
    assert provider.connection_count == 2
    assert waits.seconds == []


async def test_server_that_closes_after_each_stream_does_no_harm(
    provider: ScriptedProvider, completions: ChatCompletions, waits: Waits
) -> None:
    """Some servers say keep-alive and close after a stream; every next request is answered."""
    provider.default = Story(closes_connection=True)
    for _ in range(5):
        assert text_of(await ask(completions)) == ANSWER
    assert waits.seconds == []


async def test_unreachable_provider_is_a_network_fault(transport: Transport, waits: Waits) -> None:
    """Nobody listening is tried again, then told."""
    async with serving(b"") as base_url:
        pass
    with pytest.raises(ProviderError) as caught:
        await ask(ChatCompletions(endpoint(transport, base_url)))
    assert caught.value.fault is ProviderFault.NETWORK
    assert len(waits.seconds) == 2


async def test_what_is_not_http_is_a_protocol_fault(transport: Transport, waits: Waits) -> None:
    """An address where something else listens is told at once."""
    async with serving(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as base_url:
        with pytest.raises(ProviderError) as caught:
            await ask(ChatCompletions(endpoint(transport, base_url)))
    assert caught.value.fault is ProviderFault.PROTOCOL
    assert waits.seconds == []


LIMITED = {
    "no first byte": (Story(hang_at=0), Timeouts(first_byte_seconds=0.2)),
    "stands still": (Story(hang_at=2), Timeouts(idle_seconds=0.2)),
    "first line byte by byte": (
        Story(bytes_per_write=1, seconds_per_write=0.02),
        Timeouts(first_byte_seconds=0.3, idle_seconds=30),
    ),
    "later lines byte by byte": (
        Story(body=None, raw=("x",) * 40, bytes_per_write=1, seconds_per_write=0.02),
        Timeouts(total_seconds=0.3),
    ),
}


@pytest.mark.parametrize("name", LIMITED)
async def test_slow_provider_ends_by_the_clock(name: str, provider: ScriptedProvider) -> None:
    """A provider that says nothing, stops, or drips bytes costs no more than its time, and its connection."""
    story, timeouts = LIMITED[name]
    provider.play(story)
    async with Transport(timeouts=timeouts) as transport:
        with pytest.raises(ProviderError) as caught:
            await ask(ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key")))
        assert caught.value.fault is ProviderFault.TIMEOUT
        await provider.requests[0].disconnected.wait()
    assert len(provider.requests) == 1


async def test_headers_that_never_end_are_limited() -> None:
    """Bytes of a header that drip in do not renew the first-byte time-out."""
    async with (
        serving(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, byte_seconds=0.02) as base_url,
        Transport(timeouts=Timeouts(first_byte_seconds=0.3)) as transport,
    ):
        with pytest.raises(ProviderError) as caught:
            await ask(ChatCompletions(endpoint(transport, base_url)))
    assert caught.value.fault is ProviderFault.TIMEOUT


async def test_stream_may_be_longer_than_its_idle_time(provider: ScriptedProvider) -> None:
    """Each line renews the idle time-out."""
    provider.play(Story(token_count=24, tokens_per_second=20.0))
    async with Transport(timeouts=Timeouts(first_byte_seconds=0.8, idle_seconds=0.8)) as transport:
        completions = ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key"))
        assert text_of(await ask(completions)) == provider.requests[0].text


async def test_compressed_stream_is_read(provider: ScriptedProvider, completions: ChatCompletions) -> None:
    """A server that compresses although it was asked not to is understood."""
    frames = b"".join(frame.content for frame in ChatWire().frames(Story(), "m"))
    provider.play(Story(body=gzip.compress(frames), headers={"Content-Encoding": "gzip"}))
    assert text_of(await ask(completions)) == ANSWER
    assert provider.requests[0].headers["Accept-Encoding"] == "identity"


async def test_loopback_is_reached_without_the_proxy(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment is not asked for a server of this machine, which it could not reach."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with Transport() as transport:
        completions = ChatCompletions(endpoint(transport, provider.base_url, "sk-right-key"))
        assert text_of(await ask(completions)) == ANSWER


@asynccontextmanager
async def serving(content: bytes, *, byte_seconds: float = 0.0) -> AsyncIterator[str]:
    """The address of a server that answers every connection with these bytes, at once or one by one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = 1 if byte_seconds else max(1, len(content))
        try:
            for start in range(0, len(content), size):
                writer.write(content[start : start + size])
                await writer.drain()
                await asyncio.sleep(byte_seconds)
            await reader.read()  # to its end: closing earlier could overtake what was written
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/v1"
