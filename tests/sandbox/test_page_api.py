"""The page's socket, its actions and the switches, spoken to as the page does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, Workshop, logged_in


class Page:
    """One person's open page."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, name: str) -> None:
        self.sandbox = sandbox
        self.session = session
        self.user = str(sandbox.users[name])
        self.frames: list[dict[str, Any]] = []

    async def act(self, action: str, status: int = 200, **fields: Any) -> dict[str, Any]:
        """Do something and return the answer."""
        url = f"{self.sandbox.address}/sandbox/api/{action}"
        async with self.session.post(url, json={"user": self.user, **fields}) as response:
            assert response.status == status, await response.text()
            return dict(await response.json())

    async def messages(self, channel: int, **query: Any) -> list[dict[str, Any]]:
        """A page of a channel's history."""
        params = {"user": self.user, "channel": str(channel), **query}
        async with self.session.get(f"{self.sandbox.address}/sandbox/api/messages", params=params) as response:
            return list(await response.json())

    @asynccontextmanager
    async def live(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """The page's socket."""
        async with self.session.ws_connect(f"{self.sandbox.address}/sandbox/live?user={self.user}") as socket:
            yield socket


async def frame(socket: aiohttp.ClientWebSocketResponse, kind: str, event: str | None = None) -> Any:
    """The data of the next frame of a kind."""
    while True:
        received = await socket.receive_json(timeout=5)
        if received["type"] == kind and received.get("event") == event:
            return received["data"]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A browser's connections."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def linus(sandbox: Sandbox, session: aiohttp.ClientSession) -> Page:
    """A member's page."""
    return Page(sandbox, session, "linus")


@pytest.fixture
def grace(sandbox: Sandbox, session: aiohttp.ClientSession) -> Page:
    """A moderator's page."""
    return Page(sandbox, session, "grace")


async def test_world_shows_a_member_what_a_member_may_see(sandbox: Sandbox, linus: Page, grace: Page) -> None:
    """The first frame has people with their roles, and hides the moderators' channel from members."""
    async with linus.live() as socket:
        world = await frame(socket, "world")
        assert world["me"]["display_name"] == "Linus"
        assert world["guild"] == {"id": str(sandbox.guild_id), "name": "Parley House"}
        assert [channel["name"] for channel in world["channels"]] == ["general", "questions", "playground"]
        roles = {user["name"]: user["role"] for user in world["users"]}
        assert roles == {"ada": "owner", "grace": "moderator", "linus": "member", "edsger": "member", "Parley": "bot"}
        assert world["bot_id"] == str(sandbox.bot_id)
        assert (await frame(socket, "gateway")) == {"connected": False, "sessions": 0}
    async with grace.live() as socket:
        world = await frame(socket, "world")
        assert world["channels"][-1]["name"] == "moderators"
        assert [category["name"] for category in world["categories"]] == ["Parlour", "Workshop"]


async def test_page_of_an_earlier_world_becomes_the_owner(sandbox: Sandbox, linus: Page) -> None:
    """A page that remembers a user who is no more gets the owner's view instead of an error."""
    linus.user = "1"
    async with linus.live() as socket:
        assert (await frame(socket, "world"))["me"]["id"] == str(sandbox.users["ada"])


async def test_messages_appear_on_every_page_that_may_see_them(sandbox: Sandbox, linus: Page, grace: Page) -> None:
    """What one says the other sees at once, edited and deleted too; hidden channels stay hidden."""
    general, moderators = sandbox.channels["general"], sandbox.channels["moderators"]
    async with linus.live() as socket:
        await grace.act("say", channel=str(moderators), content="secret")
        said = await grace.act("say", channel=str(general), content="hello")
        assert (await frame(socket, "event", "MESSAGE_CREATE"))["content"] == "hello"
        await grace.act("edit", channel=str(general), message=said["message"], content="hello all")
        assert (await frame(socket, "event", "MESSAGE_UPDATE"))["content"] == "hello all"
        await linus.act("react", channel=str(general), message=said["message"], emoji="👍", on=True)
        assert (await frame(socket, "event", "MESSAGE_REACTION_ADD"))["emoji"]["name"] == "👍"
        assert (await linus.messages(general))[0]["reactions"][0]["me"] is True
        assert (await grace.messages(general))[0]["reactions"][0]["me"] is False
        await grace.act("delete", channel=str(general), message=said["message"])
        assert (await frame(socket, "event", "MESSAGE_DELETE"))["id"] == said["message"]


async def test_new_threads_and_direct_messages_redraw_the_world(sandbox: Sandbox, linus: Page) -> None:
    """A thread and a DM that one opens come with a new world that lists them."""
    general = sandbox.channels["general"]
    async with linus.live() as socket:
        await frame(socket, "world")
        said = await linus.act("say", channel=str(general), content="a topic")
        thread = await linus.act("thread", channel=str(general), name="Topic", message=said["message"])
        world = await frame(socket, "world")
        assert world["threads"] == [
            {
                "id": thread["channel"],
                "name": "Topic",
                "parent_id": str(general),
                "archived": False,
                "members": [linus.user],
            }
        ]
        dm = await linus.act("dm", recipient=str(sandbox.bot_id))
        world = await frame(socket, "world")
        assert world["dms"] == [{"id": dm["channel"], "recipient_id": str(sandbox.bot_id)}]


async def test_history_is_read_page_by_page(sandbox: Sandbox, linus: Page) -> None:
    """The newest messages come last, and older ones before a given message."""
    general = sandbox.channels["general"]
    for number in range(5):
        await linus.act("say", channel=str(general), content=str(number))
    newest = await linus.messages(general, limit="2")
    assert [message["content"] for message in newest] == ["3", "4"]
    older = await linus.messages(general, before=newest[0]["id"], limit="2")
    assert [message["content"] for message in older] == ["1", "2"]


@pytest.mark.usefixtures("echo")
async def test_inspector_gets_the_bots_requests(sandbox: Sandbox, linus: Page) -> None:
    """Each REST call of the bot comes with its bucket's budget; a page that connects later gets them too."""
    async with linus.live() as socket:
        await linus.act("say", channel=str(sandbox.channels["general"]), content="hi")
        while (record := await frame(socket, "request"))["route"] != "/channels/{channel_id}/messages":
            assert record["status"] == 200
        assert (record["method"], record["content"], record["limit"], record["remaining"]) == (
            "POST",
            "you said: hi",
            5,
            4,
        )
    async with linus.live() as socket:
        assert (await frame(socket, "gateway")) == {"connected": True, "sessions": 1}
        assert (await frame(socket, "request"))["path"] == "/users/@me"


async def test_command_with_a_file_button_and_form(sandbox: Sandbox, linus: Page, grace: Page) -> None:
    """The page's words for commands, uploads, buttons and forms reach the bot and bring its answer back."""
    playground = str(sandbox.channels["playground"])
    async with logged_in(Workshop(), sandbox), linus.live() as socket:
        world = await frame(socket, "world")
        assert [command["name"] for command in world["commands"]] == [
            "Greet",
            "Quote this",
            "Tell us",
            "ask",
            "late",
            "tools",
        ]
        form = aiohttp.FormData()
        options = {"question": "read this", "paper": "file0"}
        form.add_field(
            "payload", json.dumps({"user": linus.user, "channel": playground, "name": "ask", "options": options})
        )
        form.add_field("file0", b"a file", filename="a.txt")
        async with linus.session.post(f"{sandbox.address}/sandbox/api/command", data=form) as response:
            assert (await response.json())["status"] == "deferred"
        updated = await frame(socket, "event", "MESSAGE_UPDATE")
        assert updated["content"] == "read this|None|None|a file"
        assert updated["flags"] & 64

        await grace.act("command", channel=playground, name="quiet", type=1, options={})
        message = (await frame(socket, "event", "MESSAGE_CREATE"))["id"]
        shown = await linus.act("press", channel=playground, message=message, custom_id="form")
        assert (shown["status"], shown["modal"]["custom_id"] != "") == ("modal", True)
        fields = {"what": "a wish"}
        sent = await linus.act("submit", interaction=shown["interaction"], custom_id="x", fields=fields)
        assert sent["status"] == "answered"
        chosen = await linus.act("choose", channel=playground, message=message, custom_id="fruit", values=["Fig"])
        assert chosen["status"] == "nothing"
        suggested = await linus.act(
            "autocomplete", channel=playground, name="late", options={"word": "w"}, focused="word"
        )
        assert [choice["value"] for choice in suggested["choices"]] == ["wa", "wb"]


async def test_refusals_are_sentences(sandbox: Sandbox, linus: Page) -> None:
    """What a member may not do, and what makes no sense, is answered with a sentence and a 4xx."""
    moderators, general = str(sandbox.channels["moderators"]), str(sandbox.channels["general"])
    refused = await linus.act("say", 403, channel=moderators, content="let me in")
    assert refused["error"] == "You cannot see that channel."
    assert "channel" in (await linus.act("say", 400, content="where?"))["error"]
    assert (await linus.act("dance", 404))["error"] == "There is no such action."
    assert (await linus.act("command", 403, channel=general, name="none"))["error"] == "There is no command none."
    query = f"user={linus.user}&channel={moderators}"
    async with linus.session.get(f"{sandbox.address}/sandbox/api/messages?{query}") as response:
        assert (response.status, await response.json()) == (403, {"error": "You cannot see that channel."})


async def test_other_sites_are_refused(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """A page of another site, or a name that was pointed here, gets nothing."""
    url = f"{sandbox.address}/sandbox/limits"
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        async with session.get(url, headers=headers) as response:
            assert response.status == 403


async def test_switches_change_limits_and_faults(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """Limits and faults are read and changed over HTTP; nonsense is refused."""
    base = f"{sandbox.address}/sandbox"
    async with session.put(f"{base}/limits", json={"edit_limit": 2, "shared_bucket": True}) as response:
        assert (await response.json())["edit_limit"] == 2
    assert (sandbox.limits.edit_limit, sandbox.limits.create_limit, sandbox.limits.shared_bucket) == (2, 5, True)
    for wrong in ({"edit_limit": 0}, {"edit_limit": "many"}, {"speed": 1}):
        async with session.put(f"{base}/limits", json=wrong) as response:
            assert response.status == 400
    rule = {"action": "status", "path": "/channels/*/messages", "status": 503, "times": 2}
    async with session.post(f"{base}/faults", json=rule) as response:
        number = (await response.json())["number"]
    for nonsense in ({"action": "explode"}, {"action": "hang", "paths": "/channels/*"}, {"action": "hang", "times": 0}):
        async with session.post(f"{base}/faults", json=nonsense) as response:
            assert response.status == 400
    async with session.get(f"{base}/faults") as response:
        assert [item["status"] for item in (await response.json())["faults"]] == [503]
    async with session.delete(f"{base}/faults", params={"number": str(number)}) as response:
        assert (await response.json())["faults"] == []


async def test_gateway_is_dropped_from_outside(sandbox: Sandbox, echo: Echo, session: aiohttp.ClientSession) -> None:
    """The switch closes the bot's connection, and the bot resumes by itself."""
    order = {"action": "drop", "code": 4000, "resumable": True}
    async with session.post(f"{sandbox.address}/sandbox/gateway", json=order) as response:
        assert (await response.json()) == {"sessions": 1}
    await echo.wait_for("resumed", timeout=10)
    assert sandbox.gateway.connected == 1


async def test_page_of_who_leaves_becomes_the_owner(sandbox: Sandbox, linus: Page, grace: Page) -> None:
    """A member who leaves is disconnected and comes back as the owner; the others see that they are gone."""
    async with linus.live() as socket, grace.live() as other:
        await frame(socket, "world")
        await frame(other, "world")
        await sandbox.people.leave(sandbox.users["linus"], sandbox.guild_id)
        names = [user["name"] for user in (await frame(other, "world"))["users"]]
        assert "linus" not in names
        while not socket.closed:
            await socket.receive(timeout=5)
    async with linus.live() as socket:
        assert (await frame(socket, "world"))["me"]["id"] == str(sandbox.users["ada"])
