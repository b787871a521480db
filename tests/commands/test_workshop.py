"""Tools as people use them: what Discord lets them enter, who may use what, and how each kind of output is shown."""

from __future__ import annotations

import json

import discord
import pytest
import simcord
from discord.ext import commands

from tests.commands.process import Process
from tests.commands.town import Town


@pytest.fixture
async def simcord_bot(process: Process) -> commands.Bot:
    """The bot with the tools of the workshop, besides its own."""
    client = await process.start()
    await client.load(["tests.tools.workshop"])
    return client


async def test_objects_arrive_as_discord_has_them(town: Town) -> None:
    """discord.py finds members, roles and channels; each is what the function's annotation says."""
    role = town.guild.create_role("Bakers")
    options = {"person": town.grace, "role": role, "channel": town.general, "either": town.linus}
    await town.edsger.slash(town.general, "point", **options)
    assert shown(town).content == "Member:grace Role:Bakers TextChannel:general Member:linus"


async def test_choices_arrive_as_the_function_takes_them(town: Town) -> None:
    """A Choice, the value of one, a literal, a member of an Enum, a time."""
    chosen = {"size": 20, "depth": 9, "level": 2, "colour": "#f00", "at": "<t:0:F>"}
    await town.edsger.slash(town.general, "paint", **chosen)
    assert shown(town).content == "large=20 9 2 Colour.RED 1970-01-01 00:00:00+00:00"


async def test_time_that_is_none_is_explained(town: Town) -> None:
    """People read how to enter what discord.py does not understand."""
    chosen = {"size": 20, "depth": 9, "level": 2, "at": "noon"}
    result = await town.edsger.slash(town.general, "paint", **chosen)
    assert result.response is not None
    assert result.response.content == "That is no time. Type @time and choose one of Discord's."
    simcord.assert_error(town.env, discord.app_commands.TransformerError)


async def test_tool_of_moderators_is_theirs_until_the_server_says_otherwise(
    town: Town, simcord_bot: commands.Bot
) -> None:
    """`permissions=` is Discord's default; whom the server lets in besides is not asked again."""
    assert "sanction" in town.grace.available_commands(town.general)
    assert "sanction" not in town.edsger.available_commands(town.general)
    (command,) = [each for each in await simcord_bot.tree.fetch_commands() if each.name == "sanction"]
    town.guild.set_command_permissions(command, {town.edsger: True})
    await town.edsger.slash(town.general, "sanction", member=town.linus)
    assert shown(town).content == f"edsger sanctions linus ({town.linus.id})"


async def test_tool_is_a_command_only_where_people_may_use_it(town: Town) -> None:
    """One for models alone is none; one for servers is not there in a direct message."""
    here, alone = town.edsger.available_commands(town.general), town.edsger.user.available_commands()
    assert {"by_hand", "gather"} <= set(here)
    assert "by_model" not in here
    assert "by_hand" in alone
    assert "gather" not in alone


async def test_structured_data_is_shown_as_a_block(town: Town) -> None:
    """People read it line by line."""
    await town.edsger.slash(town.general, "weigh")
    assert shown(town).content == '```json\n{\n  "weights": [\n    "ž`ž`ž`"\n  ],\n  "unit": "kg"\n}\n```'


async def test_much_structured_data_is_shown_as_a_file(town: Town) -> None:
    """What does not fit a message is all there."""
    await town.edsger.slash(town.general, "weigh", items=500)
    (file,) = shown(town).attachments
    assert file.filename == "weigh.json"
    assert json.loads(await file.read())["weights"] == ["ž`ž`ž`"] * 500


async def test_files_are_shown_as_far_as_a_message_takes_them(town: Town) -> None:
    """Ten files at most, with safe names; the others are named, and nobody is pinged."""
    await town.edsger.slash(town.general, "deliver", files=12, size=1)
    message = shown(town)
    text, note = message.content.splitlines()
    assert text == "@everyone, here they are"
    assert note == "-# Too much for one message here: p_ck_10.txt (0.0 MB), p_ck_11.txt (0.0 MB)."
    assert [each.filename for each in message.attachments] == [f"p_ck_{number}.txt" for number in range(10)]
    assert not message.mention_everyone


async def test_file_that_is_too_large_is_named(town: Town) -> None:
    """Discord tells with each interaction how much it takes; simcord says 25 MB."""
    await town.edsger.slash(town.general, "deliver", files=1, size=26 * 2**20)
    assert shown(town).content.endswith("-# Too much for one message here: p_ck_0.txt (26.0 MB).")
    assert shown(town).attachments == []


def shown(town: Town) -> discord.Message:
    """What stands last in the channel."""
    assert town.general.last_message is not None
    return town.general.last_message
