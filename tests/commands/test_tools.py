"""Tools as people use them: each is a slash command, whose output everybody in the channel sees."""

from __future__ import annotations

import re

import discord
import pytest
import simcord
from discord.ext import commands

from bot.errors import UNEXPECTED
from tests.commands.process import Process
from tests.commands.town import Town

NAME_ZONES = "Take a large city, an IANA name such as Europe/Berlin, or UTC+2."


@pytest.fixture
async def simcord_bot(process: Process) -> commands.Bot:
    """The bot with the tools of the tests, besides its own."""
    client = await process.start()
    await client.load(["tests.tools.workbench"])
    return client


async def used(town: Town, name: str, **options: object) -> str:
    """What everybody in the channel reads after Edsger used a tool."""
    result = await town.edsger.slash(town.general, name, **options)
    assert not result.ephemeral
    return (result.response or result.followups[0]).content


async def test_roll_shows_dice_of_the_size_asked_for(town: Town) -> None:
    """/roll without options is one die of six sides; many dice come with their sum."""
    rolled = re.fullmatch(r"1d6: ([1-6])", await used(town, "roll"))
    assert rolled
    many = re.fullmatch(r"20d2: ((?:[12] \+ ){19}[12]) = (\d+)", await used(town, "roll", sides=2, count=20))
    assert many
    assert sum(map(int, many[1].split(" + "))) == int(many[2])


@pytest.mark.parametrize("options", [{"sides": 1}, {"sides": 1001}, {"count": 0}, {"count": 101}])
async def test_roll_has_limits(town: Town, options: dict[str, object]) -> None:
    """Discord does not even send what a die cannot have."""
    with pytest.raises(simcord.OptionError):
        await town.edsger.slash(town.general, "roll", **options)


async def test_time_is_told_for_a_zone(town: Town) -> None:
    """/time shows the zone's own time and one that each reader sees in theirs."""
    told = await used(town, "time", zone="Asia/Tokyo")
    assert re.fullmatch(
        r"[A-Z]\w+day \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+09:00 in Asia/Tokyo, <t:\d+:F> where you are", told
    )
    assert "+00:00 in UTC" in await used(town, "time")


async def test_tool_acts_for_who_used_it(town: Town) -> None:
    """The tool knows the person, the server and the channel; there is no run."""
    assert await used(town, "whoami") == f"{town.edsger.id} {town.guild.id} {town.general.id} None"


async def test_tool_that_may_take_long_is_acknowledged_at_once(town: Town) -> None:
    """Discord waits three seconds: a tool that may need more shows that it is at work."""
    await town.edsger.slash(town.general, "measure", text="hi", pace="slow")
    await town.edsger.slash(town.general, "whoami")
    callbacks = [entry.json for entry in town.env.http_requests if entry.path.endswith("/callback")]
    kinds = [discord.InteractionResponseType(body["type"]).name for body in callbacks if body]
    assert kinds == ["deferred_channel_message", "channel_message"]
    said = [message.content for message in town.general.history()]
    assert said[0] == "hi slow 3 None False Ada"


async def test_long_output_is_shown_as_a_file(town: Town) -> None:
    """What does not fit a message is all there to be read."""
    assert await used(town, "write", length=2000) == "ž" * 2000
    await town.edsger.slash(town.general, "write", length=2001)
    assert town.general.last_message is not None
    (file,) = town.general.last_message.attachments
    assert file.filename == "write.txt"
    assert (await file.read()).decode() == "ž" * 2001


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("refuse", {}, "Not on Sundays."),
        ("fail", {}, UNEXPECTED),
        ("time", {"zone": "Mars"}, f"There is no time zone named Mars. {NAME_ZONES}"),
    ],
)
async def test_tool_that_fails_says_so_in_a_sentence(
    town: Town, name: str, options: dict[str, object], sentence: str
) -> None:
    """What a tool refuses and what nobody foresaw, in one message and in no inner words."""
    result = await town.edsger.slash(town.general, name, **options)
    said = [*([result.response] if result.response else []), *result.followups]
    assert [message.content for message in said] == [sentence]
    simcord.assert_error(town.env, Exception)
