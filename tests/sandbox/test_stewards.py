"""A server that is kept: roles, channels and permissions change, and a bot is told."""

from __future__ import annotations

import asyncio

import discord
import pytest

from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, Workshop
from tests.sandbox.conftest import Connect


async def test_role_is_made_given_and_deleted(sandbox: Sandbox, echo: Echo) -> None:
    """The bot is told of the role, of who has it, and that it is gone, from its members and channels too."""
    ada, linus, guild = sandbox.users["ada"], sandbox.users["linus"], sandbox.guild_id
    made = asyncio.create_task(echo.wait_for("guild_role_create", timeout=10))
    role = await sandbox.people.create_role(ada, guild, "Curators", ["manage_channels"])
    assert (await made).permissions.manage_channels
    given = asyncio.create_task(echo.wait_for("member_update", timeout=10))
    await sandbox.people.give_role(ada, guild, linus, role)
    assert [one.name for one in (await given)[1].roles] == ["@everyone", "Curators"]
    await sandbox.people.permit(ada, sandbox.channels["general"], role, "deny", "send_messages")
    gone = asyncio.create_task(echo.wait_for("guild_role_delete", timeout=10))
    await sandbox.people.delete_role(ada, guild, role)
    assert (await gone).id == role
    assert sandbox.engine.get_member(guild, linus).role_ids == []
    assert sandbox.engine.get_channel(sandbox.channels["general"]).overwrites == []


async def test_member_updates_need_the_intent_but_not_for_oneself(sandbox: Sandbox, connect: Connect) -> None:
    """Without the members intent a bot hears only of its own roles."""
    intents = discord.Intents.all()
    intents.members = False
    client = Echo()
    client._connection._intents = intents
    heard: list[int] = []

    async def on_socket_event_type(event: str) -> None:
        if event == "GUILD_MEMBER_UPDATE":
            heard.append(1)

    client.event(on_socket_event_type)
    await connect(client)
    ada, guild = sandbox.users["ada"], sandbox.guild_id
    role = await sandbox.people.create_role(ada, guild, "Curators")
    await sandbox.people.give_role(ada, guild, sandbox.users["linus"], role)
    told = asyncio.create_task(
        client.wait_for("socket_event_type", check=lambda e: e == "GUILD_MEMBER_UPDATE", timeout=10)
    )
    await sandbox.people.give_role(ada, guild, sandbox.bot_id, role)
    await told
    assert len(heard) == 1


async def test_category_takes_its_channels_along(sandbox: Sandbox, echo: Echo) -> None:
    """A channel has its category's permissions and follows them until it has its own; channels outlive it."""
    ada, grace, guild, people = sandbox.users["ada"], sandbox.users["grace"], sandbox.guild_id, sandbox.people
    moderator, engine = sandbox.house.roles["moderator"], sandbox.engine
    category = await people.create_channel(ada, guild, "Attic", kind="category")
    await people.permit(ada, category, moderator, "deny", "manage_channels")
    synced = await people.create_channel(ada, guild, "boxes", category_id=category)
    own = await people.create_channel(ada, guild, "trunks", category_id=category)
    await people.permit(ada, own, guild, "deny", "send_messages")
    await people.permit(ada, category, guild, "deny", "view_channel")
    linus = sandbox.users["linus"]
    assert [engine.sees_channel(linus, place) for place in (synced, own)] == [False, True]
    with pytest.raises(Refused, match="do not have the permission"):
        await people.rename_channel(grace, own, "suitcases")
    await people.permit(ada, category, moderator, "inherit", "manage_channels")
    with pytest.raises(Refused, match="do not have the permission"):
        await people.rename_channel(grace, own, "suitcases")  # which follows no more
    await people.permit(ada, own, moderator, "inherit", "manage_channels")
    await people.rename_channel(grace, own, "suitcases")
    await echo.wait_for("guild_channel_update", check=lambda _, after: after.name == "suitcases", timeout=10)
    gone = asyncio.create_task(echo.wait_for("guild_channel_delete", timeout=10))
    await people.delete_channel(ada, category)
    assert (await gone).id == category
    assert engine.get_channel(own).parent_id is None


async def test_threads_go_with_their_channel(sandbox: Sandbox, echo: Echo) -> None:
    """A deleted channel takes its threads along."""
    ada, questions = sandbox.users["ada"], sandbox.channels["questions"]
    thread = await sandbox.people.start_thread(ada, questions, "Proofs")
    gone = asyncio.create_task(echo.wait_for("guild_channel_delete", timeout=10))
    await sandbox.people.delete_channel(ada, questions)
    await gone
    with pytest.raises(discord.NotFound, match="10003"):
        await echo.fetch_channel(thread)


async def test_upkeep_is_for_those_who_may(sandbox: Sandbox) -> None:
    """Members keep nothing, moderators no roles, nobody Discord's own roles, and the owner stays."""
    people, guild, users = sandbox.people, sandbox.guild_id, sandbox.users
    moderator, bots = sandbox.house.roles["moderator"], sandbox.house.roles["bot"]
    for refused in (
        people.create_channel(users["linus"], guild, "mine"),
        people.create_role(users["grace"], guild, "Queen"),
        people.give_role(users["grace"], guild, users["linus"], moderator),
        people.permit(users["grace"], sandbox.channels["general"], moderator, "deny", "view_channel"),
        people.delete_role(users["ada"], guild, bots),
        people.delete_role(users["ada"], guild, guild),
        people.create_role(users["ada"], guild, "Odd", ["no_such_permission"]),
        people.create_role(users["ada"], guild, " "),
        people.leave(users["ada"], guild),
    ):
        with pytest.raises(Refused):
            await refused
    await people.leave(users["linus"], guild)
    assert users["linus"] not in sandbox.engine.get_guild(guild).members


async def test_commands_follow_the_permissions_of_a_channel(sandbox: Sandbox, connect: Connect) -> None:
    """A moderators' command is refused where the channel takes the permission from them, and given with a role."""
    await connect(Workshop())
    ada, grace, linus = (sandbox.users[name] for name in ("ada", "grace", "linus"))
    playground, moderator, guild = sandbox.channels["playground"], sandbox.house.roles["moderator"], sandbox.guild_id
    await sandbox.people.permit(ada, playground, moderator, "deny", "manage_messages")
    with pytest.raises(Refused, match="cannot use the command quiet here"):
        await sandbox.people.command(grace, playground, "quiet")
    role = await sandbox.people.create_role(ada, guild, "Tidy", ["manage_messages"])
    await sandbox.people.give_role(ada, guild, linus, role)
    assert (await sandbox.people.command(linus, playground, "quiet")).status == "answered"
