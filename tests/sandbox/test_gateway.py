"""The gateway as discord.py and a bare websocket meet it."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, logged_in, point_discord_at

ALL = discord.Intents.all().value


class Raw:
    """A bare gateway connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._inflate = zlib.decompressobj()

    async def send(self, operation: int, data: Any) -> None:
        """Send one message."""
        await self.socket.send_json({"op": operation, "d": data})

    async def receive(self) -> dict[str, Any]:
        """The next message, inflated where it is compressed."""
        message = await self.socket.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.BINARY:
            assert message.data.endswith(b"\x00\x00\xff\xff")
            return dict(json.loads(self._inflate.decompress(message.data)))
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return dict(json.loads(message.data))

    async def event(self, name: str) -> dict[str, Any]:
        """The next dispatch of a name."""
        while (message := await self.receive())["t"] != name:
            assert message["op"] in (0, 11)
        return message

    async def close_code(self) -> int | None:
        """The code with which the server closes next."""
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        return self.socket.close_code


@asynccontextmanager
async def raw(sandbox: Sandbox, query: str = "") -> AsyncIterator[Raw]:
    """Connect and take HELLO."""
    async with aiohttp.ClientSession() as session, session.ws_connect(sandbox.gateway_url + query) as socket:
        connection = Raw(socket)
        hello = await connection.receive()
        assert (hello["op"], hello["d"]["heartbeat_interval"] > 0) == (10, True)
        yield connection


def identify(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """What a bot identifies itself with."""
    return {"token": sandbox.token, "intents": ALL, "properties": {}, **changes}


async def say(sandbox: Sandbox, content: str) -> int:
    """Linus says something in #general."""
    return await sandbox.people.say(sandbox.users["linus"], sandbox.channels["general"], content)


@pytest.mark.parametrize("query", ["", "?compress=zlib-stream"])
async def test_session_starts_with_ready_and_its_guilds(sandbox: Sandbox, query: str) -> None:
    """IDENTIFY is answered by READY with our resume address, then the guild; the same with compression."""
    async with raw(sandbox, query) as connection:
        await connection.send(1, None)
        assert (await connection.receive())["op"] == 11
        await connection.send(2, identify(sandbox))
        ready = await connection.event("READY")
        assert ready["d"]["resume_gateway_url"] == sandbox.gateway_url
        guild = await connection.event("GUILD_CREATE")
        assert (ready["s"], guild["s"], guild["d"]["name"]) == (1, 2, "Parley House")


@pytest.mark.parametrize(
    ("operation", "changes", "code"),
    [(2, {"token": "wrong"}, 4004), (2, {"shard": [3, 2]}, 4010), (3, {}, 4003), (99, {}, 4001)],
)
async def test_wrong_first_message_closes_with_its_code(
    sandbox: Sandbox, operation: int, changes: dict[str, Any], code: int
) -> None:
    """A wrong token, an impossible shard, a missing IDENTIFY and an unknown opcode have Discord's close codes."""
    async with raw(sandbox) as connection:
        await connection.send(operation, identify(sandbox, **changes))
        assert await connection.close_code() == code


async def test_intents_that_are_not_granted_end_the_login() -> None:
    """A bot that asks for message content without having it switched on is told so by discord.py's own error."""
    granted = discord.Intents.all()
    granted.message_content = False
    async with Sandbox.open(granted_intents=granted.value) as sandbox:
        point_discord_at(sandbox)
        async with Echo() as client:
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await client.start(sandbox.token)


async def test_wrong_token_ends_the_login(sandbox: Sandbox) -> None:
    """REST refuses a wrong token with 401, which discord.py raises as a login failure."""
    point_discord_at(sandbox)
    async with Echo() as client:
        with pytest.raises(discord.LoginFailure):
            await client.start("wrong")


async def test_content_is_hidden_without_its_intent(sandbox: Sandbox) -> None:
    """Without message content the text is empty, unless the bot is mentioned; reactions need their own intent."""
    intents = discord.Intents.none()
    intents.guild_messages = True
    async with raw(sandbox) as connection:
        await connection.send(2, identify(sandbox, intents=intents.value))
        await connection.event("READY")
        message = await say(sandbox, "secret")
        await sandbox.people.react(sandbox.users["ada"], sandbox.channels["general"], message, "👍")
        await say(sandbox, f"<@{sandbox.bot_id}> open")
        assert (await connection.receive())["d"]["content"] == ""
        assert (await connection.receive())["d"]["content"] == f"<@{sandbox.bot_id}> open"


async def test_events_of_channels_the_bot_cannot_see_are_kept_from_it(sandbox: Sandbox) -> None:
    """A hidden channel is silent for the bot too."""
    secret = sandbox.add_channel("attic", hidden=True)
    sandbox.engine.delete_overwrite(secret, sandbox.house.roles["bot"])
    async with raw(sandbox) as connection:
        await connection.send(2, identify(sandbox))
        await connection.event("GUILD_CREATE")
        await sandbox.people.say(sandbox.users["ada"], secret, "not for bots")
        await say(sandbox, "for bots")
        assert (await connection.event("MESSAGE_CREATE"))["d"]["content"] == "for bots"


async def test_bot_resumes_and_gets_what_it_missed(sandbox: Sandbox, echo: Echo) -> None:
    """After a drop discord.py resumes: messages of the meantime arrive once, in order, and no new READY."""
    readies = sandbox.gateway.ready_count
    sandbox.gateway.drop(4000)
    for number in range(3):
        await say(sandbox, str(number))
    await sandbox.wait_for(lambda: len(echo.heard) == 3)
    assert [message.content for message in echo.heard] == ["0", "1", "2"]
    assert sandbox.gateway.ready_count == readies


async def test_forgotten_session_starts_afresh(sandbox: Sandbox, echo: Echo) -> None:
    """A drop that is not resumable ends in an invalid session, a new IDENTIFY and a bot that hears again."""
    readies = sandbox.gateway.ready_count
    sandbox.gateway.drop(4000, resumable=False)
    await sandbox.wait_for(lambda: sandbox.gateway.ready_count > readies, 15)
    await say(sandbox, "hello again")
    await sandbox.wait_for(lambda: len(echo.heard) == 1)


async def test_resume_beyond_the_buffer_is_refused(sandbox: Sandbox) -> None:
    """An unknown session and a sequence from the future are answered with an invalid session."""
    async with raw(sandbox) as connection:
        await connection.send(2, identify(sandbox))
        session_id = (await connection.event("READY"))["d"]["session_id"]
    for changes in ({"session_id": session_id, "seq": 99}, {"session_id": "unknown", "seq": 1}):
        async with raw(sandbox) as connection:
            await connection.send(6, {"token": sandbox.token, **changes})
            assert await connection.receive() == {"op": 9, "d": False, "s": None, "t": None}


async def test_members_are_sent_on_request(sandbox: Sandbox) -> None:
    """Members are found by the start of a name or by id, and unknown ids are listed."""
    async with raw(sandbox) as connection:
        await connection.send(2, identify(sandbox))
        guild = str(sandbox.guild_id)
        await connection.send(8, {"guild_id": guild, "query": "lin", "limit": 5, "nonce": "n"})
        chunk = (await connection.event("GUILD_MEMBERS_CHUNK"))["d"]
        assert ([member["user"]["username"] for member in chunk["members"]], chunk["nonce"]) == (["linus"], "n")
        await connection.send(8, {"guild_id": guild, "user_ids": [str(sandbox.users["ada"]), "5"], "limit": 0})
        chunk = (await connection.event("GUILD_MEMBERS_CHUNK"))["d"]
        assert (len(chunk["members"]), chunk["not_found"]) == (1, ["5"])


async def test_events_are_doubled_and_swapped_on_demand(sandbox: Sandbox) -> None:
    """A doubled event comes twice with one sequence number; a held back one comes after its successor."""
    faults = sandbox.faults.gateway
    async with raw(sandbox) as connection:
        await connection.send(2, identify(sandbox))
        await connection.event("GUILD_CREATE")
        faults.duplicate["MESSAGE_CREATE"] = 1
        await say(sandbox, "twice")
        first, second = await connection.receive(), await connection.receive()
        assert first == second
        faults.hold_back["MESSAGE_CREATE"] = 1
        await say(sandbox, "one")
        await say(sandbox, "two")
        assert [(await connection.receive())["d"]["content"] for _ in range(2)] == ["two", "one"]


async def test_bot_leaves_a_zombie_connection_and_resumes(sandbox: Sandbox) -> None:
    """When heartbeats stay unanswered discord.py gives the connection up and resumes on another one."""
    sandbox.faults.gateway.heartbeat_interval_ms = 100
    bot = Echo(heartbeat_timeout=1.0)
    async with logged_in(bot, sandbox):
        sandbox.faults.gateway.acknowledges_heartbeats = False
        await sandbox.wait_for(lambda: sandbox.gateway.resumed_count > 0)
        sandbox.faults.gateway.acknowledges_heartbeats = True
        await say(sandbox, "awake?")
        await sandbox.wait_for(lambda: len(bot.heard) == 1)


async def test_heartbeats_stay_unanswered_and_ready_unsent_on_demand(sandbox: Sandbox) -> None:
    """A zombie connection gets no ACK, and a swallowed READY leaves the session without guilds."""
    sandbox.faults.gateway.acknowledges_heartbeats = False
    sandbox.faults.gateway.swallow_ready = 1
    async with raw(sandbox) as connection:
        await connection.send(1, None)
        await connection.send(2, identify(sandbox))
        await sandbox.wait_for(lambda: sandbox.gateway.connected == 1)
        await say(sandbox, "first thing heard")
        assert (await connection.receive())["t"] == "MESSAGE_CREATE"
        assert sandbox.gateway.ready_count == 0


async def test_bot_is_told_that_a_server_removed_and_invited_it(sandbox: Sandbox) -> None:
    """Removal and invitation are not an outage and its end, and afterwards everything is where it was."""
    general = sandbox.channels["general"]
    async with raw(sandbox) as connection:
        await connection.send(2, identify(sandbox))
        assert (await connection.event("GUILD_CREATE"))["d"]["unavailable"] is False
        said = await say(sandbox, "before")
        sandbox.house.remove_bot(sandbox.guild_id)
        removed = await connection.event("GUILD_DELETE")
        assert removed["d"] == {"id": str(sandbox.guild_id)}
        assert sandbox.messages(general) == []
        sandbox.house.invite_bot(sandbox.guild_id)
        invited = await connection.event("GUILD_CREATE")
        assert "unavailable" not in invited["d"]
        assert str(general) in {channel["id"] for channel in invited["d"]["channels"]}
        assert [message["id"] for message in sandbox.messages(general)] == [str(said)]
