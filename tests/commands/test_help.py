"""/help: what somebody may use where they are, by themes."""

from __future__ import annotations

import logging
from typing import Any

import discord
import pytest
import simcord

from tests.commands.desk import text_of
from tests.commands.process import Process
from tests.commands.town import Town, labels


async def asked(person: simcord.MemberActor, channel: simcord.ChannelHandle) -> simcord.ResponseMessage:
    """The first page of somebody's /help."""
    result = await person.slash(channel, "help")
    assert result.ephemeral
    assert result.response is not None
    return result.response


async def read(person: simcord.MemberActor, channel: simcord.ChannelHandle, *buttons: str) -> str:
    """What somebody reads after pressing these buttons of /help, one after the other."""
    message = await asked(person, channel)
    for label in buttons:
        await person.click(message, label=label)
    return message.content


async def themes(person: simcord.MemberActor, town: Town) -> list[str]:
    """What the buttons of somebody's /help say."""
    return labels((await asked(person, town.general)).message)


def override(town: Town, name: str | None, rules: dict[Any, bool]) -> None:
    """What the server sets in its integration settings: of a command, or of all."""
    bot: Any = town.env.bot
    ids = {command["name"]: int(command["id"]) for command in town.env.backend.commands[None].values()}
    town.guild.set_command_permissions(bot.application_id if name is None else ids[name], rules)


def fetches(town: Town) -> int:
    """How often the bot asked what the server has set."""
    return sum(entry.path.endswith("/commands/permissions") for entry in town.env.http_requests)


async def test_first_page_tells_how_to_be_answered(town: Town) -> None:
    """In a channel one mentions the bot, in a direct message one just writes; commands for chatting stand below."""
    lines = (await read(town.linus, town.general)).splitlines()
    assert lines[0].startswith(f"Mention {town.mention}")
    assert any(line.startswith("- `/ask`: Ask a question") for line in lines[2:])
    assert lines[-1].startswith("-# The model here is")
    alone = await town.linus.user.slash("help")
    assert alone.response.content.startswith("Write to me here")


async def test_everybody_has_the_buttons_of_what_they_may_use(town: Town) -> None:
    """Members, moderators and who owns the server see the themes in which there is something for them."""
    assert await themes(town.linus, town) == ["Chatting", "Tools", "Your data"]
    assert await themes(town.grace, town) == ["Chatting", "Tools", "Your data", "For moderators"]
    text = await read(town.grace, town.general, "For moderators")
    assert "- `/runs`: See the answers" in text
    assert "/tools" not in text


async def test_administrators_have_every_command_of_the_server(town: Town) -> None:
    """A group of commands is one line, with all that is in it."""
    chief = town.guild.create_role("Chief", permissions=discord.Permissions(administrator=True))
    ada = town.guild.add_member(town.env.create_user("ada"), roles=[chief])
    text = await read(ada, town.general, "For moderators")
    assert "- `/runs`" in text
    assert "- `/tools`: See, switch and register the tools of this server (`list`, `enable`," in text


async def test_tools_have_a_theme_of_their_own(town: Town) -> None:
    """They are told as what people can use too; those of a server alone are in no direct message."""
    there = await read(town.edsger, town.general, "Tools")
    assert "- `/roll`: Roll dice" in there
    assert "`/server_info`" in there
    alone = await town.edsger.user.slash("help")
    await town.edsger.user.click(alone.response, label="Tools")
    assert "`/roll`" in alone.response.content
    assert "`/server_info`" not in alone.response.content


async def test_themes_of_a_message_outlive_the_process(town: Town, process: Process) -> None:
    """The buttons carry what they lead to."""
    message = await asked(town.linus, town.general)
    await town.env.restart_bot(await process.start())
    await town.linus.click(message, label="Tools")
    assert message.content.startswith("Tools, for you and for the model:")
    await town.linus.click(message, label="Chatting")
    assert message.content.startswith(f"Mention {town.mention}")


async def test_long_theme_has_pages(town: Town, process: Process) -> None:
    """What does not fit one message is on the next, and one can go back."""
    client = await process.start()
    await client.load(["tests.tools.many"])
    await town.env.restart_bot(client)
    message = await asked(town.linus, town.general)
    await town.linus.click(message, label="Tools")
    first = message.content
    assert "-# Page 1 of" in first
    assert "Back" not in labels(message.message)
    await town.linus.click(message, label="More")
    assert "-# Page 2 of" in message.content
    await town.linus.click(message, label="Back")
    assert message.content == first


async def test_menus_of_messages_and_people_are_named(town: Town, process: Process) -> None:
    """Context menus are commands too; one finds them elsewhere."""
    client = await process.start()
    await client.load(["tests.commands.menus"])
    await town.env.restart_bot(client)
    text = await read(town.linus, town.general)
    assert "- **Praise this**, in the menu of a message under Apps" in text
    assert "- **Praise them**, in the menu of a person under Apps" in text


async def test_hosts_commands_are_for_the_host_alone(town: Town, process: Process) -> None:
    """Nobody else reads of what would refuse them, however much they may do in the server."""
    client = await process.start()
    await client.load(["tests.commands.menus"])
    client.owner_id = town.linus.id
    await town.env.restart_bot(client)
    assert "- `/engine_room`: For the host" in await read(town.linus, town.general, "For the host")
    assert "For the host" not in await themes(town.grace, town)


@pytest.mark.parametrize(
    ("rule", "seen"),
    [("grace", False), ("Moderator", False), ("general", False), ("elsewhere", True), ("edsger", True)],
)
async def test_server_can_take_a_command_away(town: Town, rule: str, seen: bool) -> None:
    """Whom the server keeps a command from does not read of it: a person, a role, or whoever is in a channel."""
    (moderator,) = [role for role in town.guild.roles.values() if role.name == "Moderator"]
    targets: dict[str, Any] = {
        "grace": town.grace,
        "edsger": town.edsger,
        "Moderator": moderator,
        "general": town.general,
        "elsewhere": town.guild.create_text_channel("elsewhere"),
    }
    override(town, "ask", {targets[rule]: False})
    assert ("`/ask`" in await read(town.grace, town.general)) == seen


async def test_rule_for_a_channel_holds_in_its_threads(town: Town) -> None:
    """Discord has none for threads themselves."""
    channel: Any = town.env.bot.get_channel(town.general.id)
    await channel.create_thread(name="aside", type=discord.ChannelType.public_thread)
    (thread,) = town.general.threads
    assert "`/ask`" in await read(town.linus, thread)
    await town.env.advance_time(61)
    override(town, "ask", {town.general: False})
    assert "`/ask`" not in await read(town.linus, thread)


async def test_server_can_give_a_command_to_others(town: Town) -> None:
    """Whom it allows one needs no permission for it; who is not told of keeps what the command asks for."""
    override(town, "runs", {town.edsger: True})
    assert "`/runs`" in await read(town.edsger, town.general, "For moderators")
    assert "For moderators" not in await themes(town.linus, town)


async def test_server_can_take_all_commands_away(town: Town) -> None:
    """A rule for all of the bot's commands holds, except where one of them has a rule of its own."""
    override(town, None, {town.edsger: False})
    override(town, "ask", {town.edsger: True})
    override(town, "help", {town.edsger: True})
    text = await read(town.edsger, town.general)
    assert "`/ask`" in text
    assert "`/reset`" not in text


async def test_rules_of_the_server_are_asked_for_once_a_minute(town: Town) -> None:
    """Many who ask for help at once cost one request."""
    for _ in range(3):
        await asked(town.linus, town.general)
    assert fetches(town) == 1
    await town.env.advance_time(61)
    await asked(town.linus, town.general)
    assert fetches(town) == 2


async def test_help_comes_though_the_rules_do_not(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """Where Discord does not tell them, the commands' own permissions count."""
    caplog.set_level(logging.INFO, "bot.commands.access")
    town.env.inject_error("GET", "/applications/*/guilds/*/commands/permissions", status=503)
    assert "`/ask`" in text_of(await town.linus.slash(town.general, "help"))
    assert "is not known" in caplog.text
