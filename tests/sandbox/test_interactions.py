"""Commands, buttons, menus and forms of a real discord.py bot, used by the sandbox's people."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from sandbox.wire import Refused
from sandbox.world import Sandbox
from tests.sandbox.bots import Workshop, logged_in
from tests.sandbox.conftest import Connect


@pytest.fixture
async def bot(connect: Connect) -> Workshop:
    """The bot, logged in and synced."""
    client = Workshop()
    await connect(client)
    return client


with_bot = pytest.mark.usefixtures("bot")


async def answers(sandbox: Sandbox, count: int, viewer: str = "ada") -> list[dict[str, Any]]:
    """The messages of the playground once there are that many finished ones."""
    channel = sandbox.channels["playground"]

    def finished() -> list[dict[str, Any]] | None:
        shown = sandbox.messages(channel, sandbox.users[viewer])
        return shown if len([item for item in shown if not item["flags"] & 128]) >= count else None

    return await sandbox.wait_for(finished)


async def panel(sandbox: Sandbox) -> int:
    """The id of a fresh panel."""
    outcome = await sandbox.people.command(sandbox.users["grace"], sandbox.channels["playground"], "quiet")
    assert outcome.status == "answered"
    assert outcome.message_id is not None
    return outcome.message_id


@with_bot
async def test_slash_command_brings_every_kind_of_option(sandbox: Sandbox) -> None:
    """Text, member, channel, boolean and file reach the bot typed and resolved."""
    options = {
        "question": "why?",
        "friend": sandbox.users["linus"],
        "where": str(sandbox.channels["general"]),
        "loud": "true",
        "paper": ("note.txt", b"written"),
    }
    outcome = await sandbox.people.command(sandbox.users["ada"], sandbox.channels["playground"], "ask", options)
    assert outcome.status == "deferred"
    assert (await answers(sandbox, 1))[0]["content"] == "why?|linus|general|written"


@with_bot
async def test_subcommand_takes_numbers_and_refuses_what_is_none(sandbox: Sandbox) -> None:
    """A subcommand is found by its path; a wrong, missing or unknown option is refused before the bot sees it."""
    ada, playground = sandbox.users["ada"], sandbox.channels["playground"]
    outcome = await sandbox.people.command(ada, playground, "tools add", {"first": 2, "second": "0.5"})
    assert outcome.status == "answered"
    assert sandbox.messages(playground)[0]["content"] == "2.5"
    for options in ({"first": "two", "second": 1}, {"first": 1}, {"first": 1, "second": 1, "third": 1}):
        with pytest.raises(Refused):
            await sandbox.people.command(ada, playground, "tools add", options)


@with_bot
async def test_ephemeral_answer_is_seen_by_its_user_only(sandbox: Sandbox) -> None:
    """A deferred private answer is there for the asker and for nobody else."""
    ada, playground = sandbox.users["ada"], sandbox.channels["playground"]
    outcome = await sandbox.people.command(ada, playground, "ask", {"question": "psst"})
    assert outcome.ephemeral
    assert (await answers(sandbox, 1))[0]["content"] == "psst|None|None|None"
    assert sandbox.messages(playground, sandbox.users["linus"]) == []


@with_bot
async def test_button_updates_its_message_and_a_disabled_one_cannot_be_pressed(sandbox: Sandbox) -> None:
    """Pressing edits the message in place; disabled and unknown buttons are refused."""
    linus, playground, message = sandbox.users["linus"], sandbox.channels["playground"], await panel(sandbox)
    outcome = await sandbox.people.press(linus, playground, message, "count")
    assert (outcome.status, outcome.message_id) == ("answered", message)
    assert sandbox.messages(playground)[0]["content"] == "counted"
    for custom_id in ("off", "gone", "fruit"):
        with pytest.raises(Refused):
            await sandbox.people.press(linus, playground, message, custom_id)


@with_bot
async def test_menus_bring_strings_and_members(sandbox: Sandbox) -> None:
    """A chosen option and a chosen user reach the bot; what is not in the menu is refused."""
    linus, playground, message = sandbox.users["linus"], sandbox.channels["playground"], await panel(sandbox)
    assert (await sandbox.people.choose(linus, playground, message, "fruit", ["Fig"])).status == "nothing"
    await sandbox.people.choose(linus, playground, message, "who", [sandbox.users["grace"]])
    contents = {item["content"] for item in await answers(sandbox, 3)}
    assert {"linus likes Fig", "chose Grace"} <= contents
    with pytest.raises(Refused):
        await sandbox.people.choose(linus, playground, message, "fruit", ["Stone"])


@with_bot
async def test_form_is_shown_filled_in_and_sent_once(sandbox: Sandbox) -> None:
    """A modal's fields reach the bot; too long a text, another user or a second time is refused."""
    linus, playground, message = sandbox.users["linus"], sandbox.channels["playground"], await panel(sandbox)
    shown = await sandbox.people.press(linus, playground, message, "form")
    assert shown.status == "modal"
    assert shown.modal is not None
    assert shown.modal["title"] == "Tell us"
    with pytest.raises(Refused):
        await sandbox.people.submit(sandbox.users["ada"], shown.interaction_id, {"what": "x"})
    with pytest.raises(Refused):
        await sandbox.people.submit(linus, shown.interaction_id, {"what": "x" * 21})
    outcome = await sandbox.people.submit(linus, shown.interaction_id, {"what": "rain"})
    assert (outcome.status, outcome.ephemeral) == ("answered", True)
    assert sandbox.messages(playground, linus)[-1]["content"] == "noted: rain"
    with pytest.raises(Refused):
        await sandbox.people.submit(linus, shown.interaction_id, {"what": "rain"})


@with_bot
async def test_suggestions_come_while_one_types(sandbox: Sandbox) -> None:
    """Autocomplete sends what was typed so far and returns the bot's choices."""
    choices = await sandbox.people.autocomplete(
        sandbox.users["ada"], sandbox.channels["playground"], "late", {"word": "su"}, "word"
    )
    assert [choice["value"] for choice in choices] == ["sua", "sub"]


@with_bot
async def test_context_menu_command_brings_its_message(sandbox: Sandbox) -> None:
    """A message command receives the message it was called on."""
    ada, playground = sandbox.users["ada"], sandbox.channels["playground"]
    message = await sandbox.people.say(ada, playground, "well said")
    outcome = await sandbox.people.context(ada, playground, "Quote this", message, kind=3)
    assert outcome.status == "answered"
    assert sandbox.messages(playground, ada)[-1]["content"] == "> well said"


@with_bot
async def test_context_menu_commands_bring_members_and_open_forms(sandbox: Sandbox) -> None:
    """A user command receives the member with their roles; a message command may open a form, sent once."""
    ada, playground = sandbox.users["ada"], sandbox.channels["playground"]
    await sandbox.people.context(ada, playground, "Greet", sandbox.users["grace"], kind=2)
    assert sandbox.messages(playground, ada)[-1]["content"] == "hello Grace, Moderator"
    message = await sandbox.people.say(ada, playground, "well said")
    shown = await sandbox.people.context(ada, playground, "Tell us", message, kind=3)
    assert shown.status == "modal"
    noted = await sandbox.people.submit(ada, shown.interaction_id, {"what": "rain"})
    assert (noted.status, sandbox.messages(playground, ada)[-1]["content"]) == ("answered", "noted: rain")


@with_bot
async def test_commands_are_hidden_from_those_who_may_not_use_them(sandbox: Sandbox) -> None:
    """A command for moderators is refused to a member, and every command where the channel is hidden."""
    linus = sandbox.users["linus"]
    with pytest.raises(Refused):
        await sandbox.people.command(linus, sandbox.channels["playground"], "quiet")
    with pytest.raises(Refused):
        await sandbox.people.command(linus, sandbox.channels["moderators"], "ask", {"question": "x"})


async def test_unanswered_interaction_fails_at_its_deadline() -> None:
    """Without an answer in time the person reads so, and the bot's late answer is refused."""
    async with Sandbox.open(answer_seconds=0.2) as sandbox:
        client = Workshop()
        async with logged_in(client, sandbox):
            ada, playground = sandbox.users["ada"], sandbox.channels["playground"]
            outcome = await sandbox.people.command(ada, playground, "late", {"word": "x"})
            assert (outcome.status, outcome.error) == ("failed", "The application did not respond")
            record = sandbox.engine.interactions[outcome.interaction_id]
            path = f"/interactions/{record.id}/{record.token}/callback"
            with pytest.raises(discord.NotFound, match="10062"):
                await client.http.request(discord.http.Route("POST", path), json={"type": 5})


@with_bot
async def test_two_people_use_the_bot_at_the_same_time(sandbox: Sandbox) -> None:
    """Interactions of different users run side by side and each gets their own answer."""
    names, playground = ("ada", "grace", "linus", "edsger"), sandbox.channels["playground"]
    outcomes = await asyncio.gather(
        *(sandbox.people.command(sandbox.users[name], playground, "ask", {"question": name}) for name in names)
    )
    assert {outcome.status for outcome in outcomes} == {"deferred"}
    for name in names:
        assert [item["content"] for item in await answers(sandbox, 1, name)] == [f"{name}|None|None|None"]


@with_bot
async def test_guild_commands_come_and_go_one_at_a_time(sandbox: Sandbox, bot: Workshop) -> None:
    """A command added to a server is there at once, keeps its id when it is changed, and is gone when removed."""
    ada, playground = sandbox.users["ada"], sandbox.channels["playground"]
    application, guild = sandbox.application_id, sandbox.guild_id
    made = await bot.http.upsert_guild_command(application, guild, {"name": "rain", "description": "Rain", "type": 1})
    again = await bot.http.upsert_guild_command(application, guild, {"name": "rain", "description": "It rains"})
    assert (again["id"], again["description"]) == (made["id"], "It rains")
    await bot.http.edit_guild_command(application, guild, int(made["id"]), {"name": "snow"})
    shown = await bot.http.get_guild_command(application, guild, int(made["id"]))
    assert (shown["name"], shown["description"]) == ("snow", "It rains")
    assert [command.name for command in await bot.tree.fetch_commands(guild=discord.Object(guild))] == ["snow"]
    using = asyncio.create_task(sandbox.people.command(ada, playground, "snow"))
    await bot.wait_for("interaction", check=lambda interaction: interaction.data["name"] == "snow")
    using.cancel()
    await bot.http.delete_guild_command(application, guild, int(made["id"]))
    with pytest.raises(Refused, match="no command snow"):
        await sandbox.people.command(ada, playground, "snow")
    with pytest.raises(discord.NotFound, match="10063"):
        await bot.http.delete_guild_command(application, guild, int(made["id"]))
