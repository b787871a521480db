"""The sandbox's own tool: an address that answers as tools of moderators do."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from sandbox.weather import forecast, sign
from sandbox.world import Sandbox

BODY = json.dumps({"tool": "weather", "arguments": {"city": "Paris"}}).encode()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the tool."""
    async with aiohttp.ClientSession() as opened:
        yield opened


async def asked(
    sandbox: Sandbox, session: aiohttp.ClientSession, body: bytes = BODY, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    async with session.post(f"{sandbox.address}/tools/weather", data=body, headers=headers) as response:
        return response.status, await response.json()


async def test_weather_is_invented_the_same_each_time(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """A city has one weather, in words that say it is invented, and that nobody signed the question."""
    first, again = await asked(sandbox, session), await asked(sandbox, session)
    assert first == again == (200, {"text": f"{forecast('Paris')} (asked without a signature)"})
    assert "invented" in first[1]["text"]


async def test_signature_is_checked_where_there_is_one(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """The right secret, the very body and a fresh time stamp are taken; anything else is refused."""
    now, old = str(int(time.time())), str(int(time.time()) - 301)
    signed = {"X-Parley-Timestamp": now, "X-Parley-Signature": sign(now, BODY)}
    assert await asked(sandbox, session, headers=signed) == (200, {"text": forecast("Paris")})
    for wrong in (
        {"X-Parley-Timestamp": now, "X-Parley-Signature": sign(now, BODY, "another")},
        {"X-Parley-Timestamp": now, "X-Parley-Signature": sign(now, BODY + b" ")},
        {"X-Parley-Timestamp": old, "X-Parley-Signature": sign(old, BODY)},
        {"X-Parley-Signature": sign("", BODY)},
    ):
        assert (await asked(sandbox, session, headers=wrong))[0] == 401


@pytest.mark.parametrize("body", [b"", b"[]", b'{"arguments": {}}', b"\xff"])
async def test_other_bodies_are_refused(sandbox: Sandbox, session: aiohttp.ClientSession, body: bytes) -> None:
    """What is no JSON, or names no city, gets a sentence and not a weather."""
    status, answer = await asked(sandbox, session, body)
    assert (status, "error" in answer) == (400, True)


async def test_tool_says_how_to_add_it(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """What to write into the form of /tools add is served by field, with this sandbox's address."""
    async with session.get(f"{sandbox.address}/tools/weather") as response:
        fields = await response.json()
    assert fields["endpoint"] == f"POST {sandbox.address}/tools/weather"
    assert list(fields) == ["name", "description", "parameters", "endpoint", "secret"]
