"""Webhooks as discord.py makes and uses them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.limits import Limits
from sandbox.world import Sandbox
from tests.sandbox.bots import Echo, Form, logged_in

PNG = b"\x89PNG\r\n\x1a\n"
MASK = "https://example.org/mask.png"


@pytest.fixture
async def webhook(sandbox: Sandbox, echo: Echo) -> discord.Webhook:
    """A webhook of #general."""
    return await room(sandbox, echo).create_webhook(name="Parley's masks")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections of somebody who is not the bot."""
    async with aiohttp.ClientSession() as opened:
        yield opened


def room(sandbox: Sandbox, client: discord.Client, name: str = "general") -> discord.TextChannel:
    """A text channel as the bot sees it."""
    channel = client.get_channel(sandbox.channels[name])
    assert isinstance(channel, discord.TextChannel)
    return channel


class Buttons(discord.ui.View):
    """A button that changes its message, and one that opens a form."""

    @discord.ui.button(label="Change", custom_id="change")
    async def change(self, interaction: discord.Interaction, _button: discord.ui.Button[Buttons]) -> None:
        """Change the message in place."""
        await interaction.response.edit_message(content="changed")

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, _button: discord.ui.Button[Buttons]) -> None:
        """Open a form."""
        await interaction.response.send_modal(Form())


async def test_message_shows_name_and_picture_of_its_own(
    sandbox: Sandbox, echo: Echo, webhook: discord.Webhook
) -> None:
    """Each message keeps the name and picture that it was sent with, as an app's, in the answer and in the event."""
    heard = asyncio.create_task(echo.wait_for("message", timeout=10))
    sent = await webhook.send("Elementary.", username="Holmes", avatar_url=MASK, wait=True)
    arrived = await heard
    for message in (sent, arrived):
        assert (message.author.name, message.author.bot, message.webhook_id) == ("Holmes", True, webhook.id)
    [written] = sandbox.messages(sandbox.channels["general"])
    assert (written["author"]["id"], written["author"]["global_name"]) == (str(webhook.id), None)
    face = f"/cdn/avatars/{webhook.id}/{written['author']['avatar']}.png"
    async with (
        aiohttp.ClientSession() as session,
        session.get(sandbox.address + face, allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (302, MASK)
    plain = await webhook.send("And I am the webhook.", wait=True)
    assert (plain.author.name, plain.author.avatar) == ("Parley's masks", None)


async def test_answer_comes_only_to_who_waits(sandbox: Sandbox, webhook: discord.Webhook) -> None:
    """Without `wait` the answer is empty, and the message is posted all the same."""
    await webhook.send("no answer")
    assert sandbox.requests[-1].status == 204
    assert [message["content"] for message in sandbox.messages(sandbox.channels["general"])] == ["no answer"]


async def test_message_is_edited_shown_and_deleted_by_the_token(sandbox: Sandbox, webhook: discord.Webhook) -> None:
    """A webhook's own message can be changed, read and removed, with its files; nobody else's can."""
    general = sandbox.channels["general"]
    message = await webhook.send("one", username="Holmes", file=discord.File(io.BytesIO(PNG), "face.png"), wait=True)
    await message.edit(content="two")
    assert (await webhook.fetch_message(message.id)).content == "two"
    [kept] = sandbox.messages(general)
    assert (kept["content"], kept["author"]["username"], kept["attachments"][0]["filename"]) == (
        "two",
        "Holmes",
        "face.png",
    )
    await message.delete()
    assert sandbox.messages(general) == []
    others = await sandbox.people.say(sandbox.users["ada"], general, "mine")
    with pytest.raises(discord.NotFound, match="10008"):
        await webhook.edit_message(others, content="yours")


async def test_thread_is_written_by_its_channels_webhook(
    sandbox: Sandbox, echo: Echo, webhook: discord.Webhook
) -> None:
    """With `thread_id` messages live in the thread, an archived one opens; other channels' threads are unknown."""
    general = room(sandbox, echo)
    thread = await general.create_thread(name="Case", type=discord.ChannelType.public_thread)
    await sandbox.people.archive_thread(sandbox.users["ada"], thread.id)
    message = await webhook.send("inside", thread=thread, wait=True)
    await webhook.edit_message(message.id, content="inside!", thread=thread)
    assert [kept["content"] for kept in sandbox.messages(thread.id)] == ["inside!"]
    metadata = sandbox.engine.get_thread(thread.id).thread_metadata
    assert metadata is not None
    assert not metadata.archived
    with pytest.raises(discord.NotFound, match="10008"):
        await webhook.edit_message(message.id, content="not in the channel")
    elsewhere = await room(sandbox, echo, "questions").create_thread(
        name="Other", type=discord.ChannelType.public_thread
    )
    with pytest.raises(discord.NotFound, match="10003"):
        await webhook.send("lost", thread=elsewhere, wait=True)


async def test_its_buttons_and_forms_reach_the_bot(sandbox: Sandbox, webhook: discord.Webhook) -> None:
    """An application's own webhook may send buttons; pressed, they change its message or open a form."""
    general, linus = sandbox.channels["general"], sandbox.users["linus"]
    message = await webhook.send("panel", view=Buttons(timeout=None), username="Holmes", wait=True)
    outcome = await sandbox.people.press(linus, general, message.id, "change")
    assert (outcome.status, sandbox.messages(general)[0]["content"]) == ("answered", "changed")
    form = await sandbox.people.press(linus, general, message.id, "form")
    noted = await sandbox.people.submit(linus, form.interaction_id, {"what": "a hat"})
    assert noted.ephemeral


async def test_mentions_ping_only_whom_they_may(sandbox: Sandbox, webhook: discord.Webhook) -> None:
    """`allowed_mentions` holds for webhooks too."""
    linus = sandbox.users["linus"]
    await webhook.send(f"<@{linus}>", allowed_mentions=discord.AllowedMentions.none(), wait=True)
    await webhook.send(f"<@{linus}>", wait=True)
    quiet, loud = sandbox.engine.messages[sandbox.channels["general"]].values()
    assert (quiet.ping_user_ids, loud.ping_user_ids) == ([], [linus])


async def test_webhook_is_found_renamed_moved_and_deleted(
    sandbox: Sandbox, echo: Echo, webhook: discord.Webhook
) -> None:
    """The application finds its webhooks with their tokens, and what became of them is announced."""
    general, questions = room(sandbox, echo), room(sandbox, echo, "questions")
    [found] = await general.webhooks()
    assert (found.id, found.token, found.user) == (webhook.id, webhook.token, echo.user)
    assert len(found.token or "") == 68
    told = asyncio.create_task(echo.wait_for("webhooks_update", timeout=10))
    await webhook.edit(name="Moved", avatar=PNG, channel=questions)
    assert await told == questions
    [moved] = await questions.webhooks()
    assert (moved.name, moved.avatar is not None, await general.webhooks()) == ("Moved", True, [])
    assert (await moved.send("hello", wait=True)).author.avatar is not None
    await webhook.delete()
    with pytest.raises(discord.NotFound, match="10015"):
        await webhook.send("gone")
    with pytest.raises(discord.NotFound, match="10015"):
        await echo.fetch_webhook(webhook.id)


async def test_webhooks_go_with_their_channel(sandbox: Sandbox, webhook: discord.Webhook) -> None:
    """Whoever deletes a channel deletes its webhooks."""
    await sandbox.people.delete_channel(sandbox.users["ada"], sandbox.channels["general"])
    with pytest.raises(discord.NotFound, match="10015"):
        await webhook.send("gone")


async def test_webhooks_need_the_permission(sandbox: Sandbox, echo: Echo, session: aiohttp.ClientSession) -> None:
    """Without Manage Webhooks none are made or listed, and without the bot's token none is shown by its id."""
    webhook = await room(sandbox, echo).create_webhook(name="Mask")
    async with session.get(f"{sandbox.api_base_url}/webhooks/{webhook.id}") as answer:
        assert answer.status == 401
    role = sandbox.engine.get_role(sandbox.guild_id, sandbox.house.roles["bot"])
    may = discord.Permissions(role.permissions)
    may.update(manage_webhooks=False)
    sandbox.engine.edit_role(sandbox.guild_id, role.id, {"permissions": may.value})
    with pytest.raises(discord.Forbidden, match="50013"):
        await room(sandbox, echo).create_webhook(name="Another")
    with pytest.raises(discord.Forbidden, match="50013"):
        await room(sandbox, echo).webhooks()
    await webhook.send("the token is enough for this")


async def test_wrong_token_and_too_many_webhooks_are_refused(
    sandbox: Sandbox, echo: Echo, webhook: discord.Webhook, session: aiohttp.ClientSession
) -> None:
    """A token that is not the webhook's opens nothing, and a channel has room for fifteen."""
    url = f"{sandbox.api_base_url}/webhooks/{webhook.id}/{'x' * 68}"
    async with session.post(url, json={"content": "let me in"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, 50027)
    for number in range(14):
        await room(sandbox, echo).create_webhook(name=f"Mask {number}")
    with pytest.raises(discord.HTTPException, match="30007"):
        await room(sandbox, echo).create_webhook(name="One too many")


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"username": "Discordia"}, 'In username: Username cannot contain "discord"'),
        ({"username": "Mr Clyde"}, 'In username: Username cannot contain "clyde"'),
        ({"username": "x" * 81}, "In username: Must be between 1 and 80 in length."),
        ({"avatar_url": "file:///etc/passwd"}, "In avatar_url: Not a well formed URL."),
    ],
)
async def test_masks_that_discord_forbids_are_refused(
    sandbox: Sandbox, webhook: discord.Webhook, sent: dict[str, Any], fault: str
) -> None:
    """Names with Discord's own in them, long names and odd addresses are told by their field."""
    with pytest.raises(discord.HTTPException) as caught:
        await webhook.send("hello", **sent)
    assert fault in str(caught.value)
    assert sandbox.messages(sandbox.channels["general"]) == []


async def test_executions_are_limited_per_webhook(sandbox: Sandbox, webhook: discord.Webhook) -> None:
    """discord.py paces itself by the webhook's own bucket, which is not the channel's."""
    sandbox.limits = Limits(webhook_limit=1, webhook_window_seconds=0.2)
    for text in "abc":
        await webhook.send(text)
    sent = [record for record in sandbox.requests if record.route == "/webhooks/{webhook_id}/{token}"]
    assert [record.status for record in sent] == [204, 204, 204]
    assert all(record.remaining == 0 for record in sent)
    assert sent[2].at - sent[0].at >= 0.4


async def test_execution_knows_no_nonce(
    sandbox: Sandbox, webhook: discord.Webhook, session: aiohttp.ClientSession
) -> None:
    """Discord's webhooks have no nonces: one that is sent makes no message unique and comes back nowhere."""
    url = f"{sandbox.api_base_url}/webhooks/{webhook.id}/{webhook.token}?wait=true"
    for _ in range(2):
        async with session.post(url, json={"content": "twice", "nonce": "1", "enforce_nonce": True}) as answer:
            assert (await answer.json())["nonce"] is None
    assert len(sandbox.messages(sandbox.channels["general"])) == 2


async def test_webhooks_outlive_the_sandbox(tmp_path: Path) -> None:
    """After a restart the same token works, and what was said keeps its name."""
    path = tmp_path / "world.json"
    async with Sandbox.open(state_file=path) as first:
        bot = Echo()
        async with logged_in(bot, first):
            webhook = await room(first, bot).create_webhook(name="Mask")
            await webhook.send("before", username="Holmes")
    async with Sandbox.open(state_file=path) as second:
        bot = Echo()
        async with logged_in(bot, second):
            [kept] = await room(second, bot).webhooks()
            assert kept.token == webhook.token
            await kept.send("after", username="Watson")
        names = [message["author"]["username"] for message in second.messages(second.channels["general"])]
        assert names == ["Holmes", "Watson"]
