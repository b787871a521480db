"""Requests that outlive their acknowledgement."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.reply.calls import Call, Calls, trace
from bot.reply.pacer import Pacer
from bot.reply.pacing import Bucket, Pacing, Urgency, Want
from sandbox.world import Sandbox


async def test_request_that_fails_unforeseen_is_not_waited_for() -> None:
    """Whatever a request raises reaches who waits for it: an answer never hangs on a mistake of ours."""

    async def request() -> None:
        raise ValueError("nobody foresaw this")

    async with Calls(Pacer(Pacing(requests_per_second=50))) as calls:
        with pytest.raises(ValueError, match="foresaw"):
            await calls.start(Call(1, Bucket.EDIT), request)


async def test_request_that_is_cut_off_is_not_waited_for() -> None:
    """When the bot ends, who waits for a request learns so."""
    async with Calls(Pacer(Pacing(requests_per_second=50))) as calls:
        acknowledged = calls.start(Call(1, Bucket.EDIT), asyncio.Event().wait)
    with pytest.raises(asyncio.CancelledError):
        await acknowledged


@pytest.mark.parametrize(
    ("path", "has_room"), [("/interactions/1/token/callback", True), ("/channels/1/messages", False)]
)
async def test_first_answer_to_a_command_takes_no_room_from_replies(path: str, has_room: bool) -> None:
    """Discord does not count it against the limit of the whole bot, as it does any other request."""
    pacing = Pacing(requests_per_second=1)
    config = trace(Pacer(pacing), timeout_seconds=10.0)
    async with Sandbox.open() as sandbox, aiohttp.ClientSession(trace_configs=[config]) as session:
        (await session.post(sandbox.api_base_url + path, json={})).release()
        now = asyncio.get_running_loop().time()
        pacing.want(Want(reply="reply", channel=2, bucket=Bucket.CREATE, urgency=Urgency.FINAL, since=now))
        assert [want.reply for want in pacing.due(now)[0]] == ["reply"] * has_room
