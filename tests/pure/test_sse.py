"""Server-sent events from bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ProviderError, ProviderFault
from bot.providers.sse import EventStreamDecoder, ServerSentEvent

# What servers really sent, and the events in it.
RECORDED: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "plain": (b'data: {"a": 1}\n\ndata: [DONE]\n\n', [("", '{"a": 1}'), ("", "[DONE]")]),
    "crlf": (b"data: one\r\n\r\ndata: two\r\n\r\n", [("", "one"), ("", "two")]),
    "cr": (b"data: one\r\rdata: two\r\r", [("", "one"), ("", "two")]),
    "mixed line ends": (b"data: one\r\n\ndata: two\n\r\n", [("", "one"), ("", "two")]),
    "no space": (b"data:one\n\ndata:  two\n\n", [("", "one"), ("", " two")]),
    "several lines": (b"data: one\ndata: two\n\n", [("", "one\ntwo")]),
    "comments": (b": PING\n\n:\ndata: one\n: ping - 12:00\n\n", [("", "one")]),
    "named": (b"event: error\ndata: {}\n\ndata: {}\n\n", [("error", "{}"), ("", "{}")]),
    "name without data": (b"event: ping\n\ndata: one\n\n", [("", "one")]),
    "other fields": (b"id: 7\nretry: 10\ndata: one\nnonsense\n\n", [("", "one")]),
    "empty data": (b"data\n\ndata:\n\n", [("", ""), ("", "")]),
    "byte order mark": (b"\xef\xbb\xbfdata: one\n\n", [("", "one")]),
    "utf-8": ("data: žluťoučký 🐎 \u2028\x85\x0c kůň\n\n".encode(), [("", "žluťoučký 🐎 \u2028\x85\x0c kůň")]),
    "broken utf-8": (b"data: \xff\n\n", [("", "\ufffd")]),
    "done without blank line": (b"data: one\n\ndata: [DONE]\n", [("", "one"), ("", "[DONE]")]),
    "done without line end": (b"data: one\n\ndata: [DONE]", [("", "one"), ("", "[DONE]")]),
    "done after an unfinished event": (b"data: one\ndata: [DONE]\n", [("", "one"), ("", "[DONE]")]),
    "last event without blank line": (b"data: one\n\ndata: two", [("", "one"), ("", "two")]),
    "nothing": (b"", []),
}


def decode(chunks: list[bytes]) -> list[ServerSentEvent]:
    """All events of a stream that arrives in these chunks and ends."""
    decoder = EventStreamDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


@pytest.mark.parametrize("name", RECORDED)
def test_decoder_reads_recorded_streams(name: str) -> None:
    """Each way that servers write event streams gives the events they meant."""
    stream, events = RECORDED[name]
    assert decode([stream]) == events


@pytest.mark.parametrize("name", RECORDED)
def test_decoder_reads_recorded_streams_byte_by_byte(name: str) -> None:
    """Every boundary, inside a CRLF and inside a character too, may fall between two reads."""
    stream, events = RECORDED[name]
    assert decode([stream[at : at + 1] for at in range(len(stream))]) == events


@settings(deadline=None)  # how fast the machine is proves nothing
@given(st.data())
def test_decoder_gives_the_same_events_for_any_split(data: st.DataObject) -> None:
    """How a stream is cut into reads never changes what is in it."""
    names = data.draw(st.lists(st.sampled_from(sorted(RECORDED)), min_size=1, max_size=4))
    stream = b"\n\n".join(RECORDED[name][0] for name in names)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(chunks) == decode([stream])


@settings(deadline=None)  # how fast the machine is proves nothing
@given(st.lists(st.binary(max_size=40), max_size=20))
def test_decoder_survives_any_bytes(chunks: list[bytes]) -> None:
    """No bytes make the decoder fail or depend on their split."""
    assert decode(chunks) == decode([b"".join(chunks)])


def test_decoder_gives_an_event_as_soon_as_it_is_whole() -> None:
    """A blank line that ends in CR is enough: the LF that may follow is not waited for."""
    decoder = EventStreamDecoder()
    assert decoder.feed(b"data: one\r\r") == [("", "one")]
    assert decoder.feed(b"\ndata: two\n\n") == [("", "two")]


def test_decoder_gives_done_without_waiting_for_a_blank_line() -> None:
    """A server that keeps the connection open after `[DONE]` and one line end does not keep us."""
    assert EventStreamDecoder().feed(b"data: [DONE]\n") == [("", "[DONE]")]


@pytest.mark.parametrize("piece", [b"x" * 65536, b"data: " + b"x" * 60000 + b"\n", b"data: xxxxxxxx\n" * 4096])
def test_decoder_refuses_an_endless_event(piece: bytes) -> None:
    """One event of many megabytes, on one line or on many, ends the stream before it fills memory."""
    with pytest.raises(ProviderError) as caught:
        decode([piece] * 200)
    assert caught.value.fault is ProviderFault.PROTOCOL


def test_decoder_has_no_limit_on_the_whole_stream() -> None:
    """Many events may be far longer together than one event may be."""
    decoder = EventStreamDecoder(max_event_bytes=100)
    assert sum(len(decoder.feed(b"data: " + b"x" * 80 + b"\n\n")) for _ in range(1000)) == 1000
