"""What a provider could do to whoever asks it: wrong addresses, floods, bombs, endless numbers."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.errors import ProviderError, ProviderFault
from bot.providers.events import Bookmark, Event, ToolCallDone
from bot.providers.packed import MAX_PIECE_BYTES
from bot.providers.tool_calls import MAX_CALLS
from bot.providers.transport import Transport
from tests.providers.asking import endpoint, fault_of
from tests.providers.conftest import Waits
from tests.providers.remote import Talk, assistants

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """A server on loopback that answers like this: its address, as hosts write it."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


class OddServer:
    """A server with threads and runs whose ids are what it likes."""

    def __init__(self, thread_id: str, run_id: str) -> None:
        self.thread_id = thread_id
        self.run_id = run_id
        self.asked: list[str] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The thread, the run, which ends at once, and lists of nothing."""
        self.asked.append(f"{request.method} {request.raw_path}")
        path = request.raw_path.partition("?")[0]
        if request.method == "POST" and path.endswith("/threads"):
            return web.json_response({"id": self.thread_id})
        if request.method == "POST" and path.endswith("/runs"):
            return web.json_response({"id": self.run_id, "object": "thread.run", "status": "completed"})
        return web.json_response({"id": "asst_1", "data": []})


async def test_ids_do_not_lead_to_other_addresses(transport: Transport, waits: Waits) -> None:
    """What a server calls a thread or a run is one part of an address, whatever signs it has."""
    server = OddServer("../../admin?x=", "run_1/../../../keys#\ud800")
    talk = Talk()
    talk.ask("Hi")
    async with served(server.answer) as base_url:
        await talk.answer(assistants(transport, base_url, waits))
    thread, run = "..%2F..%2Fadmin%3Fx%3D", "run_1%2F..%2F..%2F..%2Fkeys%23%3F"
    assert [each for each in server.asked if "assistants" not in each][1:] == [
        f"POST /v1/threads/{thread}/runs",
        f"GET /v1/threads/{thread}/messages?run_id={run}&limit=100&order=desc",
        f"GET /v1/threads/{thread}/runs/{run}/steps?limit=100&order=desc",
    ]


@pytest.mark.parametrize("thread_id", [".", ".."])
async def test_ids_that_are_steps_of_a_path_are_refused(thread_id: str, transport: Transport, waits: Waits) -> None:
    """No sign in them could be written otherwise, and they would be taken out of the address with what is before."""
    server, seen = OddServer(thread_id, "run_1"), list[Event]()
    talk = Talk()
    talk.ask("Hi")
    async with served(server.answer) as base_url:
        with pytest.raises(ProviderError) as caught:
            await talk.answer(assistants(transport, base_url, waits), seen=seen)
    assert caught.value.fault is ProviderFault.PROTOCOL
    assert [type(event) for event in seen] == [Bookmark]
    assert server.asked[0] == "POST /v1/threads"
    assert not any("runs" in each for each in server.asked)


def bomb(size: int) -> bytes:
    """So many bytes of nothing, packed a thousand to one."""
    return gzip.compress(bytes(size), 9)


async def test_packed_body_is_unpacked_piece_by_piece(transport: Transport) -> None:
    """A few kilobytes never become many megabytes in memory: whoever reads can stop in between."""
    size = 16 * 1024 * 1024

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=bomb(size), headers={"Content-Encoding": "gzip"})

    async with served(answer) as base_url, endpoint(transport, base_url, "key").open("GET", "/x") as response:
        pieces = list[int]()
        while (piece := await response.read()) is not None:
            pieces.append(len(piece))
    assert sum(pieces) == size
    assert max(pieces) <= MAX_PIECE_BYTES


@pytest.mark.parametrize("status", [200, 500])
async def test_packed_flood_is_given_up(status: int, transport: Transport) -> None:
    """Answers and refusals alike are read up to their limit, counted as unpacked."""
    packed = bomb(64 * 1024 * 1024)

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, body=packed, headers={"Content-Encoding": "gzip"})

    async with served(answer) as base_url:
        tracemalloc.start()
        try:
            asked = endpoint(transport, base_url, "key").fetch("POST", "/x", {}, max_bytes=1024 * 1024)
            assert await fault_of(asked) in (ProviderFault.PROTOCOL, ProviderFault.BUSY)
            assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        finally:
            tracemalloc.stop()


async def test_body_that_is_not_what_it_says_is_no_answer(transport: Transport) -> None:
    """One that claims to be packed and is not."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b'{"data": []}', headers={"Content-Encoding": "gzip"})

    async with served(answer) as base_url:
        assert await fault_of(endpoint(transport, base_url, "key").fetch("GET", "/x")) is ProviderFault.PROTOCOL


async def test_run_with_endless_calls_is_refused(transport: Transport, waits: Waits) -> None:
    """Their names are compared with each other before anything of them is stored."""
    function = {"name": "roll", "arguments": "{}"}
    calls = [{"id": "call", "function": function} for _ in range(MAX_CALLS + 1)]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        kind = {"object": "thread.run", "status": "requires_action", "required_action": action}
        return web.json_response({"id": "id_1", "data": [], **(kind if request.path.endswith("/runs") else {})})

    talk, seen = Talk(), list[Event]()
    talk.ask("Roll!")
    async with served(answer) as base_url:
        with pytest.raises(ProviderError) as caught:
            await talk.answer(assistants(transport, base_url, waits), seen=seen)
    assert caught.value.detail == f"more than {MAX_CALLS} tool calls"
    assert not any(isinstance(event, ToolCallDone) for event in seen)
