"""Guards for the tests, and what comes of what they are asked."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Sequence

import pytest

from bot.errors import Refusal
from bot.tools.guard import Guard, Resolver, Response

TRUST = ssl.create_default_context()  # reading the authorities takes longer than most tests here

PRIVATE = "lies in a private or reserved network, which is never asked."
ONLY_HTTPS = "Only https is asked: write https:// at the beginning of the address."
ODD = "That is not an address that can be asked: write it as https://name.example/path."
NO_PASSWORD = "An address must not hold a user name or a password: leave out what stands before the @."
NOT_ALLOWED = "may not be asked: whoever runs this bot can allow it with TOOL_HTTP_HOSTS."

# What names lead to here; nothing else is ever looked up.
NAMES = {
    "inside.example": ("10.1.2.3",),
    "both.example": ("93.184.216.34", "192.168.0.1"),
    "both6.example": ("2606:4700::1111", "fd00::1"),
    "mapped.example": ("::ffff:127.0.0.1",),
    "zoned.example": ("fe80::1%lo",),
    "metadata.google.internal": ("169.254.169.254",),
    "metadata.example": ("fd00:ec2::254",),
    "alibaba.example": ("100.100.100.200",),
    "azure.example": ("168.63.129.16",),
    "oracle.example": ("192.0.0.192",),
    "nat64.example": ("64:ff9b::169.254.169.254",),
    "sixtofour.example": ("2002:a9fe:a9fe::",),
    "localhost": ("127.0.0.1", "::1"),
    "loopback.localhost": ("::1",),
    "xn--mnchen-3ya.example": ("172.16.0.1",),
}


def leading(*answers: Sequence[str]) -> Resolver:
    """A resolver that gives these addresses for every name, one answer after the other, the last again and again."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def resolve(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
    """What NAMES says; to look up anything else fails the test."""
    return NAMES[host]


def guard(*unsafe: str, allowed: Sequence[str] = ("*",)) -> Guard:
    """Every public host may be asked."""
    return Guard(allowed_hosts=allowed, unsafe_addresses=unsafe, resolve=resolve, ssl_context=TRUST)


async def asked(
    guarded: Guard,
    url: str,
    *,
    method: str = "GET",
    max_redirects: int = 0,
    max_bytes: int = 1000,
    timeout_seconds: float = 10,
    content_types: Sequence[str] | None = None,
) -> Response:
    """What comes of a request."""
    return await guarded.request(
        method,
        url,
        headers={"Authorization": "hunter2", "X-Parley-Signature": "v1=hunter2", "Accept-Language": "de"},
        body=b"{}" if method == "POST" else None,
        timeout_seconds=timeout_seconds,
        max_bytes=max_bytes,
        content_types=content_types,
        max_redirects=max_redirects,
    )


async def refusal(response: Awaitable[Response]) -> str:
    """Why there is no answer."""
    with pytest.raises(Refusal) as caught:
        await response
    return str(caught.value)
