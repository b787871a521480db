"""Rate limits, faults and nonces as discord.py meets them."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
import weakref
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.journal import RequestRecord
from sandbox.limits import Limits
from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo

WINDOW_SECONDS = 0.2  # short, because a test waits for it


class Api:
    """The REST API without discord.py."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of an answer."""
        headers = {"Authorization": f"Bot {self.sandbox.token}"}
        url = self.sandbox.api_base_url + path
        async with self.session.request(method, url, headers=headers, **options) as response:
            body = await response.json() if response.status != 204 else await response.text()
            return response.status, dict(response.headers), body


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Api]:
    """A client of the REST API."""
    async with aiohttp.ClientSession() as session:
        yield Api(sandbox, session)


def general(sandbox: Sandbox, client: discord.Client) -> discord.PartialMessageable:
    """#general as the bot writes into it."""
    return client.get_partial_messageable(sandbox.channels["general"])


def edits(sandbox: Sandbox, status: int) -> list[RequestRecord]:
    """The edits that were answered with a status."""
    return [record for record in sandbox.requests if record.method == "PATCH" and record.status == status]


async def test_closed_sandbox_is_forgotten() -> None:
    """A run of all tests opens thousands of them."""
    async with Sandbox.open() as sandbox, aiohttp.ClientSession() as session:
        assert (await Api(sandbox, session).call("GET", "/gateway"))[0] == 200
    forgotten = weakref.ref(sandbox)
    del sandbox
    gc.collect()
    assert forgotten() is None


async def test_answers_carry_their_buckets_budget(sandbox: Sandbox, api: Api) -> None:
    """Every answer tells limit, rest, reset and bucket, and is plain JSON."""
    path = f"/channels/{sandbox.channels['general']}/messages"
    status, headers, body = await api.call("POST", path, json={"content": "hi"})
    assert (status, body["content"], headers["Content-Type"]) == (200, "hi", "application/json")
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("5", "4")
    assert float(headers["X-RateLimit-Reset-After"]) == pytest.approx(5, abs=0.1)
    assert float(headers["X-RateLimit-Reset"]) == pytest.approx(time.time() + 5, abs=2)
    _, again, _ = await api.call("POST", path, json={"content": "hi"})
    assert again["X-RateLimit-Bucket"] == headers["X-RateLimit-Bucket"]
    status, _, body = await api.call("POST", f"/channels/{sandbox.channels['general']}/typing")
    assert (status, body) == (204, "")


async def test_servers_are_listed_with_the_bots_permissions(sandbox: Sandbox, api: Api) -> None:
    """`python -m bot doctor` reads from here what the bot may do, and where."""
    status, _, [guild] = await api.call("GET", "/users/@me/guilds")
    assert (status, guild["id"], guild["name"]) == (200, str(sandbox.guild_id), "Parley House")
    may = discord.Permissions(int(guild["permissions"]))
    assert may.send_messages
    assert not may.manage_guild


async def test_too_many_creates_are_refused_as_discord_does(sandbox: Sandbox, api: Api) -> None:
    """The sixth message in five seconds is a 429 with its wait, and is not posted."""
    channel = sandbox.channels["general"]
    for number in range(6):
        status, headers, body = await api.call("POST", f"/channels/{channel}/messages", json={"content": str(number)})
    assert (status, headers["X-RateLimit-Scope"], headers["Via"]) == (429, "user", "1.1 google")
    assert 0 < body["retry_after"] <= 5
    assert body["global"] is False
    assert len(sandbox.messages(channel)) == 5


async def test_discord_py_paces_itself_by_the_headers(sandbox: Sandbox, echo: Echo) -> None:
    """With one edit per window each one waits for the next window, and none is refused."""
    sandbox.limits = Limits(edit_limit=1, edit_window_seconds=WINDOW_SECONDS)
    message = await general(sandbox, echo).send("0")
    for number in range(1, 4):
        await message.edit(content=str(number))
    accepted = edits(sandbox, 200)
    assert [(record.content, record.remaining) for record in accepted] == [("1", 0), ("2", 0), ("3", 0)]
    assert all(later.at - earlier.at >= WINDOW_SECONDS for earlier, later in itertools.pairwise(accepted))
    assert not edits(sandbox, 429)


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_discord_py_survives_every_kind_of_429(sandbox: Sandbox, echo: Echo, scope: Any) -> None:
    """A 429 of any scope is waited for and tried again by discord.py."""
    message = await general(sandbox, echo).send("0")
    sandbox.faults.refuse("PATCH", "/channels/*/messages/*", 0.05, scope)
    await message.edit(content="1")
    assert [record.scope for record in edits(sandbox, 429)] == [scope]
    assert sandbox.messages(sandbox.channels["general"])[0]["content"] == "1"


async def test_global_limit_refuses_across_channels(sandbox: Sandbox, echo: Echo) -> None:
    """More than the global limit in a second is refused with a global 429, and all messages come through."""
    rooms = [echo.get_partial_messageable(sandbox.add_channel(f"room {number}")) for number in range(2)]
    sandbox.limits = Limits(global_per_second=1)
    await asyncio.gather(*(room.send("hi") for room in rooms))
    assert {record.scope for record in sandbox.requests if record.status == 429} == {"global"}
    assert all(len(sandbox.messages(room.id)) == 1 for room in rooms)


async def test_error_status_is_answered_once_and_not_applied(sandbox: Sandbox, echo: Echo) -> None:
    """A 503 that was asked for is raised by discord.py, and nothing was posted."""
    sandbox.faults.fail("POST", "/channels/*/messages", 503)
    with pytest.raises(discord.DiscordServerError):
        await general(sandbox, echo).send("lost")
    assert sandbox.messages(sandbox.channels["general"]) == []
    await general(sandbox, echo).send("found")
    assert [item["content"] for item in sandbox.messages(sandbox.channels["general"])] == ["found"]


async def test_cut_connection_and_the_same_nonce_make_one_message(sandbox: Sandbox, echo: Echo) -> None:
    """A message that was posted before its connection was cut is not posted again with the same nonce."""
    sandbox.faults.cut("POST", "/channels/*/messages", applied=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await general(sandbox, echo).send("once", nonce="abc")
    message = await general(sandbox, echo).send("once", nonce="abc")
    stored = sandbox.messages(sandbox.channels["general"])
    assert [item["id"] for item in stored] == [str(message.id)]
    assert message.nonce == "abc"
    records = [record for record in sandbox.requests if record.nonce == "abc"]
    assert [(record.status, record.repeated) for record in records] == [(0, False), (200, True)]
    other = await general(sandbox, echo).send("once", nonce="def")
    assert other.id != message.id


async def test_cut_before_the_request_applies_nothing(sandbox: Sandbox, echo: Echo) -> None:
    """A connection that is cut early leaves no message."""
    sandbox.faults.cut("POST", "/channels/*/messages", applied=False)
    with pytest.raises(aiohttp.ClientConnectionError):
        await general(sandbox, echo).send("never")
    assert sandbox.messages(sandbox.channels["general"]) == []


async def test_nonce_comes_with_the_event(sandbox: Sandbox, echo: Echo) -> None:
    """MESSAGE_CREATE tells the bot the nonce of its own message."""
    seen = echo.wait_for("message", check=lambda message: message.nonce == "mine", timeout=5)
    await general(sandbox, echo).send("hello", nonce="mine")
    assert (await seen).content == "hello"


async def test_latency_is_a_round_trip(sandbox: Sandbox, api: Api) -> None:
    """A request takes the round trip, and is applied half of it before its answer comes."""
    sandbox.latency_seconds = 0.1
    started = time.monotonic()
    await api.call("POST", f"/channels/{sandbox.channels['general']}/messages", json={"content": "hi"})
    took = time.monotonic() - started
    applied = sandbox.requests[-1].at - started
    assert took >= 0.1
    assert 0.05 <= applied <= took - 0.04


async def test_hanging_request_is_never_applied(sandbox: Sandbox, api: Api) -> None:
    """A request that hangs is neither answered nor applied, and only as often as asked."""
    sandbox.faults.hang("POST", "/channels/*/typing")
    path = f"/channels/{sandbox.channels['general']}/typing"
    with pytest.raises(TimeoutError):
        await api.call("POST", path, timeout=aiohttp.ClientTimeout(total=0.1))
    assert (await api.call("POST", path))[0] == 204
    assert [record.status for record in sandbox.requests] == [204]


async def test_request_of_a_dead_bot_is_applied(sandbox: Sandbox, api: Api) -> None:
    """What reached Discord before its sender died takes effect, so a bot must expect it after a crash."""
    sandbox.latency_seconds = 0.8
    channel, arrived = sandbox.channels["general"], asyncio.Event()
    sandbox.faults.listen(lambda *_: arrived.set())
    call = asyncio.create_task(api.call("POST", f"/channels/{channel}/messages", json={"content": "last words"}))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await api.session.close()
    await sandbox.wait_for(lambda: len(sandbox.messages(channel)) == 1)


async def test_broken_json_is_refused(sandbox: Sandbox, api: Api) -> None:
    """A body that is not JSON is a 400 with Discord's code for it."""
    path = f"/channels/{sandbox.channels['general']}/messages"
    status, _, body = await api.call("POST", path, data=b"{")
    assert (status, body["code"]) == (400, 50109)


async def test_unknown_route_and_field_are_loud(sandbox: Sandbox, api: Api) -> None:
    """What this Discord does not do is answered with 501, not with a guess."""
    assert (await api.call("GET", "/made/up"))[0] == 501
    path = f"/channels/{sandbox.channels['general']}/messages"
    assert (await api.call("POST", path, json={"content": "x", "hologram": True}))[0] == 501


async def test_refusals_have_discords_codes(sandbox: Sandbox, api: Api) -> None:
    """Missing access, missing permission, somebody else's message and an empty one are told apart."""
    linus, room = sandbox.users["linus"], sandbox.channels["general"]
    message = await sandbox.people.say(linus, room, "mine")
    secret = sandbox.add_channel("attic", hidden=True)
    sandbox.engine.delete_overwrite(secret, sandbox.house.roles["bot"])
    codes = [
        (await api.call("POST", f"/channels/{secret}/messages", json={"content": "x"}))[2]["code"],
        (await api.call("DELETE", f"/channels/{room}/messages/{message}"))[2]["code"],
        (await api.call("PATCH", f"/channels/{room}/messages/{message}", json={"content": "x"}))[2]["code"],
        (await api.call("POST", f"/channels/{room}/messages", json={"content": " "}))[2]["code"],
        (await api.call("POST", f"/channels/{room}/messages", json={"content": "x" * 2001}))[2]["code"],
        (await api.call("GET", "/channels/1"))[2]["code"],
    ]
    assert codes == [50001, 50013, 50005, 50006, 50035, 10003]


async def test_archived_thread_refuses_edits_and_opens_for_a_message(sandbox: Sandbox, api: Api) -> None:
    """Inside an archived thread the bot cannot edit; a new message opens it again."""
    ada = sandbox.users["ada"]
    thread = await sandbox.people.start_thread(ada, sandbox.channels["general"], "Topic")
    _, _, message = await api.call("POST", f"/channels/{thread}/messages", json={"content": "one"})
    await sandbox.people.archive_thread(ada, thread)
    status, _, body = await api.call("PATCH", f"/channels/{thread}/messages/{message['id']}", json={"content": "two"})
    assert (status, body["code"]) == (400, 50083)
    assert (await api.call("POST", f"/channels/{thread}/messages", json={"content": "three"}))[0] == 200
    assert sandbox.engine.channel_payload(thread)["thread_metadata"]["archived"] is False


async def test_application_tells_which_intents_are_granted(sandbox: Sandbox, api: Api) -> None:
    """The application's flags show the privileged intents, and the gateway's address is ours."""
    flags = discord.ApplicationFlags._from_value((await api.call("GET", "/applications/@me"))[2]["flags"])
    assert flags.gateway_message_content_limited
    assert flags.gateway_guild_members_limited
    assert (await api.call("GET", "/gateway/bot"))[2]["url"] == sandbox.gateway_url


async def test_people_are_held_to_their_permissions(sandbox: Sandbox) -> None:
    """A member cannot delete others' messages, remove channels or enter hidden ones; a moderator can."""
    people, room = sandbox.people, sandbox.channels["general"]
    ada, grace, linus = (sandbox.users[name] for name in ("ada", "grace", "linus"))
    message = await people.say(ada, room, "stay")
    for attempt in (
        people.delete(linus, room, message),
        people.edit(linus, room, message, "go"),
        people.delete_channel(linus, room),
        people.say(linus, sandbox.channels["moderators"], "hi"),
        people.open_dm(linus, ada),
    ):
        with pytest.raises(Refused):
            await attempt
    await people.say(grace, sandbox.channels["moderators"], "hi")
    await people.delete(grace, room, message)
    await people.delete_channel(grace, sandbox.channels["playground"])
    assert sandbox.messages(room) == []


async def test_timed_out_member_only_reads(sandbox: Sandbox) -> None:
    """A moderator silences a member for a while; a member cannot."""
    people, room = sandbox.people, sandbox.channels["general"]
    grace, linus = sandbox.users["grace"], sandbox.users["linus"]
    with pytest.raises(Refused):
        await people.time_out(linus, grace, 60)
    await people.time_out(grace, linus, 60)
    with pytest.raises(Refused):
        await people.say(linus, room, "hello?")
    await people.time_out(grace, linus, 0)
    await people.say(linus, room, "hello!")


@pytest.mark.usefixtures("echo")
async def test_other_bot_speaks_and_is_known_as_one(sandbox: Sandbox) -> None:
    """A second bot can talk in the channels; ours sees that it is a bot and lets it be."""
    robot = sandbox.add_user("robot", "Robot", bot=True)
    room = sandbox.channels["general"]
    await sandbox.people.say(robot, room, "beep")
    await sandbox.people.say(sandbox.users["ada"], room, "hello")
    await sandbox.wait_for(lambda: len(sandbox.messages(room)) == 3)
    assert [item["content"] for item in sandbox.messages(room)] == ["beep", "hello", "you said: hello"]
    assert sandbox.messages(room)[0]["author"]["bot"] is True
