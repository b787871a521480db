"""Tools without code, once they are there: changed, restricted, tried, looked after, removed, and after a restart."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord
from cryptography.fernet import Fernet

from bot.client import COMMAND_GONE
from bot.http_tools.panel import MANAGERS_ONLY, NOT_SYNCED
from bot.http_tools.secrets import UNREADABLE
from bot.http_tools.service import GONE, NOT_FOR_YOU, NOT_HERE
from bot.settings import Settings
from tests.commands.desk import SECRET, Desk, filled_in, said, text_of
from tests.commands.process import Process
from tests.tools.endpoint import Endpoint, reply


@pytest.fixture
def settings(settings: Settings, weather: Endpoint) -> Settings:
    """The host opens the loopback address, for this test alone, and can keep secrets."""
    given = {"tool_unsafe_addresses": weather.address, "secrets_key": Fernet.generate_key().decode()}
    return type(settings).model_validate(settings.model_dump() | given)


async def forecast(desk: Desk, person: simcord.MemberActor, channel: simcord.ChannelHandle | None = None) -> list[str]:
    """What somebody reads who uses the tool."""
    return said(await person.slash(channel or desk.town.general, "weather", city="Bern"))


def asked(desk: Desk, method: str) -> int:
    """How often Discord was asked for the server's commands (GET), or told of them (PUT)."""
    path = f"/guilds/{desk.town.guild.id}/commands"
    return sum(entry.method == method and entry.path.endswith(path) for entry in desk.town.env.http_requests)


async def test_form_of_a_tool_is_filled_in(desk: Desk) -> None:
    """Without a choice /tools edit opens the form; a new name moves the command, and an empty secret stays."""
    await desk.added(secret=SECRET)
    form = await desk.does("edit", name="weather")
    assert "Left empty it stays as it is" in str(form.modal)
    new = await desk.does("add")
    assert "Left empty" not in str(new.modal)
    assert filled_in(form) == desk.typed() | {"secret": ""}
    changed = desk.typed(name="forecast", parameters="", description="Tell it")
    card = text_of(await desk.ida.submit_modal(form, changed))
    assert card.startswith("### `/forecast`: people have it")
    assert "signed with its secret" in card
    commands = desk.town.edsger.available_commands(desk.town.general)
    assert {"forecast"} <= set(commands)
    assert "weather" not in commands
    assert said(await desk.town.edsger.slash(desk.town.general, "forecast")) == ["Sunny in Bern."]


async def test_secret_can_be_taken_away(desk: Desk) -> None:
    """Who types `none` has requests without a signature from then on."""
    await desk.added(secret=SECRET)
    form = await desk.does("edit", name="weather")
    assert "has no secret" in text_of(await desk.ida.submit_modal(form, desk.typed(secret="none")))
    await forecast(desk, desk.town.edsger)
    assert "x-parley-signature" not in desk.endpoint.asked[0].headers


async def test_traits_are_changed_without_the_form(desk: Desk) -> None:
    """Approval, repeating and the time are choices of the command, and the card tells them."""
    await desk.added()
    card = text_of(await desk.does("edit", name="weather", approval=True, repeatable=True, seconds=2.5))
    assert "waits until somebody approves it" in card
    assert "After a crash it is called again" in card
    assert "It has 2.5 seconds to answer" in card
    (row,) = desk.rows("http_tools")
    assert (row["needs_approval"], row["is_idempotent"], row["timeout_seconds"]) == (1, 1, 2.5)


async def test_tool_that_is_switched_off_has_no_command(desk: Desk) -> None:
    """It stays with its log, and can be switched on again."""
    await desk.added()
    assert "switched off" in text_of(await desk.does("edit", name="weather", enabled=False))
    assert "weather" not in desk.town.edsger.available_commands(desk.town.general)
    await desk.does("edit", name="weather", enabled=True)
    assert await forecast(desk, desk.town.edsger) == ["Sunny in Bern."]


async def test_tool_is_removed_after_a_question(desk: Desk) -> None:
    """The command goes at once, and the rows with it; a second press changes nothing."""
    await desk.added()
    await forecast(desk, desk.town.edsger)
    asked = await desk.does("remove", name="weather")
    assert asked.response is not None
    assert "Remove `/weather` for good" in asked.response.content
    assert len(desk.rows("http_tools")) == 1
    again = await desk.does("remove", name="weather")
    await desk.ida.click(asked.response, label="Remove it")
    assert text_of(asked) == "The tool was removed, with its command."
    assert (desk.rows("http_tools"), desk.rows("http_tool_calls")) == ([], [])
    assert "weather" not in desk.town.edsger.available_commands(desk.town.general)
    assert again.response is not None
    assert said(await desk.ida.click(again.response, label="Remove it"))[-1] == GONE


async def test_tool_is_for_the_roles_that_were_chosen(desk: Desk) -> None:
    """The menu under the card says who may use it; others read why not, and nobody is asked for them."""
    await desk.added()
    card = await desk.does("show", name="weather")
    assert card.response is not None
    sailors = desk.town.guild.create_role("Sailors")
    hopper = desk.town.guild.add_member(desk.town.env.create_user("hopper"), roles=[sailors])
    await desk.ida.select(card.response, [sailors], custom_id="parley:http:roles:1")
    assert f"- Roles: <@&{sailors.id}>" in text_of(card)
    assert await forecast(desk, desk.town.edsger) == [NOT_FOR_YOU]
    assert desk.endpoint.asked == []
    assert await forecast(desk, hopper) == ["Sunny in Bern."]
    await desk.ida.select(card.response, [], custom_id="parley:http:roles:1")
    assert await forecast(desk, desk.town.edsger) == ["Sunny in Bern."]
    simcord.assert_error(desk.town.env, Exception)


async def test_tool_works_in_the_channels_that_were_chosen(desk: Desk, process: Process) -> None:
    """Also in their threads, and also when the menu is older than the process."""
    await desk.added()
    card = await desk.does("show", name="weather")
    assert card.response is not None
    await desk.town.env.restart_bot(await process.start())
    harbour = desk.town.guild.create_text_channel("harbour")
    await desk.ida.select(card.response, [harbour], custom_id="parley:http:channels:1")
    assert f"- Channels: <#{harbour.id}>" in text_of(card)
    assert await forecast(desk, desk.town.edsger) == [NOT_HERE]
    assert await forecast(desk, desk.town.edsger, harbour) == ["Sunny in Bern."]
    channel: Any = desk.town.env.bot.get_channel(harbour.id)
    await channel.create_thread(name="pier", type=discord.ChannelType.public_thread)
    (thread,) = harbour.threads
    assert await forecast(desk, desk.town.edsger, thread) == ["Sunny in Bern."]
    simcord.assert_error(desk.town.env, Exception)


async def test_tools_outlive_the_process(desk: Desk, process: Process) -> None:
    """After a restart the command works as before, without Discord being told of it again."""
    await desk.added(secret=SECRET)
    before = asked(desk, "PUT")
    await desk.town.env.restart_bot(await process.start())
    assert await forecast(desk, desk.town.edsger) == ["Sunny in Bern."]
    assert "x-parley-signature" in desk.endpoint.asked[0].headers
    assert (asked(desk, "GET"), asked(desk, "PUT")) == (1, before)


async def test_discord_is_told_of_commands_only_when_they_change(desk: Desk) -> None:
    """Who may call what, and how, is none of its business."""
    await desk.added()
    before = asked(desk, "PUT")
    await desk.does("edit", name="weather", approval=True)
    card = await desk.does("show", name="weather")
    assert card.response is not None
    await desk.ida.select(card.response, [desk.town.general], custom_id="parley:http:channels:1")
    assert asked(desk, "PUT") == before
    await desk.does("edit", name="weather", enabled=False)
    assert asked(desk, "PUT") == before + 1


async def test_tool_waits_for_discord_to_take_its_command(desk: Desk) -> None:
    """It is kept and the moderator is told; the command comes as soon as Discord takes it."""
    desk.town.env.inject_error("PUT", "/applications/*/guilds/*/commands", status=503)
    assert text_of(await desk.added()).endswith(NOT_SYNCED)
    await desk.town.env.settle()
    assert "weather" in desk.town.edsger.available_commands(desk.town.general)


async def test_discord_is_told_of_what_a_crash_kept_from_it(desk: Desk, process: Process) -> None:
    """Where the commands at Discord are others than ours, they are made the same."""
    await desk.added()
    client = await process.start()
    await desk.town.env.restart_bot(client)
    guild = discord.Object(desk.town.guild.id)
    known = client.tree.get_commands(guild=guild)
    client.tree.clear_commands(guild=guild)
    await client.tree.sync(guild=guild)  # what a crash left at Discord
    assert "weather" not in desk.town.edsger.available_commands(desk.town.general)
    for command in known:
        client.tree.add_command(command, guild=guild)
    client.command_sync.request(guild.id)  # as at a start
    await desk.town.env.settle()
    assert "weather" in desk.town.edsger.available_commands(desk.town.general)


async def test_command_that_only_discord_knows_is_answered_and_goes(desk: Desk) -> None:
    """A command of a tool that is gone says so, and Discord offers it no more."""
    await desk.added()
    bot: Any = desk.town.env.bot
    bot.tree.clear_commands(guild=discord.Object(desk.town.guild.id))
    assert await forecast(desk, desk.town.edsger) == [COMMAND_GONE]
    assert "weather" not in desk.town.edsger.available_commands(desk.town.general)
    simcord.assert_error(desk.town.env, Exception)


async def test_trial_shows_what_the_endpoint_answers(desk: Desk) -> None:
    """Only who tries it sees status, time and words; the log knows of it."""
    await desk.added()
    tried = text_of(await desk.does("test", name="weather", arguments='{"city": "Bern"}'))
    assert tried.startswith("✅ `/weather`: status 200, ")
    assert tried.endswith(" ms\n```\nSunny in Bern.\n```")
    (noted,) = desk.rows("http_tool_calls")
    assert (noted["user_id"], noted["channel_id"], noted["run_id"]) == (desk.ida.id, desk.town.general.id, None)
    log = text_of(await desk.does("log", name="weather"))
    assert log.startswith("### Latest calls of `/weather`\n✅ 200 done, ")
    assert log.endswith(f" for <@{desk.ida.id}> in <#{desk.town.general.id}> (slash command)")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [("{", "The arguments are not JSON: "), ('{"city": 1}', "The arguments are not right. city: 1 is not of type")],
)
async def test_trial_with_wrong_arguments_asks_nobody(desk: Desk, arguments: str, sentence: str) -> None:
    """The person reads what is wrong."""
    await desk.added()
    result = await desk.does("test", name="weather", arguments=arguments)
    assert said(result)[-1].startswith(sentence)
    assert desk.endpoint.asked == []
    simcord.assert_error(desk.town.env, Exception)


@pytest.mark.parametrize(
    ("answers", "sentence", "status", "outcome"),
    [
        (
            [reply("500 Oops", b"<p>", content_type="text/html")],
            "The tool's endpoint answered with an error (500).",
            500,
            "failed",
        ),
        (
            [reply("404 No", b'{"error": "no such city"}', content_type="application/json")],
            'The tool\'s endpoint answered with an error (404: {"error": "no such city"}).',
            404,
            "failed",
        ),
        (
            [reply(body=b"<html>", content_type="text/html")],
            "The tool's endpoint answered with text/html; it has to be application/json or text/plain.",
            200,
            "failed",
        ),
        (
            [reply(body=b"{", content_type="application/json")],
            "The tool's endpoint answered with something that is not the JSON it says it is.",
            200,
            "failed",
        ),
        (
            [reply(body=b"x" * 1_000_001)],
            "127.0.0.1 sent more than 1,000,000 bytes, which is too much.",
            None,
            "refused",
        ),
        ([b"rubbish\r\n\r\n"], "127.0.0.1 could not be reached safely, or its answer broke off.", None, "refused"),
        (
            [reply("302 Found", location="http://10.0.0.1/")],
            "127.0.0.1 redirects to another address: give the one that it leads to.",
            None,
            "refused",
        ),
    ],
)
async def test_endpoint_that_fails_is_told_in_a_sentence(
    desk: Desk, sentence: str, status: int | None, outcome: str
) -> None:
    """Whoever used the tool reads why nothing came of it, and the log holds what came."""
    await desk.added()
    assert await forecast(desk, desk.town.edsger) == [sentence]
    (noted,) = desk.rows("http_tool_calls")
    assert (noted["status"], noted["outcome"]) == (status, outcome)
    simcord.assert_error(desk.town.env, Exception)


async def test_secret_that_cannot_be_read_refuses_the_tool(desk: Desk, settings: Settings) -> None:
    """With another key the tool says so until its secret is entered anew; nothing is sent without a signature."""
    await desk.added(secret=SECRET)
    other = settings.model_copy(update={"secrets_key": type(settings.secrets_key)(Fernet.generate_key().decode())})
    async with Process(other) as process:
        await desk.town.env.restart_bot(await process.start())
        assert await forecast(desk, desk.town.edsger) == [UNREADABLE]
        assert desk.endpoint.asked == []
        form = await desk.does("edit", name="weather")
        await desk.ida.submit_modal(form, desk.typed(secret=SECRET))
        assert await forecast(desk, desk.town.edsger) == ["Sunny in Bern."]
    simcord.assert_error(desk.town.env, Exception)


async def test_commands_ask_for_manage_server_themselves(desk: Desk) -> None:
    """Where a server lets others have the command, what it changes is still for those who manage the server."""
    await desk.added()
    bot: Any = desk.town.env.bot
    command = bot.tree.get_command("tools")
    command.default_permissions = None
    await bot.tree.sync()
    for name, options in {"add": {}, "show": {"name": "weather"}, "remove": {"name": "weather"}}.items():
        refused = await desk.town.grace.slash(desk.town.general, f"tools {name}", **options)
        assert (said(refused), refused.ephemeral) == ([MANAGERS_ONLY], True)
    simcord.assert_error(desk.town.env, Exception)


async def test_names_are_suggested(desk: Desk) -> None:
    """While a name is typed, those of the server's tools that hold it are offered."""
    await desk.added()
    await desk.added(name="whether")
    shown = await desk.ida.autocomplete(desk.town.general, "tools show", "name", "weat")
    assert "weather" in str(shown)
    assert "whether" not in str(shown)


async def test_tool_of_no_name_that_is_known_is_refused(desk: Desk) -> None:
    """A sentence says where the names are."""
    assert said(await desk.does("show", name="nothing")) == [GONE]
    simcord.assert_error(desk.town.env, Exception)
