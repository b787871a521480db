"""Where the guard is led by redirects, and what it tells there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.tools.guard import Guard
from tests.tools.certificate import ends
from tests.tools.endpoint import Answer, endpoint, reply, saying
from tests.tools.guarding import asked, guard, leading, refusal


def leading_to(*locations: str, status: str = "302 Found") -> Answer:
    """A chain of redirects, at whose end there is an answer."""
    return saying(*(reply(status, location=location) for location in locations), reply(body=b"end"))


async def test_redirect_is_refused_unless_it_is_allowed() -> None:
    """The address that was typed is asked, and nothing else."""
    async with endpoint(leading_to("/other")) as server:
        assert "redirects to another address" in await refusal(asked(guard(server.address), server.url))
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_are_followed_up_to_their_number(status: str) -> None:
    """Two hops are two requests; a third is too many.  The path may be relative, and credentials stay with it."""
    async with endpoint(leading_to("/a?x=1", "b", status=status)) as server:
        response = await asked(guard(server.address), server.url, max_redirects=2)
        assert (response.body, response.url) == (b"end", f"http://{server.address}/b")
        assert [request.path for request in server.asked] == ["/page", "/a?x=1", "/b"]
        assert all(request.headers["authorization"] == "hunter2" for request in server.asked)
    async with endpoint(leading_to("/a", "/b", "/c", status=status)) as server:
        assert "again and again" in await refusal(asked(guard(server.address), server.url, max_redirects=2))
        assert len(server.asked) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_what_acts_is_not_redirected(method: str) -> None:
    """A body that was meant for one address goes to no other."""
    async with endpoint(leading_to("/other")) as server:
        refused = refusal(asked(guard(server.address), server.url, method=method, max_redirects=5))
        assert "redirects to another address" in await refused
        assert len(server.asked) == 1


async def test_other_origin_learns_no_credentials() -> None:
    """After a redirect to another origin nothing is told that proves who asks, not even back at the first one."""
    async with endpoint(saying(reply())) as third:
        async with endpoint(leading_to(third.url)) as second:
            await asked(guard(second.address, third.address), second.url, max_redirects=1)
        assert set(third.asked[0].headers) == {"host", "user-agent", "accept", "accept-encoding", "accept-language"}
        assert third.asked[0].headers["host"] == third.address
    async with endpoint(saying(reply())) as far:
        back = leading_to(far.url)
        async with endpoint(back) as near:
            away = saying(reply("302 Found", location=f"{near.url}?home"))
            async with endpoint(away) as middle, endpoint(leading_to(middle.url)) as begin:
                servers = (begin, middle, near, far)
                opened = guard(*(server.address for server in servers))
                await asked(opened, begin.url, max_redirects=3)
                knows = ["authorization" in server.asked[0].headers for server in servers]
                assert knows == [True, False, False, False]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://inside.example/",
        "//169.254.169.254/",
        "//[::1]/",
        "https://2130706433/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://me@127.0.0.1/",
        "javascript:alert(1)",
        "https://\x01/",
        "http://[::1",
        "https://" + "a" * 9000,
    ],
)
async def test_redirect_is_checked_as_the_first_address_was(location: str) -> None:
    """A page that leads inside, or to no address at all, leads nowhere."""
    async with endpoint(leading_to(location)) as server:
        assert (await refusal(asked(guard(server.address), server.url, max_redirects=5))).endswith(".")
        assert len(server.asked) == 1


async def test_redirect_never_leaves_https(tmp_path: Path) -> None:
    """From https nothing leads to http, not even where both are open."""
    own, trusting = ends("tools.example", tmp_path)

    here = leading(("127.0.0.1",))
    async with endpoint(saying(reply())) as plain, endpoint(leading_to(plain.url), tls=own) as secure:
        name = f"tools.example:{secure.port}"
        guarded = Guard(allowed_hosts=(), unsafe_addresses=[name, plain.address], resolve=here, ssl_context=trusting)
        sentence = await refusal(asked(guarded, f"https://{name}/", max_redirects=5))
        assert sentence == "tools.example redirects to an address that may not be asked."
        assert plain.connections == 0
