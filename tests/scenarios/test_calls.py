"""Requests that outlive their acknowledgement."""

from __future__ import annotations

import asyncio

import pytest

from bot.reply.calls import Call, Calls
from bot.reply.pacer import Pacer
from bot.reply.pacing import Bucket, Pacing


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
