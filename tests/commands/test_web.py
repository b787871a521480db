"""Web pages as people read them: /fetch_page is there where the host allows pages, and shows one to the channel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import simcord

from bot.app import assembled
from bot.errors import Refusal
from bot.settings import Settings
from tests.commands.town import Town
from tests.tools.endpoint import Endpoint, endpoint, reply, saying


@pytest.fixture
async def server() -> AsyncIterator[Endpoint]:
    """A web server with one page."""
    page = reply(body=b"<title>Tea</title><p>Boil water. @everyone", content_type="text/html")
    async with endpoint(saying(page)) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, server: Endpoint) -> Settings:
    """The tests' exception from the guard: this server is on loopback and has no certificate."""
    return settings.model_copy(update={"tool_unsafe_addresses": (server.address,)})


async def test_page_is_shown_to_the_channel(town: Town, server: Endpoint) -> None:
    """Everybody reads what stands on the page, and nobody is pinged by it."""
    await town.edsger.slash(town.general, "fetch_page", url=server.url)
    shown = town.general.last_message
    assert shown is not None
    assert shown.content.endswith("# Tea\n\nBoil water. @everyone\n\n[The end.]")
    assert not shown.flags.ephemeral
    posted = [entry.json for entry in town.env.http_requests if entry.path.startswith("/webhooks/")]
    assert [body["allowed_mentions"] for body in posted if body] == [{"parse": []}]
    assert [request.path for request in server.asked] == ["/page"]


async def test_address_that_is_not_allowed_is_one_sentence(town: Town, server: Endpoint) -> None:
    """The person learns what the host would have to do."""
    await town.edsger.slash(town.general, "fetch_page", url="https://example.org/")
    assert [message.content for message in town.general.history()] == [
        "example.org may not be asked: whoever runs this bot can allow it with TOOL_FETCH_HOSTS."
    ]
    simcord.assert_error(town.env, Refusal)
    assert server.connections == 0


@pytest.mark.parametrize(("allowed", "is_there"), [((), False), (("example.org",), True)])
async def test_command_is_there_where_pages_are_allowed(
    settings: Settings, allowed: tuple[str, ...], is_there: bool
) -> None:
    """A fresh install has no such command and no such tool: it would only refuse."""
    given = settings.model_copy(update={"tool_unsafe_addresses": (), "tool_fetch_hosts": allowed})
    async with assembled(given) as parley:
        await parley.client.load(["cogs.web"])
        assert (parley.client.tree.get_command("fetch_page") is not None) == is_there
        assert (parley.client.toolbox.find("fetch_page", None) is not None) == is_there
