"""/set, /unset, /settings and /model as members and moderators use them."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord.ext import commands

from bot.place_settings.managing import MANAGERS_ONLY, SERVER_MANAGERS_ONLY
from bot.place_settings.table import SETTINGS
from sandbox.provider import MODEL
from tests.commands.council import Council, said, values
from tests.commands.process import Process

COMMANDS = {"set", "unset", "settings", "prompt", "model"}


async def test_commands_are_there_for_managers_of_channels(council: Council) -> None:
    """Discord offers them to who has Manage Channels, and to everybody in their own direct messages."""
    town = council.town
    assert set(council.nora.available_commands(town.general)) >= COMMANDS
    assert COMMANDS.isdisjoint(town.grace.available_commands(town.general))
    assert set(town.linus.user.available_commands()) >= COMMANDS


async def test_value_is_set_and_asked_for(council: Council) -> None:
    """From the next answer on, in this channel alone; who set it is stored."""
    general = council.town.general
    told = await council.does("set", name="temperature", value="0.7")
    assert told == f"`temperature` is `0.7` in <#{general.id}> now."
    assert (await council.asked())["temperature"] == 0.7
    assert "temperature" not in await council.asked(council.parlour)
    assert council.rows() == [("channel", general.id, "temperature", 0.7, council.nora.user.id)]


async def test_nearest_place_counts_and_says_so(council: Council) -> None:
    """Category before server, channel before category; who sets further out is told what is nearer."""
    parlour, olaf = council.parlour, council.olaf
    await council.does("set", who=olaf, channel=parlour, name="top_p", value="0.1", where="server")
    await council.does("set", channel=parlour, name="top_p", value="0.2", where="category")
    assert ((await council.asked(parlour))["top_p"], (await council.asked())["top_p"]) == (0.2, 0.1)
    await council.does("set", channel=parlour, name="top_p", value="0.3", where="channel")
    told = await council.does("set", who=olaf, channel=parlour, name="top_p", value="0.4", where="server")
    assert told == (
        f"`top_p` is `0.4` in this server now. Where you are it is still `0.3`, as chosen for <#{parlour.id}>; "
        "`/unset` there lets it go."
    )
    assert (await council.asked(parlour))["top_p"] == 0.3


async def test_value_is_unset(council: Council) -> None:
    """What is chosen further out counts again; where nothing is set, that is said."""
    general = council.town.general
    await council.does("set", name="seed", value="7")
    await council.does("set", who=council.olaf, name="seed", value="8", where="server")
    told = await council.does("unset", name="seed")
    assert told == (
        f"`seed` is not set in <#{general.id}> any more. Where you are it is `8` (chosen for this server) now."
    )
    again = await council.does("unset", name="seed")
    assert again == f"`seed` is not set in <#{general.id}>. `/settings` shows where it is."
    assert len(council.town.env.errors) == 1
    assert (await council.asked())["seed"] == 8


async def test_last_of_two_moderators_wins(council: Council) -> None:
    """There is one value for a place, whoever set it; the second is told what it was and whose."""
    await council.does("set", name="verbosity", value="low")
    told = await council.does("set", who=council.olaf, name="verbosity", value="HIGH")
    assert f"now. It was `low`, chosen by <@{council.nora.user.id}> <t:" in told
    assert "It was" not in await council.does("set", who=council.olaf, name="verbosity", value="medium")
    await council.does("set", who=council.olaf, name="verbosity", value="HIGH")
    assert [(row[3], row[4]) for row in council.rows()] == [('"high"', council.olaf.user.id)]
    assert (await council.asked())["verbosity"] == "high"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("temperature", "hot", "`temperature` has to be a number from 0 to 2; for example `0.7`."),
        ("temperature", "nan", "`temperature` has to be a number from 0 to 2; for example `0.7`."),
        ("n", "1.5", "`n` has to be a whole number from 1 to 8; for example `3`."),
        ("stop", "|", "`stop` has to be up to 4 texts with | in between; for example `END`."),
        ("logit_bias", '{"1": 101}', "`logit_bias` has to be a JSON object of numbers from -100 to 100; for example "),
        ("response_format", '{"a": NaN}', "`response_format` has to be a JSON object; for example "),
        ("response_format", '{"a": "\\ud800"}', "`response_format` has to be a JSON object; for example "),
        ("response_format", "[" * 3000, "`response_format` has to be a JSON object; for example "),
        ("moderation", "maybe", "`moderation` has to be one of off, before, after, both; for example `before`."),
        ("max_output_tokens", "5000", "`max_output_tokens` can be at most 4096 here: half of what the model can read,"),
        ("heat\n@everyone", "1", "There is no setting named heat @everyone. `/settings` shows"),
    ],
)
async def test_value_that_cannot_be_is_refused_in_words(council: Council, name: str, value: str, sentence: str) -> None:
    """The setting, its range and an example; nothing is stored."""
    assert (await council.does("set", name=name, value=value)).startswith(sentence)
    assert council.rows() == []
    assert len(council.town.env.errors) == 1


async def test_server_needs_its_manager(council: Council) -> None:
    """Manage Channels is not enough for the whole server."""
    told = await council.does("set", name="seed", value="7", where="server")
    assert told == SERVER_MANAGERS_ONLY
    assert await council.does("unset", name="seed", where="server") == SERVER_MANAGERS_ONLY
    assert council.rows() == []
    assert len(council.town.env.errors) == 2


async def test_category_needs_its_manager(council: Council) -> None:
    """Who manages one channel alone decides neither for its category nor for a channel beside it."""
    guild, grace = council.town.guild, council.town.grace
    trusted: Any = {grace: discord.PermissionOverwrite(manage_channels=True)}
    study = guild.create_text_channel("study", category=guild.create_category("Upstairs"), overwrites=trusted)
    assert "now" in await council.does("set", who=grace, channel=study, name="seed", value="7")
    told = await council.does("set", who=grace, channel=study, name="seed", value="7", where="category")
    assert told == MANAGERS_ONLY
    assert [row[0] for row in council.rows()] == ["channel"]
    assert len(council.town.env.errors) == 1


async def test_commands_that_a_server_gives_to_others_are_refused_in_words(
    council: Council, simcord_bot: commands.Bot
) -> None:
    """They may look, and change nothing."""
    town = council.town
    known = {command.name: command for command in await simcord_bot.tree.fetch_commands()}
    for name in COMMANDS:
        town.guild.set_command_permissions(known[name], {town.edsger: True})
    edsger = town.edsger
    assert "You can look" in await council.does("settings", who=edsger)
    assert await council.does("model", who=edsger) == f"`model` is `{MODEL}` (chosen by the host) here."
    assert await council.does("set", who=edsger, name="seed", value="7") == MANAGERS_ONLY
    assert await council.does("unset", who=edsger, name="seed") == MANAGERS_ONLY
    assert await council.does("model", who=edsger, model="other") == MANAGERS_ONLY
    assert await council.does("prompt", who=edsger) == MANAGERS_ONLY
    assert await council.does("settings", who=edsger, view="log") == MANAGERS_ONLY
    assert council.rows() == []
    assert len(town.env.errors) == 5


async def test_category_that_is_none_is_refused_in_words(council: Council) -> None:
    """With what to choose instead."""
    told = await council.does("set", name="seed", value="7", where="category")
    assert told == "This channel is in no category. Choose the channel or the whole server instead."
    assert len(council.town.env.errors) == 1


async def test_settings_are_suggested(council: Council) -> None:
    """By their names and by what they mean; of values those that there are, what was typed, or else an example."""
    general, nora = council.town.general, council.nora
    assert values(await nora.autocomplete(general, "set", "name", "")) == list(SETTINGS)[:25]
    assert values(await nora.autocomplete(general, "unset", "name", "same seed")) == ["seed"]
    for typed, first in (("n", "n"), ("mod", "model"), ("server", "server_tools")):  # Enter takes the first
        assert values(await nora.autocomplete(general, "set", "name", typed))[0] == first
    choices = await nora.autocomplete(general, "set", "value", "h", name="reasoning_effort")
    assert values(choices) == ["high", "xhigh"]
    for typed, label, value in (
        ("9", "a number from 0 to 2, for example 0.7", "0.7"),
        ("", "a number from 0 to 2, for example 0.7", "0.7"),
        (" 1.2", "1.2", "1.2"),
    ):
        (example,) = await nora.autocomplete(general, "set", "value", typed, name="temperature")
        assert (example["name"], example["value"]) == (label, value)
    assert await nora.autocomplete(general, "set", "value", "9", name="heat") == []


async def test_model_is_chosen(council: Council) -> None:
    """What is asked, and what /help and /model say; the run shows it too."""
    general = council.town.general
    told = await council.does("model", model="another-model")
    assert told == f"`model` is `another-model` in <#{general.id}> now."
    assert (await council.asked())["model"] == "another-model"
    assert await council.does("model") == f"`model` is `another-model` (chosen for <#{general.id}>) here."
    assert "The model here is `another-model`" in await council.does("help", who=council.town.linus)
    assert (await council.asked(council.parlour))["model"] == MODEL


async def test_tools_know_the_model_of_their_place(council: Council, process: Process) -> None:
    """People's commands and models' calls alike."""
    town, client = council.town, await process.start()
    await client.load(["tests.tools.telling"])
    await town.env.restart_bot(client)
    await council.does("model", model="another-model")
    for channel, model in ((town.general, "another-model"), (council.parlour, MODEL)):
        result = await town.edsger.slash(channel, "who_answers")
        assert said(result) == model
    assert await town.told("who_answers") == "another-model"


async def test_settings_of_a_direct_message_are_its_person_s(council: Council) -> None:
    """No moderator is there; a server's own do not count in it."""
    linus = council.town.linus.user
    result = await linus.slash("set", name="seed", value="7")
    assert said(result) == "`seed` is `7` in this direct message now."
    assert [row[0] for row in council.rows()] == ["channel"]
    refused = await linus.slash("set", name="seed", value="7", where="server")
    assert said(refused) == "A direct message lies in no server: choose `here`."
    assert len(council.town.env.errors) == 1


async def test_settings_outlive_the_process(council: Council, process: Process) -> None:
    """After a restart the next answer goes by them."""
    await council.does("set", name="seed", value="7")
    await council.town.env.restart_bot(await process.start())
    assert (await council.asked())["seed"] == 7


async def test_setting_of_the_server_goes_to_the_server(council: Council) -> None:
    """Wherever it is set from, and only by who manages the server; in a direct message there is none."""
    assert await council.does("set", name="retention_days", value="90") == SERVER_MANAGERS_ONLY
    told = await council.does("set", who=council.olaf, name="retention_days", value="90", where="channel")
    assert told == "`retention_days` is `90` in this server now (for the whole server)."
    guild_id = council.town.guild.id
    assert council.rows() == [("guild", guild_id, "retention_days", 90, council.olaf.user.id)]
    assert "not set in this server any more" in await council.does("unset", who=council.olaf, name="retention_days")
    refused = await council.town.linus.user.slash("set", name="retention_days", value="90")
    assert said(refused) == "`retention_days` counts for a whole server, and a direct message lies in none."
    assert council.rows() == []
    assert len(council.town.env.errors) == 2


async def test_tools_and_budgets_are_suggested(council: Council) -> None:
    """What is switched by its tool's name, and of budgets where to find the rest."""
    general, nora = council.town.general, council.nora
    assert values(await nora.autocomplete(general, "set", "name", "roll")) == ["tool:roll"]
    assert values(await nora.autocomplete(general, "set", "name", "tool:"))[0].startswith("tool:")
    (hint,) = await nora.autocomplete(general, "set", "name", "budget:")
    assert hint["value"] == "budget:each:tokens:day"
    assert "/budget" in hint["name"]
    assert values(await nora.autocomplete(general, "set", "value", "f", name="tool:roll")) == ["false"]
    assert await council.does("set", name="tool:roll", value="false") == (
        f"`tool:roll` is `false` in <#{general.id}> now."
    )
    refused = await council.does("set", name="tool:rool", value="false")
    assert refused == "There is no tool or group named `rool` here. `/settings` shows all of them."
    assert len(council.town.env.errors) == 1


async def test_roles_and_channels_are_suggested_by_name(council: Council) -> None:
    """Several roles one after the other; what is sent are their ids."""
    general, nora, guild = council.town.general, council.nora, council.town.guild
    friends, family = guild.create_role("Friends"), guild.create_role("Family")
    (first,) = await nora.autocomplete(general, "set", "value", "@fri", name="allowed_roles")
    assert (first["name"], first["value"]) == ("@Friends", str(friends.id))
    (both,) = await nora.autocomplete(general, "set", "value", f"{friends.id}|fam", name="allowed_roles")
    assert (both["name"], both["value"]) == ("@Friends, @Family", f"{friends.id}|{family.id}")
    told = await council.does("set", name="allowed_roles", value=both["value"])
    assert told == f"`allowed_roles` is <@&{friends.id}> <@&{family.id}> in <#{general.id}> now."
    (channel,) = await nora.autocomplete(general, "set", "value", "#gene", name="log_channel")
    assert (channel["name"], channel["value"]) == ("#general", str(general.id))


async def test_hidden_channels_are_not_offered(council: Council) -> None:
    """Whoever may use the command reads no names of channels that they do not see."""
    hidden: Any = {council.nora: discord.PermissionOverwrite(view_channel=False)}
    secret = council.town.guild.create_text_channel("secret-plans", overwrites=hidden)
    for who, is_offered in ((council.olaf, True), (council.nora, False)):
        found = await who.autocomplete(council.town.general, "set", "value", "", name="log_channel")
        assert (str(secret.id) in str(found)) is is_offered
