"""A real discord.py client chats in the sandbox."""

from __future__ import annotations

from io import BytesIO

import aiohttp
import discord
import pytest

from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo


async def test_login_shows_the_bot_its_guild_and_channels(sandbox: Sandbox, echo: Echo) -> None:
    """After logging in the bot knows itself, its guild, the channels and every member."""
    guild = echo.get_guild(sandbox.guild_id)
    assert guild is not None
    assert echo.user is not None
    assert (echo.user.id, echo.user.name) == (sandbox.bot_id, "Parley")
    assert {channel.name for channel in guild.text_channels} == set(sandbox.channels)
    assert {member.name for member in guild.members} == {"ada", "grace", "linus", "edsger", "Parley"}
    assert not guild.me.guild_permissions.manage_messages


async def test_message_is_received_and_answered_as_a_reply(sandbox: Sandbox, echo: Echo) -> None:
    """A person's message reaches the bot whole, and the bot's reply stands in the channel as one."""
    general = sandbox.channels["general"]
    question = await sandbox.people.say(sandbox.users["linus"], general, f"<@{sandbox.bot_id}> hello")
    answer = await sandbox.wait_for(lambda: next(iter(sandbox.messages(general)[1:]), None))
    assert answer["content"] == f"you said: <@{sandbox.bot_id}> hello"
    assert answer["message_reference"]["message_id"] == str(question)
    assert echo.user is not None
    assert echo.user.mentioned_in(echo.heard[0])


async def test_bot_edits_its_message(sandbox: Sandbox, echo: Echo) -> None:
    """An edit changes the message in place and marks it as edited."""
    channel = echo.get_partial_messageable(sandbox.channels["general"])
    message = await channel.send("one")
    await message.edit(content="two")
    stored = sandbox.messages(sandbox.channels["general"])
    assert [(item["content"], item["edited_timestamp"] is not None) for item in stored] == [("two", True)]


async def test_bot_uploads_a_file_and_reads_it_back(sandbox: Sandbox, echo: Echo) -> None:
    """An attachment's address is the sandbox's own and serves the same bytes."""
    channel = echo.get_partial_messageable(sandbox.channels["general"])
    file = discord.File(__file__, filename="näme one.py", description="a test")
    message = await channel.send("here", file=file)
    attachment = message.attachments[0]
    assert attachment.url.startswith(sandbox.address)
    assert attachment.description == "a test"
    with open(__file__, "rb") as source:  # noqa: ASYNC230 - a small local file
        assert await attachment.read() == source.read()


async def test_uploaded_picture_cannot_act_as_a_page(sandbox: Sandbox) -> None:
    """An SVG that is opened by its link runs no script on the address of the sandbox's own page."""
    ada, general = sandbox.users["ada"], sandbox.channels["general"]
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    await sandbox.people.say(ada, general, files=[("a.svg", drawing)])
    link = sandbox.messages(general)[-1]["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(link) as response:
        assert await response.read() == drawing
        assert response.headers["Content-Security-Policy"].startswith("sandbox;")


async def test_embed_shows_the_uploaded_picture(sandbox: Sandbox, echo: Echo) -> None:
    """A picture that an embed names by its upload is linked to the uploaded file."""
    channel = echo.get_partial_messageable(sandbox.channels["general"])
    embed = discord.Embed(title="Look").set_image(url="attachment://dot.png")
    message = await channel.send(embed=embed, file=discord.File(BytesIO(b"a dot"), filename="dot.png"))
    assert message.embeds[0].image.url == message.attachments[0].url


async def test_direct_message_reaches_the_bot(sandbox: Sandbox, echo: Echo) -> None:
    """A DM is answered in the DM, and nobody else may write into it."""
    ada, linus = sandbox.users["ada"], sandbox.users["linus"]
    channel = await sandbox.people.open_dm(ada, sandbox.bot_id)
    await sandbox.people.say(ada, channel, "psst")
    await sandbox.wait_for(lambda: len(sandbox.messages(channel)) == 2)
    assert isinstance(echo.heard[0].channel, discord.DMChannel)
    with pytest.raises(Refused):
        await sandbox.people.say(linus, channel, "me too")


async def test_thread_from_a_message_is_joined_by_the_conversation(sandbox: Sandbox, echo: Echo) -> None:
    """A thread on a message shares its id, and the bot hears and answers in it."""
    ada, questions = sandbox.users["ada"], sandbox.channels["questions"]
    message = await sandbox.people.say(ada, questions, "a question")
    thread = await sandbox.people.start_thread(ada, questions, "Answers", message_id=message)
    assert thread == message
    await sandbox.people.say(ada, thread, "inside")
    await sandbox.wait_for(lambda: len(sandbox.messages(thread)) == 2)
    assert isinstance(echo.heard[-1].channel, discord.Thread)
