"""A tool that is an address, to try out how moderators add one without code: a weather that is invented.

What it takes in a request and how it is signed is what Parley sends to every tool that moderators register.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

PATH = "/tools/weather"
# Not secret at all, since it stands here: it is there to show what a real one does.
SECRET = "sandbox-weather-not-secret"
MAX_AGE_SECONDS = 300  # of a signature, so that a request that somebody overheard cannot be sent again for ever
SKIES = ("sunny", "cloudy", "light rain", "a storm", "fog", "snow")


class Weather:
    """Answers what the weather is like, in any city, the same each time."""

    def __init__(self, address: str, now: Callable[[], float] = time.time) -> None:
        self._endpoint = f"POST {address}{PATH}"
        self._now = now

    def routes(self) -> tuple[web.RouteDef, ...]:
        """Where the tool is, and what to write to add it."""
        return web.get(PATH, self._show), web.post(PATH, self._answer)

    async def _show(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(sample_tool(self._endpoint))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        signature = request.headers.get("X-Parley-Signature")
        if signature is not None and not self._is_signed(request.headers, body, signature):
            return web.json_response({"error": f"The signature is wrong; the secret is {SECRET}."}, status=401)
        try:
            city = json.loads(body)["arguments"]["city"]
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": 'The body is JSON with "arguments", and in them a "city".'}, status=400)
        note = "" if signature is not None else " (asked without a signature)"
        return web.json_response({"text": f"{forecast(str(city))}{note}"})

    def _is_signed(self, headers: Mapping[str, str], body: bytes, signature: str) -> bool:
        stamp = headers.get("X-Parley-Timestamp", "")
        if not stamp.isdecimal() or abs(self._now() - int(stamp)) > MAX_AGE_SECONDS:
            return False
        return hmac.compare_digest(signature, sign(stamp, body))


def sign(stamp: str, body: bytes, secret: str = SECRET) -> str:
    """The signature of a request: HMAC-SHA256 over the time stamp, a full stop and the body."""
    return "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def forecast(city: str) -> str:
    """An invented weather, the same for a city each time."""
    digest = hashlib.sha256(city.strip().casefold().encode()).digest()
    return f"{city.strip()[:100]}: {digest[0] % 35 - 5} °C and {SKIES[digest[1] % len(SKIES)]}, all invented"


def sample_tool(endpoint: str) -> dict[str, Any]:
    """What a moderator writes into the form of /tools add, by field."""
    return {
        "name": "weather",
        "description": "The weather in a city, invented from its name",
        "parameters": 'city: string "City name"',
        "endpoint": endpoint,
        "secret": SECRET,
    }
