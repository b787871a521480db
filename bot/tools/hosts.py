"""Which hosts may be asked, and what an address that somebody typed says: one reading, of which all else follows."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address

import httpx

from bot.errors import Refusal

DEFAULT_PORTS = {"https": 443, "http": 80}
EVERY_HOST = "*"
MAX_URL_CHARACTERS = 8000  # nginx and Apache take no longer line by default
# RFC 1123, with the underscore that some hosts have.  The last part begins with a letter: every other way to write an
# IPv4 address (127.1, 0x7f.1, 2130706433, 0177.0.0.1) ends in a number, and libraries disagree on what it means.
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}$)(?:{LABEL}\.)*(?=[a-z]){LABEL}")
# The parts of an entry: `name`, `*.name` or `*`, an address (IPv6 in brackets), and after a colon a port.
ENTRY = re.compile(r"(?P<stars>\*\.)?(?P<host>\*|\[[^\]]*\]|[^\[\]:/?#@*\s]+)(?::(?P<port>[0-9]{1,5}))?")

UNREADABLE = "That is not an address that can be asked: write it as https://name.example/path."


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPattern:
    """Hosts that may be asked at one port: a name or an address, with `*.` all names below one, with `*` every host."""

    host: str
    port: int

    @classmethod
    def read(cls, entry: str) -> HostPattern:
        """The pattern that a host wrote; the port is 443 where none is given.  Raises: ValueError."""
        parts = ENTRY.fullmatch(entry.strip())
        if parts is None:
            raise ValueError("not a host")
        port = int(parts["port"] or DEFAULT_PORTS["https"])
        if not 0 < port < 65_536:
            raise ValueError("not a port")
        if parts["host"] == EVERY_HOST:
            if parts["stars"]:
                raise ValueError("not a host")
            return cls(host=EVERY_HOST, port=port)
        try:
            host = host_of(httpx.URL(f"https://{parts['host']}/"))
        except httpx.InvalidURL as exc:
            raise ValueError("not a host") from exc
        if parts["stars"] and not NAME.fullmatch(host):
            raise ValueError("nothing is below an address")
        return cls(host=f"{parts['stars'] or ''}{host}", port=port)

    @classmethod
    def read_one(cls, entry: str) -> HostPattern:
        """The same for an entry that stands for one host and names its port.  Raises: ValueError."""
        pattern = cls.read(entry)
        if EVERY_HOST in pattern.host or not re.search(r":[0-9]+\s*$", entry):
            raise ValueError("not a host and a port")
        return pattern

    def matches(self, host: str, port: int) -> bool:
        """Whether a host at a port is among these."""
        if port != self.port:
            return False
        return self.host in (EVERY_HOST, host) or (self.host.startswith("*.") and host.endswith(self.host[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be asked; `is_unsafe` says that the host opened a private address for it."""

    url: httpx.URL
    host: str
    port: int
    is_unsafe: bool

    @property
    def origin(self) -> str:
        """Who is asked, fit for a log: without path and query, which may hold secrets."""
        return f"{self.url.scheme}://{self.url.netloc.decode('ascii')}"


class Hosts:
    """The hosts that may be asked; `setting` is the name under which whoever runs the bot adds to them."""

    def __init__(self, allowed: Collection[str], unsafe: Collection[str], *, setting: str) -> None:
        """Raises: ValueError for an entry that is no host."""
        self._allowed = tuple(map(HostPattern.read, allowed))
        self._unsafe = tuple(map(HostPattern.read_one, unsafe))
        self._setting = setting

    def target(self, address: str) -> Target:
        """What an address says that somebody typed.  Raises: Refusal."""
        try:
            return self._read(httpx.URL(readable(address)))
        except (httpx.InvalidURL, ValueError) as exc:
            raise Refusal(UNREADABLE) from exc

    def following(self, target: Target, location: str) -> Target:
        """Where a redirect leads: never to less protection than its origin has.  Raises: Refusal."""
        try:
            following = self._read(target.url.join(readable(location)))
        except (httpx.InvalidURL, ValueError) as exc:
            raise Refusal(f"{target.host} redirects to something that is not an address.") from exc
        gives_up_tls = target.url.scheme == "https" != following.url.scheme
        if gives_up_tls or following.is_unsafe > target.is_unsafe:
            raise Refusal(f"{target.host} redirects to an address that may not be asked.")
        return following

    def _read(self, url: httpx.URL) -> Target:
        """Raises: Refusal; ValueError for a host that cannot be one."""
        if url.scheme not in DEFAULT_PORTS or not url.raw_host:
            raise Refusal(UNREADABLE)
        if url.userinfo:
            raise Refusal("An address must not hold a user name or a password: leave out what stands before the @.")
        host, port = host_of(url), DEFAULT_PORTS[url.scheme] if url.port is None else url.port
        is_unsafe = any(pattern.matches(host, port) for pattern in self._unsafe)
        if url.scheme != "https" and not is_unsafe:
            raise Refusal("Only https is asked: write https:// at the beginning of the address.")
        if not is_unsafe and not any(pattern.matches(host, port) for pattern in self._allowed):
            named = host if port == DEFAULT_PORTS["https"] else f"{host}:{port}"
            raise Refusal(f"{named} may not be asked: whoever runs this bot can allow it with {self._setting}.")
        return Target(url=url.copy_with(host=host), host=host, port=port, is_unsafe=is_unsafe)


def readable(address: str) -> str:
    """An address without the space around it.  Raises: ValueError if it is longer than any server reads."""
    stripped = address.strip()
    if len(stripped) > MAX_URL_CHARACTERS:
        raise ValueError("too long")
    return stripped


def host_of(url: httpx.URL) -> str:
    """The one way to write a URL's host: a name in small ASCII letters, or an address.  Raises: ValueError."""
    host = url.raw_host.decode("ascii").removesuffix(".")
    if NAME.fullmatch(host):
        return host
    if "%" in host:
        raise ValueError("a zone is nobody's business")
    return str(ip_address(host))
