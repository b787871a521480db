"""Polls of a real discord.py bot, in which the sandbox's people vote."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import discord
import pytest

from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo
from tests.sandbox.conftest import Connect


@pytest.fixture
async def bot(connect: Connect) -> Echo:
    """A bot that is logged in."""
    client = Echo()
    await connect(client)
    return client


def poll(*answers: str, question: str = "Tea or coffee?", multiple: bool = False) -> discord.Poll:
    """A poll of an hour."""
    made = discord.Poll(question, timedelta(hours=1), multiple=multiple)
    for answer in answers:
        made.add_answer(text=answer)
    return made


async def posted(sandbox: Sandbox, bot: Echo, made: discord.Poll) -> discord.Message:
    """The poll as a message in #general."""
    return await bot.get_partial_messageable(sandbox.channels["general"]).send(poll=made)


def votes(sandbox: Sandbox, message: discord.Message, name: str) -> list[tuple[int, bool]]:
    """Count and own vote for each answer, as somebody sees them."""
    [shown] = sandbox.messages(message.channel.id, sandbox.users[name])
    return [(count["count"], count["me_voted"]) for count in shown["poll"]["results"]["answer_counts"]]


async def test_people_vote_and_change_their_minds(sandbox: Sandbox, bot: Echo) -> None:
    """A vote replaces the one before, is counted for all and marked for its voter, and the bot hears of it."""
    message = await posted(sandbox, bot, poll("tea", "coffee"))
    linus, grace, room = sandbox.users["linus"], sandbox.users["grace"], sandbox.channels["general"]
    heard = asyncio.create_task(bot.wait_for("raw_poll_vote_add"))
    await sandbox.people.vote(linus, room, message.id, [1])
    assert (await heard).user_id == linus
    await sandbox.people.vote(grace, room, message.id, [1])
    await sandbox.people.vote(linus, room, message.id, [2])
    assert votes(sandbox, message, "linus") == [(1, False), (1, True)]
    await sandbox.people.vote(grace, room, message.id, [])
    assert votes(sandbox, message, "grace") == [(0, False), (1, False)]
    for wrong in ([1, 2], [3]):
        with pytest.raises(Refused):
            await sandbox.people.vote(linus, room, message.id, wrong)


async def test_poll_of_several_answers_takes_them_until_it_is_ended(sandbox: Sandbox, bot: Echo) -> None:
    """Where several may be chosen all count; once the bot has ended the poll nobody votes any more."""
    message = await posted(sandbox, bot, poll("tea", "coffee", "water", multiple=True))
    ada, room = sandbox.users["ada"], sandbox.channels["general"]
    await sandbox.people.vote(ada, room, message.id, [1, 3])
    assert votes(sandbox, message, "ada") == [(1, True), (0, False), (1, True)]
    await message.end_poll()
    fetched = await message.channel.fetch_message(message.id)
    assert fetched.poll is not None
    assert fetched.poll.is_finalised()
    assert fetched.poll.total_votes == 2
    with pytest.raises(Refused):
        await sandbox.people.vote(ada, room, message.id, [2])


async def test_poll_ends_by_itself(sandbox: Sandbox, bot: Echo) -> None:
    """At its time a poll is over, and the bot is told."""
    message = await posted(sandbox, bot, poll("tea", "coffee"))
    stored = sandbox.engine.get_message(message.channel.id, message.id)
    assert stored.poll is not None
    stored.poll.expiry = sandbox.engine.iso_after(0.1)
    sandbox.engine.emit("MESSAGE_UPDATE", sandbox.engine.message_payload(stored))
    await sandbox.wait_for(lambda: sandbox.messages(message.channel.id)[0]["poll"]["results"]["is_finalized"])


@pytest.mark.parametrize(
    "wrong",
    [
        poll("x" * 56),
        poll(*map(str, range(10)), question="x" * 301),
        poll(*map(str, range(11))),
        poll(),
        discord.Poll("Tea?", timedelta(hours=769)).add_answer(text="tea"),
    ],
)
async def test_poll_beyond_discords_bounds_is_refused(sandbox: Sandbox, bot: Echo, wrong: discord.Poll) -> None:
    """Too long a question or answer, too many or no answers, and too many hours are invalid."""
    with pytest.raises(discord.HTTPException, match="50035"):
        await posted(sandbox, bot, wrong)
    assert sandbox.messages(sandbox.channels["general"]) == []


async def test_bot_without_the_permission_posts_no_poll(sandbox: Sandbox, bot: Echo) -> None:
    """A poll needs Create Polls, which a server can take from the bot."""
    guild_id, engine = sandbox.guild_id, sandbox.engine
    for role_id in (guild_id, sandbox.house.roles["bot"]):
        kept = engine.get_role(guild_id, role_id).permissions & ~discord.Permissions(send_polls=True).value
        engine.edit_role(guild_id, role_id, {"permissions": kept})
    with pytest.raises(discord.Forbidden):
        await posted(sandbox, bot, poll("tea", "coffee"))
