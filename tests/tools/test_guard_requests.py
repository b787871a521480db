"""What the guard asks, over real connections, and to whom."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.tools.guard import Guard, Response
from tests.tools.certificate import ends
from tests.tools.endpoint import endpoint, reply, saying
from tests.tools.guarding import ONLY_HTTPS, PRIVATE, TRUST, asked, guard, leading, refusal


async def test_unsafe_address_is_asked_and_refused_without_the_setting() -> None:
    """The exception of tests reaches loopback by http; without it the same address is refused twice over."""
    async with endpoint(saying(reply(body=b"hi", x_other="Two"))) as server:
        response = await asked(guard(server.address), f"{server.url}?q=1", method="POST")
        assert response == Response(
            status=200,
            headers={"content-type": "text/plain", "content-length": "2", "x-other": "Two"},
            body=b"hi",
            url=f"{server.url}?q=1",
            content_type="text/plain",
        )
        (request,) = server.asked
        assert (request.method, request.path, request.body) == ("POST", "/page?q=1", b"{}")
        assert request.headers == {
            "host": server.address,
            "user-agent": "Parley",
            "accept": "*/*",
            "accept-encoding": "gzip",
            "authorization": "hunter2",
            "x-parley-signature": "v1=hunter2",
            "accept-language": "de",
            "content-length": "2",
        }
        assert await refusal(asked(guard(), server.url)) == ONLY_HTTPS
        secure = server.url.replace("http:", "https:")
        assert (await refusal(asked(guard(allowed=[server.address]), secure))).endswith(PRIVATE)
        assert (await refusal(asked(guard("127.0.0.1:1"), server.url))) == ONLY_HTTPS
        assert server.connections == 1


async def test_name_is_resolved_once_and_the_connection_goes_there() -> None:
    """A name that leads elsewhere when it is asked again (DNS rebinding) gains nothing by it."""
    first = saying(reply(body=b"first"))
    async with endpoint(first) as right, endpoint(first, host="127.0.0.2") as wrong:
        answers = [("127.0.0.1",), ("127.0.0.2",)]
        looked_up: list[str] = []

        async def rebinding(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
            looked_up.append(host)
            return answers.pop(0)

        name = f"rebinding.example:{right.port}"
        guarded = Guard(allowed_hosts=(), unsafe_addresses=[name], resolve=rebinding, ssl_context=TRUST)
        assert (await asked(guarded, f"http://{name}/")).body == b"first"
        assert looked_up == ["rebinding.example"]
        assert right.asked[0].headers["host"] == name
        assert wrong.connections == 0


async def test_next_address_is_tried_when_one_does_not_accept() -> None:
    """A host with an address that is down is reached at its other one."""
    async with endpoint(saying(reply())) as server:

        async def two(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - interface
            return ("127.0.0.3", "127.0.0.1")

        name = f"two.example:{server.port}"
        guarded = Guard(allowed_hosts=(), unsafe_addresses=[name], resolve=two, ssl_context=TRUST)
        assert (await asked(guarded, f"http://{name}/")).status == 200


async def test_nobody_there_is_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    """The person learns that it failed, the log why, and neither the path nor the query."""
    async with endpoint(saying(reply())) as server:
        pass
    with caplog.at_level(logging.INFO):
        sentence = await refusal(asked(guard(server.address), f"{server.url}?token=hunter2"))
    assert sentence == "127.0.0.1 could not be reached safely, or its answer broke off."
    assert f"asking http://{server.address} failed: ConnectError" in caplog.text
    assert "hunter2" not in caplog.text
    assert "/page" not in caplog.text


async def test_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would resolve names by itself: none is used."""
    async with endpoint(saying(reply())) as server, endpoint(saying(reply())) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        await asked(guard(server.address), server.url)
        assert (server.connections, proxy.connections) == (1, 0)


async def test_cookies_are_not_kept() -> None:
    """What one request was given, the next one does not tell."""
    async with endpoint(saying(reply(set_cookie="session=1"))) as server:
        guarded = guard(server.address)
        await asked(guarded, server.url)
        await asked(guarded, server.url)
        assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize("name", ["tools.example", "other.example"])
async def test_tls_is_checked_against_the_name(name: str, tmp_path: Path) -> None:
    """Only who can prove to be the host that was asked is answered to, though the connection goes to an address."""
    own, trusting = ends("tools.example", tmp_path)

    here = leading(("127.0.0.1",))
    async with endpoint(saying(reply(body=b"safe")), tls=own) as server:
        address = f"{name}:{server.port}"
        guarded = Guard(allowed_hosts=(), unsafe_addresses=[address], resolve=here, ssl_context=trusting)
        if name == "tools.example":
            assert (await asked(guarded, f"https://{address}/")).body == b"safe"
        else:
            assert (await refusal(asked(guarded, f"https://{address}/"))).startswith(f"{name} could not be reached")
            assert server.asked == []
        untrusting = Guard(allowed_hosts=(), unsafe_addresses=[address], resolve=here, ssl_context=TRUST)
        assert (await refusal(asked(untrusting, f"https://{address}/"))).startswith(f"{name} could not be reached")
