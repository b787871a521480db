"""/budget and /allowance as members and moderators use them, and running into a budget."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.backend.models.channel import Overwrite
from simcord.builders import ChannelHandle
from simcord.enums import ChannelType, OverwriteType

from bot.budgets.desk import NONE_HERE, NONE_OF_YOURS
from bot.place_settings.managing import MANAGERS_ONLY, SERVER_MANAGERS_ONLY
from cogs.budget import NEEDS_MEMBER, NEEDS_ROLE, ROLE_OR_MEMBER
from sandbox.semantics import walk_components
from tests.commands.council import EPHEMERAL, Council, said
from tests.commands.town import Town, labels

EACH: dict[str, Any] = {"for": "each"}
TOKENS: dict[str, Any] = {"unit": "tokens", "period": "day"}
WHEN = re.compile(r"<t:\d+:R>")


@pytest.fixture
def council(town: Town, tmp_path: Path) -> Council:
    """The people who decide."""
    permissions = {"nora": discord.Permissions(manage_channels=True)}
    permissions["olaf"] = discord.Permissions(manage_channels=True, manage_guild=True)
    roles = {name: town.guild.create_role(name, permissions=allowed) for name, allowed in permissions.items()}
    nora, olaf = (town.guild.add_member(town.env.create_user(name), roles=[role]) for name, role in roles.items())
    parlour = town.guild.create_text_channel("parlour", category=town.guild.create_category("Rooms"))
    return Council(town, nora, olaf, parlour, tmp_path / "parley.db")


def seen(result: simcord.InteractionResult) -> str:
    """What is read, with the times left out."""
    return WHEN.sub("<when>", said(result))


async def limit(council: Council, amount: str = "2", **options: object) -> str:
    """Olaf sets a budget of questions a day if not said otherwise."""
    given: dict[str, Any] = {"amount": amount, "unit": "questions", "period": "day", **options}
    return await council.does("budget set", who=council.olaf, **given)


async def question(council: Council, who: simcord.MemberActor, text: str) -> discord.Message:
    """Somebody asks, and the bot's next message is there."""
    town, last = council.town, council.town.general.last_message
    await who.send(town.general, f"{town.mention} {text}")

    def look() -> discord.Message | None:
        message = town.general.last_message
        if message is None or message == last or message.author.id == who.user.id:
            return None
        return message if "Regenerate" in labels(message) or "budget" in message.content else None

    return await town.wait_for(look)


async def test_commands_are_there_for_who_may_use_them(council: Council) -> None:
    """Managers of channels set budgets; everybody sees what is left for them."""
    general = council.town.general
    assert {"budget set", "budget list", "budget remove", "allowance"} <= set(council.nora.available_commands(general))
    offered = set(council.town.linus.available_commands(general))
    assert "allowance" in offered
    assert not [name for name in offered if name.startswith("budget")]


async def test_budget_is_set_as_a_setting(council: Council) -> None:
    """By its name, so that the log, export and undo know it; money is typed as dollars."""
    general, linus = council.town.general, council.town.linus
    role = council.town.guild.create_role("students")
    told = await council.does("budget set", amount="50,000", **TOKENS)
    assert told == f"Everybody in <#{general.id}>: 50,000 tokens a day from now on."
    told = await council.does("budget set", amount="$0.50", unit="dollars", period="month", **EACH)
    assert told == f"Each member in <#{general.id}>: $0.50 a month from now on."
    await council.does("budget set", amount="3", unit="questions", period="minute", role=role)
    await council.does("budget set", amount="4", unit="questions", period="hour", role=role, **EACH)
    await council.does("budget set", who=council.olaf, amount="5", member=linus, where="server", **TOKENS)
    assert [(row[0], row[2], row[3]) for row in council.rows()] == [
        ("channel", "budget:all:tokens:day", 50000),
        ("channel", "budget:each:dollars:month", 0.5),
        ("channel", f"budget:role/{role.id}:questions:minute", 3),
        ("channel", f"budget:each_of_role/{role.id}:questions:hour", 4),
        ("guild", f"budget:member/{linus.user.id}:tokens:day", 5),
    ]


async def test_budget_is_set_by_its_name(council: Council) -> None:
    """With /set, like everything."""
    told = await council.does("set", name="budget:each:tokens:day", value="50000")
    assert "`50000`" in told
    assert [(row[2], row[3]) for row in council.rows()] == [("budget:each:tokens:day", 50000)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"amount": "-1", **TOKENS},
            "`amount` has to be a whole number from 0 to 1,000,000,000,000; for",
        ),
        (
            {"amount": "2.5", **TOKENS},
            "`amount` has to be a whole number from 0 to 1,000,000,000,000; for",
        ),
        (
            {"amount": "-1", "unit": "dollars", "period": "hour"},
            "`amount` has to be a number from 0 to 1,000,000,000,000; for example `0.50`.",
        ),
        (
            {"amount": "0,50", "unit": "dollars", "period": "hour"},
            "`amount` has to be a number from 0 to 1,000,000,000,000; for example `0.50`.",
        ),
        ({"amount": "much", **TOKENS}, "`amount` has to be a whole number"),
        ({"amount": "5", "for": "role", **TOKENS}, NEEDS_ROLE),
        ({"amount": "5", "for": "member", **TOKENS}, NEEDS_MEMBER),
        ({"amount": "5", "where": "server", **TOKENS}, SERVER_MANAGERS_ONLY),
        ({"amount": "5", "where": "category", **TOKENS}, "This channel is in no category."),
    ],
)
async def test_what_cannot_be_a_budget_is_refused(council: Council, options: dict[str, Any], sentence: str) -> None:
    """In a sentence with the range and an example; nothing is stored."""
    assert (await council.does("budget set", **options)).startswith(sentence)
    assert council.rows() == []
    assert len(council.town.env.errors) == 1


async def test_budget_is_for_a_role_or_a_member(council: Council) -> None:
    """Nobody knows what both would mean."""
    role = council.town.guild.create_role("students")
    told = await council.does("budget set", amount="5", role=role, member=council.town.linus, **TOKENS)
    assert told == ROLE_OR_MEMBER
    assert len(council.town.env.errors) == 1


async def test_list_shows_what_is_used_and_left(council: Council) -> None:
    """Of each budget around, also that of a role that is not there."""
    town, general = council.town, council.town.general
    assert await council.does("budget list") == f"### Budgets here\n{NONE_HERE}"
    await limit(council, "4", where="server")
    await limit(council, "1", **EACH)
    await council.does("set", name="budget:role/9:questions:day", value="9")
    await question(council, town.linus, "hi")
    listed = await council.nora.slash(general, "budget list")
    assert seen(listed).split("\n") == [
        "### Budgets here",
        f"**each member** in <#{general.id}>: 1 question a day",
        "1 member used some of it, 1 all of it; begins anew <when>",
        f"**everybody with a deleted role** in <#{general.id}>: 9 questions a day",
        "▱▱▱▱▱▱▱▱▱▱ 0 questions used, 9 questions left; begins anew <when>",
        "**everybody** in this server: 4 questions a day",
        "▰▰▱▱▱▱▱▱▱▱ 1 question used, 3 questions left; begins anew <when>",
    ]


async def test_list_turns_its_pages(council: Council) -> None:
    """Nine budgets are two pages; who does not manage the channel sees neither."""
    town = council.town
    for period in ("minute", "hour", "day"):
        for unit in ("tokens", "dollars", "questions"):
            await council.does("budget set", amount="5", unit=unit, period=period)
    listed = await council.nora.slash(town.general, "budget list")
    assert listed.response is not None
    assert said(listed).count("begins anew") == 8
    more = next(
        part["custom_id"] for part in walk_components(listed.response.components) if part.get("label") == "More"
    )
    await council.nora.click(listed.response, custom_id=more)
    assert said(listed).count("begins anew") == 1
    stored = council.nora._env.backend.get_message(listed.response.channel_id, listed.response.id)
    stored.flags &= ~EPHEMERAL
    result = await town.linus.click(listed.response, custom_id=more.replace("more", "refresh"))
    assert MANAGERS_ONLY in [message.content for message in result.followups]


async def test_budget_is_removed(council: Council) -> None:
    """It is offered by what it is; one that is gone is refused, and so is who does not manage its place."""
    await limit(council, "4", where="server")
    await council.does("budget set", amount="5", **TOKENS)
    general = council.town.general
    offered = await council.nora.autocomplete(general, "budget remove", "budget", "tokens")
    assert [choice["name"] for choice in offered] == ["everybody: 5 tokens a day in #general"]
    (value,) = [choice["value"] for choice in offered]
    told = await council.does("budget remove", budget=value)
    assert told == f"`budget:all:tokens:day` does not count in <#{general.id}> any more."
    assert (await council.does("budget remove", budget=value)).startswith("There is no such budget here any more.")
    assert (await council.does("budget remove", budget="nonsense")).startswith("There is no such budget")
    (other,) = await council.nora.autocomplete(general, "budget remove", "budget", "server")
    assert await council.does("budget remove", budget=other["value"]) == SERVER_MANAGERS_ONLY
    assert [row[2] for row in council.rows()] == ["budget:all:questions:day"]
    assert len(council.town.env.errors) == 3


async def test_budget_of_an_unseen_category_is_out_of_reach(council: Council) -> None:
    """Who manages channels all over the server does not manage what is hidden from them."""
    backend, guild = council.town.env.backend, council.town.guild
    unseen = Overwrite(council.nora.id, OverwriteType.MEMBER, deny=discord.Permissions(view_channel=True).value)
    hidden = backend.create_channel(guild.id, "Upstairs", type=ChannelType.CATEGORY, overwrites=[unseen])
    study = ChannelHandle(council.town.env, guild, backend.create_channel(guild.id, "study", parent_id=hidden.id))
    assert "Upstairs" not in await limit(council, channel=study, where="category")
    (row,) = council.rows()
    refused = await council.does("budget remove", budget=f"{row[0]}:{row[1]}:{row[2]}")
    assert refused == MANAGERS_ONLY
    assert len(council.town.env.errors) == 1  # simcord counts the refusal as one, and is told that it was meant
    assert council.rows() == [row]


async def test_member_sees_what_is_left(council: Council) -> None:
    """Of their own and of what they share, and of nobody else's."""
    linus, general = council.town.linus, council.town.general
    assert said(await linus.slash(general, "allowance")) == f"### What you can use here\n{NONE_OF_YOURS}"
    await limit(council, "4", where="server")
    await limit(council, "2", **EACH)
    await limit(council, "7", member=council.town.grace)
    await question(council, linus, "hi")
    result = await linus.slash(general, "allowance")
    assert result.ephemeral
    assert seen(result).split("\n") == [
        "### What you can use here",
        "**Yours**: 2 questions a day",
        "▰▰▰▰▰▱▱▱▱▱ 1 question used, 1 question left; begins anew <when>",
        "**everybody in this server**: 4 questions a day",
        "▰▰▱▱▱▱▱▱▱▱ 1 question used, 3 questions left; begins anew <when>",
    ]


async def test_question_beyond_the_budget_is_told_of_and_forgotten(council: Council) -> None:
    """A short reply goes away again; the next time a sign has to do, and others are answered."""
    town, linus = council.town, council.town.linus
    await limit(council, "1", **EACH)
    await question(council, linus, "one")
    turned = await question(council, linus, "two")
    told = f"Your budget in <#{town.general.id}>, 1 question a day, is used up; it begins anew <when>."
    assert WHEN.sub("<when>", turned.content) == told
    asked = await linus.send(town.general, f"{town.mention} three")
    reactions = town.env.backend.get_message(town.general.id, asked.id).reactions
    await town.wait_for(lambda: "⏳" in str(reactions))
    await town.env.advance_time(16)
    assert turned.id not in [message.id for message in town.general.history()]
    await question(council, town.edsger, "four")
    said_so_far = [request.body["messages"] for request in town.provider.requests]
    assert len(said_so_far) == 2
    assert "two" not in str(said_so_far[-1])


async def test_command_beyond_the_budget_is_told_of_alone(council: Council) -> None:
    """/ask shows nothing in the channel, and Regenerate says so to who pressed."""
    town, linus = council.town, council.town.linus
    await limit(council, "1", **EACH)
    answer = await question(council, linus, "one")
    before = len(town.general.history())
    result = await linus.slash(town.general, "ask", question="two?")
    assert result.ephemeral
    assert said(result).startswith("Your budget in <#")
    pressed = await linus.click(answer, label="Regenerate")
    assert [message.content[:17] for message in pressed.followups] == ["Your budget in <#"]
    assert len(town.general.history()) == before
    assert len(town.provider.requests) == 1
    assert len(town.env.errors) == 1


async def test_role_decides_which_budget_counts(council: Council) -> None:
    """Who has it is limited, and who has not is not."""
    town = council.town
    role = town.guild.create_role("students")
    pupil = town.guild.add_member(town.env.create_user("pupil"), roles=[role])
    await limit(council, "0", role=role, where="server")
    turned = await question(council, pupil, "hi")
    assert turned.content.startswith(f"The budget of <@&{role.id}> in this server, 0 questions a day, allows nothing.")
    assert "Regenerate" in labels(await question(council, town.linus, "hi"))
