"""The only way to make a request on the word of a user, a moderator, a model or a page.

httpcore, the engine of httpx, is used as it is, because it does only what is asked of it: it knows no proxies, no
cookies, no redirects and no compression.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import zlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import cached_property
from ipaddress import ip_address

import httpcore
import httpx

from bot.errors import Refusal
from bot.tools.hosts import Hosts, Target
from bot.tools.networks import IPAddress, is_public
from bot.tools.pinned import PinnedBackend, SystemResolver
from bot.tools.response import Limits, Response

__all__ = ["Guard", "Response"]

log = logging.getLogger(__name__)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECTED_METHODS = frozenset({"GET", "HEAD"})
# What may be told to a host that a redirect leads to; all else may be meant for the first one alone.
HARMLESS_HEADERS = frozenset({"accept", "accept-language", "user-agent"})
AGENT = "Parley"


class Guard:
    """Asks hosts that are allowed, at addresses that are public, within limits.

    `allowed_hosts` are names, `*.name` for all below one, `*` for every public host, each with `:port` where it is not
    443.  `unsafe_addresses` are `host:port` at which plain http and private addresses are asked too: for tests and for
    trying out alone, because they open the network that the bot runs in.
    """

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str],
        unsafe_addresses: Collection[str] = (),
        setting: str = "TOOL_HTTP_HOSTS",
        resolve: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """`setting` is what allows further hosts, as refusals tell.  Raises: ValueError for what is no host."""
        self._hosts = Hosts(allowed_hosts, unsafe_addresses, setting=setting)
        self._resolve = resolve or SystemResolver()
        self._given_ssl_context = ssl_context

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        """As for providers, SSL_CERT_FILE counts; to read all authorities takes 36 ms, which few bots need at start."""
        return self._given_ssl_context or httpx.create_ssl_context()

    def check_url(self, url: str) -> None:
        """Raises: Refusal if this could not be asked, as far as can be told without asking anybody."""
        self._hosts.target(url)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_seconds: float,
        max_bytes: int,
        content_types: Collection[str] | None = None,
        max_redirects: int = 0,
    ) -> Response:
        """The answer of a host, whatever its status, except that redirects are followed or refused.

        The time is for all of it.  `max_bytes` holds for the body as it is sent and as it is unpacked.
        `content_types` may hold wildcards (`text/*`); an error's body of another type is left out.
        Only GET and HEAD are redirected.  Raises: Refusal.
        """
        target, limits = self._hosts.target(url), Limits(max_bytes=max_bytes, content_types=content_types)
        try:
            async with asyncio.timeout(timeout_seconds):
                for _ in range(max_redirects + 1):
                    response = await self._ask(method, target, headers or {}, body, limits)
                    if response.status not in REDIRECTS:
                        return response
                    if method not in REDIRECTED_METHODS or not max_redirects:
                        raise Refusal(f"{target.host} redirects to another address: give the one that it leads to.")
                    following = self._hosts.following(target, response.headers.get("location", ""))
                    headers = headers_for(following, target, headers or {})
                    target = following
        except TimeoutError as exc:
            log.info("asking %s took longer than %g s", target.origin, timeout_seconds)
            raise Refusal(f"{target.host} did not answer within {timeout_seconds:g} seconds.") from exc
        raise Refusal(f"{target.host} redirects again and again.")

    async def _ask(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Response:
        """One request on one connection, which is closed after it.  Raises: Refusal."""
        url = httpcore.URL(
            scheme=target.url.raw_scheme, host=target.url.raw_host, port=target.port, target=target.url.raw_path
        )
        connection = httpcore.AsyncHTTPConnection(
            url.origin,
            ssl_context=self._ssl_context,
            network_backend=PinnedBackend(await self._addresses(target)),
        )
        try:
            async with connection.stream(method, url, headers=sent(target, headers), content=body) as answer:
                return await limits.read(target.host, str(target.url), answer)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, zlib.error) as exc:
            # Only what the network says is told: other reasons quote the answer.
            log.info(
                "asking %s failed: %r", target.origin, exc if isinstance(exc, httpcore.NetworkError) else type(exc)
            )
            raise Refusal(f"{target.host} could not be reached safely, or its answer broke off.") from exc
        finally:
            await connection.aclose()

    async def _addresses(self, target: Target) -> Sequence[IPAddress]:
        """Where a host is.  Raises: Refusal if any of it is not public: a host that is both in and out is a trap."""
        try:
            addresses = [ip_address(target.host)]
        except ValueError:
            addresses = await self._resolved(target)
        if not target.is_unsafe and not all(map(is_public, addresses)):
            log.info("refused to ask %s: it has an address that is not public", target.origin)
            raise Refusal(f"{target.host} lies in a private or reserved network, which is never asked.")
        return addresses

    async def _resolved(self, target: Target) -> list[IPAddress]:
        try:
            found = [ip_address(written) for written in await self._resolve(target.host, target.port)]
        except (OSError, ValueError) as exc:
            log.info("%s could not be resolved: %s", target.origin, type(exc).__name__)
            raise Refusal(f"There is no host named {target.host}: check the address.") from exc
        if not found:
            raise Refusal(f"There is no host named {target.host}: check the address.")
        return found


def headers_for(following: Target, target: Target, headers: Mapping[str, str]) -> Mapping[str, str]:
    """What is told after a redirect: to another origin nothing that could prove who asks."""
    if following.origin == target.origin:
        return headers
    return {name: value for name, value in headers.items() if name.lower() in HARMLESS_HEADERS}


def sent(target: Target, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers of a request; given ones win over ours, except over the host that was checked."""
    ours = {"user-agent": AGENT, "accept": "*/*", "accept-encoding": "gzip"}
    named = ours | {name.lower(): value for name, value in headers.items()} | {"host": target.url.netloc.decode()}
    return [(name.encode(), value.encode("utf-8", "replace")) for name, value in named.items()]
