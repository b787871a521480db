"""/tools for those who manage a server, and what a model is offered there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import discord
import pytest
import simcord
from discord.ext import commands

from bot.http_tools.panel import MANAGERS_ONLY
from bot.notices import NO_TOOLS
from bot.settings import Settings
from bot.tool_overview import titled
from bot.tools.find_tool import FIND_TOOL, MAX_OFFERED
from sandbox.semantics import walk_components
from sandbox.stories import ScriptedCall, Story, refusal
from tests.commands.process import Process
from tests.commands.town import Town


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A window in which tools are too many before they are too long, and a server that is never started."""
    listed = tmp_path / "tools.toml"
    listed.write_text("[servers.shop]\ncommand = ['shop']\n", encoding="utf-8")
    return settings.model_copy(update={"provider_context_tokens": 32_000, "tools_file": str(listed)})


@pytest.fixture
async def simcord_bot(process: Process) -> commands.Bot:
    """The bot with more tools than a model is told of at once."""
    client = await process.start()
    await client.load(["tests.tools.many"])
    return client


@dataclass
class Office:
    """A town whose Ida manages the server, and has a channel in a category."""

    town: Town
    ida: simcord.MemberActor
    parlour: simcord.ChannelHandle

    async def does(self, command: str, *, channel: simcord.ChannelHandle | None = None, **options: object) -> str:
        """What Ida alone reads after she used a command."""
        result = await self.ida.slash(channel or self.town.general, f"tools {command}", **options)
        assert result.ephemeral
        assert result.response is not None
        return text_of(result.response)

    async def reads(self, channel: simcord.ChannelHandle | None = None) -> str:
        """The whole list of tools, page after page."""
        result = await self.ida.slash(channel or self.town.general, "tools list")
        shown = result.response
        assert shown is not None
        pages = [text_of(shown)]
        while "More" in str(shown.components):
            await self.ida.click(shown, label="More")
            pages.append(text_of(shown))
        return "\n".join(pages)

    async def offered(self, asker: simcord.MemberActor, channel: simcord.ChannelHandle | None = None) -> list[str]:
        """What the model is told of when somebody asks something."""
        before = len(self.town.provider.requests)
        await asker.send(channel or self.town.general, f"{self.town.mention} hi")
        await self.town.wait_for(lambda: len(self.town.provider.requests) > before)
        return offered(self.town, before)


@pytest.fixture
def office(town: Town) -> Office:
    """Ida's office."""
    manager = town.guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True, ban_members=True))
    ida = town.guild.add_member(town.env.create_user("ida"), roles=[manager])
    rooms = town.guild.create_category("Rooms")
    return Office(town, ida, town.guild.create_text_channel("parlour", category=rooms))


def offered(town: Town, number: int = -1) -> list[str]:
    """What a request to the provider tells of; without a number the last one."""
    tools = town.provider.requests[number].body.get("tools", [])
    assert isinstance(tools, list)
    return [tool["function"]["name"] for tool in tools]


def text_of(shown: simcord.ResponseMessage) -> str:
    """Everything that a message says, as it stands now."""
    components = [component["content"] for component in walk_components(shown.components) if "content" in component]
    return "\n".join([shown.content, *components])


async def test_commands_are_there_for_managers_only(office: Office) -> None:
    """Discord offers them to who has Manage Server."""
    town = office.town
    assert {"tools list", "tools enable", "tools disable"} <= set(office.ida.available_commands(town.general))
    assert not [name for name in town.grace.available_commands(town.general) if name.startswith("tools")]


def test_source_is_told_in_words() -> None:
    """A server of the host's has the name that the host gave it, also where it is in some Discord servers only."""
    assert [titled(source) for source in ("code:cogs.dice", "mcp:shop", "mcp:shop:12")] == [
        "Part of this bot",
        "MCP server shop",
        "MCP server shop",
    ]


async def test_commands_that_a_server_gives_to_others_are_refused_in_words(
    office: Office, simcord_bot: commands.Bot
) -> None:
    """Who may not manage the server neither sees nor changes anything."""
    town = office.town
    (tools,) = [command for command in await simcord_bot.tree.fetch_commands() if command.name == "tools"]
    town.guild.set_command_permissions(tools, {town.edsger: True})
    for command, options in (("list", {}), ("disable", {"name": "roll"})):
        result = await town.edsger.slash(town.general, f"tools {command}", **options)
        assert result.response is not None
        assert (result.response.content, result.ephemeral) == (MANAGERS_ONLY, True)
    assert len(town.env.errors) == 2  # simcord counts the refusals, and is told that they were meant
    assert "🔴" not in await office.reads()


async def test_list_shows_each_tool_with_what_holds_for_it(office: Office) -> None:
    """Where it comes from, its group, whether it is on and who says so, approval, and who may use it."""
    await office.does("disable", name="group:gadgets", place="server")
    await office.does("enable", name="gadget07")
    text = await office.reads()
    assert text.count("**Part of this bot**") == 1
    assert "🔴 `gadget06` in `group:gadgets` · off in this server by its group · everyone" in text
    assert f"🟢 `gadget07` in `group:gadgets` · on in <#{office.town.general.id}> · everyone" in text
    assert "🟢 `roll` in `group:games` · everyone" in text
    assert "🟢 `poll` in `group:chat` · asks for approval · needs Create Polls" in text
    assert "🟢 `banish` in `group:moderation` · asks for approval · needs Ban Members" in text
    assert "🔴 `gadget07`" in await office.reads(office.parlour)


async def test_list_tells_of_servers_that_are_away(office: Office) -> None:
    """Above the tools that are there; this one has not been begun with."""
    assert "⚠️ MCP server shop is away: It is starting." in await office.does("list")


async def test_list_has_pages_that_outlive_the_process(office: Office, process: Process) -> None:
    """What does not fit one message is behind a button, which works after a restart."""
    result = await office.ida.slash(office.town.general, "tools list")
    shown = result.response
    assert shown is not None
    first = text_of(shown)
    assert "Page 1 of " in first
    client = await process.start()
    await client.load(["tests.tools.many"])
    await office.town.env.restart_bot(client)
    await office.ida.click(shown, label="More")
    assert "Page 2 of " in text_of(shown)
    await office.ida.click(shown, label="Back")
    assert text_of(shown) == first


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("fly", "here", "There is no tool or group named fly here. `/tools list` shows all."),
        ("group:fly", "server", "There is no tool or group named group:fly here. `/tools list` shows all."),
        ("roll", "category", "This channel is in no category. Choose the channel or the whole server instead."),
    ],
)
async def test_switch_that_cannot_be_made_is_refused_in_words(
    office: Office, name: str, place: str, sentence: str
) -> None:
    """What was typed wrong, and what to do instead."""
    assert await office.does("disable", name=name, place=place) == sentence
    assert len(office.town.env.errors) == 1


async def test_switch_says_what_it_does_not_reach(office: Office) -> None:
    """Somebody who switches the whole server is told of what is nearer, and says otherwise."""
    general = office.town.general
    assert await office.does("disable", name="roll") == f"`roll` is off for the model in <#{general.id}> now."
    told = await office.does("enable", name="roll", place="server")
    assert told == (
        "`roll` is on for the model in this server now. Where you are, still off: `roll`. `/tools list` shows why."
    )


async def test_names_are_suggested(office: Office) -> None:
    """Tools and groups of the server, by any part of their names."""
    general = office.town.general
    for command in ("tools enable", "tools disable"):
        suggested = await office.ida.autocomplete(general, command, "name", "gadget1")
        assert [choice["value"] for choice in suggested] == [f"gadget{number}" for number in range(10, 20)]
    groups = await office.ida.autocomplete(general, "tools disable", "name", "Group:")
    assert {choice["name"] for choice in groups} >= {"group:gadgets", "group:moderation"}


async def test_tool_is_offered_where_it_is_on(office: Office) -> None:
    """A group that is off in a category is off in its channels, and nowhere else."""
    await office.does("disable", name="group:gadgets", place="category", channel=office.parlour)
    linus = office.town.linus
    there = await office.offered(linus, office.parlour)
    assert "roll" in there
    assert not [name for name in there if name.startswith("gadget")]
    assert "gadget01" in await office.offered(linus)


async def test_tool_is_offered_to_those_who_may_use_it(office: Office) -> None:
    """A model is told of a moderators' tool when a moderator asks, and a call for anybody else is refused."""
    await office.does("disable", name="group:gadgets", place="server")
    town = office.town
    assert "banish" in await office.offered(office.ida)
    await town.answer("Regenerate")
    town.provider.play(
        Story(tool_calls=(ScriptedCall(name="banish"),), finish_reason="tool_calls"), Story(text="I may not.")
    )
    assert "banish" not in await office.offered(town.linus)
    await town.answer("Regenerate", words="I may not.")
    messages = town.provider.requests[-1].body["messages"]
    assert isinstance(messages, list)
    assert messages[-1]["content"] == "Not permitted: linus may not use banish here."


async def test_model_finds_what_it_was_not_told_of(office: Office) -> None:
    """Of more than forty tools a part is told of; one that was found is offered in the next step, and can be called."""
    town = office.town
    search = ScriptedCall(name=FIND_TOOL, arguments=('{"query": "crank39"}',), id="call_a")
    crank = ScriptedCall(name="gadget39", id="call_b")
    town.provider.play(
        Story(tool_calls=(search,), finish_reason="tool_calls"),
        Story(tool_calls=(crank,), finish_reason="tool_calls"),
        Story(text="It whirrs."),
    )
    at_once = await office.offered(town.linus)
    await town.answer("Regenerate", words="It whirrs.")
    assert len(at_once) == MAX_OFFERED
    assert at_once[0] == FIND_TOOL
    assert "gadget39" not in at_once
    assert offered(town) == [*at_once, "gadget39"]
    messages = town.provider.requests[-1].body["messages"]
    assert isinstance(messages, list)
    told = [message["content"] for message in messages if message["role"] == "tool"]
    assert told == [
        "These can be called now:\n- gadget39: Turn the crank39 of a gadget",
        "Gadget 39 whirrs.",
    ]


async def test_list_says_that_the_provider_takes_no_tools(office: Office) -> None:
    """As soon as that is known, and every time."""
    assert NO_TOOLS not in await office.does("list")
    office.town.provider.play(refusal(500, "server_error", "tools param requires --jinja flag"))
    await office.town.linus.send(office.town.general, f"{office.town.mention} hi")
    await office.town.answer("Regenerate")
    for _ in range(2):
        assert NO_TOOLS in await office.does("list")
