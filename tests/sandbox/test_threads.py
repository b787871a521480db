"""Threads as a bot opens and keeps them, with no more than the permissions of one that talks."""

from __future__ import annotations

import asyncio

import discord
import pytest

from sandbox.world import Sandbox
from tests.sandbox.bots import Echo


def room(sandbox: Sandbox, client: discord.Client, name: str = "questions") -> discord.TextChannel:
    """A text channel as the bot sees it."""
    channel = client.get_channel(sandbox.channels[name])
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_thread_from_a_message_has_its_id_and_is_the_only_one(sandbox: Sandbox, echo: Echo) -> None:
    """A thread grows from somebody's message once, with the message's id; a second one is refused by its code."""
    channel = room(sandbox, echo)
    message_id = await sandbox.people.say(sandbox.users["linus"], channel.id, "why is the sky blue?")
    told = asyncio.create_task(echo.wait_for("thread_create", timeout=10))
    message = await channel.fetch_message(message_id)
    thread = await message.create_thread(name="Sky", auto_archive_duration=60)
    assert (thread.id, (await told).id, thread.owner_id) == (message_id, message_id, sandbox.bot_id)
    assert sandbox.messages(channel.id)[0]["thread"]["name"] == "Sky"
    with pytest.raises(discord.HTTPException, match="160004"):
        await message.create_thread(name="Sky again")
    await thread.send("because of the air")
    assert [kept["content"] for kept in sandbox.messages(thread.id)][-1] == "because of the air"


async def test_thread_without_a_message_is_announced_in_its_channel(sandbox: Sandbox, echo: Echo) -> None:
    """A thread by itself has an id of its own and a notice in the channel."""
    channel = room(sandbox, echo)
    thread = await channel.create_thread(name="By itself", type=discord.ChannelType.public_thread)
    [notice] = sandbox.messages(channel.id)
    assert (notice["type"], notice["content"]) == (18, "By itself")
    assert thread.id != int(notice["id"])


async def test_members_of_a_thread_come_and_go(sandbox: Sandbox, echo: Echo) -> None:
    """Who writes is a member, who is added is one too, and both are told."""
    channel, linus, edsger = room(sandbox, echo), sandbox.users["linus"], sandbox.users["edsger"]
    thread = await channel.create_thread(name="Circle", type=discord.ChannelType.public_thread)
    joined = asyncio.create_task(echo.wait_for("thread_member_join", timeout=10))
    await sandbox.people.say(linus, thread.id, "may I?")
    assert (await joined).id == linus
    await thread.add_user(discord.Object(edsger))
    assert {member.id for member in await thread.fetch_members()} == {sandbox.bot_id, linus, edsger}


async def test_creator_keeps_its_thread_in_order_and_no_other(sandbox: Sandbox, echo: Echo) -> None:
    """Without Manage Threads a bot renames and archives its own thread, opens any again, and deletes none."""
    own = await room(sandbox, echo).create_thread(name="Mine", type=discord.ChannelType.public_thread)
    await own.edit(name="Still mine", archived=True)
    with pytest.raises(discord.HTTPException, match="50083"):
        await own.edit(name="Too late")
    await own.edit(archived=False)
    assert sandbox.engine.get_thread(own.id).name == "Still mine"
    with pytest.raises(discord.Forbidden, match="50013"):
        await own.delete()
    theirs = await sandbox.people.start_thread(sandbox.users["linus"], own.parent_id, "Theirs")
    thread = await echo.fetch_channel(theirs)
    assert isinstance(thread, discord.Thread)
    with pytest.raises(discord.Forbidden, match="50013"):
        await thread.edit(name="Mine now")
    await sandbox.people.archive_thread(sandbox.users["linus"], theirs)
    await thread.edit(archived=False)
    metadata = sandbox.engine.get_thread(theirs).thread_metadata
    assert metadata is not None
    assert not metadata.archived


async def test_what_is_no_thread_is_refused(sandbox: Sandbox, echo: Echo) -> None:
    """No thread in a thread, none with too long a name, none that is archived after seven minutes."""
    channel = room(sandbox, echo)
    thread = await channel.create_thread(name="Outer", type=discord.ChannelType.public_thread)
    message = await thread.send("deeper?")
    with pytest.raises(discord.HTTPException, match="50024"):
        await message.create_thread(name="Inner")
    with pytest.raises(discord.HTTPException, match="In name: Must be between 1 and 100 in length"):
        await channel.create_thread(name="x" * 101, type=discord.ChannelType.public_thread)
    with pytest.raises(discord.HTTPException, match="In auto_archive_duration: Value must be one of"):
        await channel.create_thread(
            name="Odd",
            type=discord.ChannelType.public_thread,
            auto_archive_duration=7,  # type: ignore[arg-type]  # what Discord says to it is the question
        )
