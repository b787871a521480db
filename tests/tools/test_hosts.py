"""Which hosts may be asked: exactly those that whoever runs the bot has listed."""

from __future__ import annotations

import pytest

from bot.errors import Refusal
from bot.tools.hosts import Hosts
from tests.tools.guarding import PRIVATE, asked, guard, refusal


@pytest.mark.parametrize(
    ("entry", "url", "is_allowed"),
    [
        ("inside.example", "https://inside.example/", True),
        ("INSIDE.example.", "https://inside.EXAMPLE./x?y=1", True),
        ("inside.example", "https://inside.example:443/", True),
        ("inside.example", "https://api.inside.example/", False),
        ("inside.example", "https://inside.example.org/", False),
        ("inside.example", "https://notinside.example/", False),
        ("inside.example", "https://inside.example:8443/", False),
        ("inside.example:8443", "https://inside.example:8443/", True),
        ("inside.example:8443", "https://inside.example/", False),
        ("*.example", "https://inside.example/", True),
        ("*.inside.example", "https://inside.example/", False),
        ("*.inside.example", "https://a.b.inside.example/", True),
        ("*.inside.example", "https://ainside.example/", False),
        ("*", "https://inside.example/", True),
        ("*", "https://10.0.0.1/", True),
        ("*", "https://inside.example:8443/", False),
        ("*:8443", "https://inside.example:8443/", True),
        ("10.0.0.1", "https://10.0.0.1/", True),
        ("[FD00::1]:8443", "https://[fd00:0::1]:8443/", True),
        ("münchen.example", "https://xn--mnchen-3ya.example/", True),
    ],
)
def test_host_is_allowed_exactly_as_it_is_listed(entry: str, url: str, is_allowed: bool) -> None:
    """Names are whole, stars stand for whole parts, and a port is 443 unless it is named; addresses come later."""
    guarded = guard(allowed=[entry])
    if is_allowed:
        guarded.check_url(url)
    else:
        with pytest.raises(Refusal, match="may not be asked"):
            guarded.check_url(url)


async def test_allowed_host_in_a_private_network_is_refused_all_the_same() -> None:
    """Only an unsafe address opens what is private."""
    guarded = guard(allowed=["inside.example", "10.0.0.1", "[fd00::1]"])
    for url in ("https://inside.example/", "https://10.0.0.1/", "https://[fd00::1]/"):
        assert (await refusal(asked(guarded, url))).endswith(PRIVATE)


@pytest.mark.parametrize(
    "entry",
    [
        *("", "https://example.org", "example.org/", "me@example.org", "a b", "ex*mple.org", "**", "*.*", "*."),
        *("*.10.0.0.1", "*.*.example", "example.org:", "example.org:0", "example.org:70000", "example.org:x"),
        *("127.1", "[::1", "::1", "[fe80::1%lo]", "[zz]"),
    ],
)
def test_entry_that_is_no_host_is_an_error(entry: str) -> None:
    """A mistake of the host allows nothing by accident."""
    with pytest.raises(ValueError, match=r"\w"):
        guard(allowed=[entry])


def test_public_page_does_not_lead_to_an_unsafe_address() -> None:
    """The exception is for who types the address, not for a page that guesses it."""
    hosts = Hosts(["*"], ["127.0.0.1:8080"], setting="TOOL_HTTP_HOSTS")
    page = hosts.target("https://93.184.216.34/")
    assert hosts.target("https://127.0.0.1:8080/").is_unsafe
    with pytest.raises(Refusal, match="redirects to an address that may not be asked"):
        hosts.following(page, "https://127.0.0.1:8080/")
    assert hosts.following(page, "//example.org").origin == "https://example.org"


@pytest.mark.parametrize("entry", ["127.0.0.1", "example.org", "*:8080", "*.example:8080", "[::1]", "127.0.0.1:0"])
def test_unsafe_address_is_one_host_at_one_port(entry: str) -> None:
    """The exception is never wider than what somebody had in mind."""
    with pytest.raises(ValueError, match=r"\w"):
        guard(entry)
