"""Which tools a model is offered: those that are on in the place, that the asker may use, and not too many at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import discord
import pytest

from bot.errors import Refusal
from bot.places import Place, PlaceKind
from bot.tools.arguments import Arguments
from bot.tools.caller import Caller
from bot.tools.find_tool import FIND_TOOL, MAX_HINTS, MAX_OFFERED, Room, found_in
from bot.tools.model import Asker, Need, Outcome
from bot.tools.switches import NOTHING_SWITCHED, Switch, Switches
from bot.tools.toolbox import Tool, Toolbox, unheard
from tests.tools.people import ASKER, Known, called, said

BAN = discord.Permissions(ban_members=True).value
HERE = Place(kind=PlaceKind.CHANNEL, id=ASKER.channel_id)


async def answer(_: Caller) -> str:
    """What every tool here does."""
    return "It is done."


def a_tool(name: str, **changed: object) -> Tool:
    """A tool without parameters."""
    plain = Tool(
        name=name,
        description=f"Do what {name} says",
        arguments=Arguments([]),
        carry_out=answer,
        is_idempotent=True,
        timeout_seconds=2,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]  # the fields of a Tool


@dataclass
class Rules:
    """Switches that are the same everywhere; without any, nobody can find them out."""

    switches: Switches | None = NOTHING_SWITCHED

    async def at(self, _guild_id: int | None, _channel_id: int) -> Switches:
        """What counts."""
        if self.switches is None:
            raise Refusal("It cannot be found out.")
        return self.switches


@dataclass
class Counted:
    """Everybody is there with these permissions, and how often that was asked; or nobody is there at all."""

    permissions: int = 0
    is_there: bool = True
    asked: list[int] = field(default_factory=list)

    async def caller(self, asker: Asker, tool_name: str, progress: Callable[[str], None]) -> Caller:
        """The person of that id."""
        self.asked.append(asker.user_id)
        if not self.is_there:
            raise Refusal("They are gone.")
        return await Known(self.permissions).caller(asker, tool_name, progress)


def off(*names: str) -> Rules:
    """These are off in the channel."""
    known = {(HERE, name): Switch(place=HERE, tool=name, is_enabled=False) for name in names}
    return Rules(Switches(places=(HERE,), known=known))


def toolbox(
    *tools: Tool, people: Counted | None = None, rules: Rules | None = None, room: Room | None = None
) -> Toolbox:
    """A box with these tools."""
    box = Toolbox(rules=rules or Rules(), room=room)
    box.meet(people or Counted())
    box.fill("code", tools)
    return box


async def names(box: Toolbox, *found: str, asker: Asker = ASKER) -> list[str]:
    """What a model is told of."""
    return [spec.name for spec in await box.offered(asker, found)]


async def test_only_tools_for_models_that_exist_there_are_offered() -> None:
    """A tool of another server, or for people only, is not told of."""
    box = toolbox(
        a_tool("roll"), a_tool("here", guild_id=5), a_tool("there", guild_id=6), a_tool("mine", for_model=False)
    )
    assert await names(box, asker=replace(ASKER, guild_id=5)) == ["here", "roll"]
    assert await names(box) == ["roll"]


async def test_tool_that_is_switched_off_is_not_offered_nor_called() -> None:
    """By its name or by its group; a model that calls it all the same is told so, and no person is asked for it."""
    games = a_tool("roll", group="games", need=Need.APPROVAL)
    box = toolbox(games, a_tool("time", need=Need.APPROVAL), a_tool("poll"), rules=off("group:games", "time"))
    assert await names(box) == ["poll"]
    assert await said(box, "roll") == "roll is switched off here by a moderator."
    assert (await called(box, "time")).outcome is Outcome.REFUSED
    assert [await box.need(name, "{}", ASKER) for name in ("roll", "time")] == [None, None]
    assert await said(box, "fly") == "There is no tool named fly. These exist: poll."


@dataclass
class Host:
    """Lets models have no games in guild 5."""

    def let_use(self, guild_id: int | None, tool: str, group: str) -> bool:
        """All else."""
        return guild_id != 5 or (group != "games" and tool != "time")


async def test_tool_that_the_host_bars_is_not_there_for_models() -> None:
    """Neither offered, called, waited for nor to be switched, in that guild alone; people keep it."""
    box = Toolbox(rules=Rules(), limits=Host())
    box.meet(Counted())
    box.fill("code", [a_tool("roll", group="games"), a_tool("time", need=Need.APPROVAL), a_tool("poll")])
    there = replace(ASKER, guild_id=5)
    assert await names(box, asker=there) == ["poll"]
    assert box.switchable(5) == ["poll", "group:general"]
    for name in ("roll", "time"):
        result = await box.call(name, "{}", there, unheard)
        assert result.text == f"There is no tool named {name}. These exist: poll."
        assert await box.need(name, "{}", there) is None
    assert [tool.for_people for tool in box.of_guild(5)["code"]] == [True] * 3
    assert await names(box) == ["poll", "roll", "time"]


async def test_no_tool_is_offered_where_the_switches_cannot_be_found_out() -> None:
    """What a moderator may have switched off stays off; the answer itself goes on."""
    box = toolbox(a_tool("roll", need=Need.APPROVAL), rules=Rules(None))
    assert await names(box) == []
    assert await said(box, "roll") == "It cannot be found out."


async def test_call_is_asked_for_where_it_is_not_known_whether_it_is_refused() -> None:
    """What is not told at one moment may be at the next, in which nobody would have approved the call."""
    tool = a_tool("roll", need=Need.APPROVAL)
    for box in (toolbox(tool, rules=Rules(None)), toolbox(tool, people=Counted(is_there=False))):
        assert await box.need("roll", "{}", ASKER) is Need.APPROVAL
        assert (await called(box, "roll")).outcome is Outcome.REFUSED
    assert await box.need("roll", '{"sides": 6}', ASKER) is None


async def test_tool_that_the_asker_may_not_use_is_not_offered() -> None:
    """It is for whoever has its permission, and a model that calls it for another is told so."""
    tools = a_tool("ban", permissions=BAN, need=Need.APPROVAL), a_tool("roll")
    member, moderator = toolbox(*tools), toolbox(*tools, people=Counted(BAN))
    assert await names(member) == ["roll"]
    assert await names(moderator) == ["ban", "roll"]
    assert await said(member, "ban") == "Not permitted: Ada may not use ban here."
    assert [await box.need("ban", "{}", ASKER) for box in (member, moderator)] == [None, Need.APPROVAL]


async def test_nobody_is_asked_for_where_it_does_not_matter() -> None:
    """A plain question costs no request for its author: only tools that need a permission do, where they are on."""
    people = Counted()
    await names(toolbox(a_tool("roll"), people=people))
    await names(toolbox(a_tool("roll"), a_tool("ban", permissions=BAN), people=people, rules=off("ban")))
    assert people.asked == []


async def test_somebody_who_is_gone_is_offered_what_is_for_everyone() -> None:
    """That Discord does not tell of a person takes away no more than what their permissions would give."""
    gone = Counted(is_there=False)
    assert await names(toolbox(a_tool("roll"), a_tool("ban", permissions=BAN), people=gone)) == ["roll"]


MANY = tuple(a_tool(f"tool{number:02}") for number in range(40))
FIRST = [f"tool{number:02}" for number in range(MAX_OFFERED - 1)]


async def test_of_many_tools_a_part_is_offered_and_the_way_to_the_rest() -> None:
    """What was found stands at the end, in full and once, so that what providers have cached still holds."""
    box = toolbox(*MANY, rules=off("tool39"))
    assert await names(box) == [FIND_TOOL, *FIRST]
    assert await names(box, "tool38", "tool39", "tool01", "gone") == [FIND_TOOL, *FIRST, "tool38"]
    assert await names(toolbox(*MANY[:MAX_OFFERED])) == [tool.name for tool in MANY[:MAX_OFFERED]]


async def test_search_is_offered_with_names_of_what_it_finds() -> None:
    """A model that does not know what there is would not look for it; of very many it is told some."""
    few, *_ = await toolbox(*MANY[:27]).offered(ASKER)
    assert few.description.endswith("There are: tool24, tool25, tool26.")
    more = [a_tool(f"tool{number}") for number in range(40, 60)]
    many, *_ = await toolbox(*MANY, *more).offered(ASKER)
    assert many.description.endswith(f"tool{len(FIRST) + MAX_HINTS - 1}, and more.")


async def test_tools_take_no_more_than_their_part_of_the_window() -> None:
    """Few but wordy ones are found too, not told of in full."""
    wordy = a_tool("wordy", description="x" * 5000)
    assert await names(toolbox(wordy, a_tool("roll"), room=Room(max_tokens=1000))) == [FIND_TOOL, "roll"]


async def test_search_finds_only_what_may_be_called() -> None:
    """Neither what is switched off, nor what the asker may not use, nor what is for people is told of."""
    tools = a_tool("ban", permissions=BAN), a_tool("fly"), a_tool("hop", for_model=False), *MANY
    box = toolbox(*tools, rules=off("fly"))
    told = [await said(box, FIND_TOOL, f'{{"query": "{name}"}}') for name in ("ban", "fly", "hop", "tool30")]
    assert [found_in([output]) for output in told] == [(), (), (), ("tool30",)]
    assert box.is_idempotent(FIND_TOOL, None)
    assert (await said(box, FIND_TOOL)).startswith("The arguments are not right. query: Field required")


async def test_model_that_makes_a_name_up_is_told_of_the_search() -> None:
    """The sentence stays short however many tools there are."""
    assert (await said(toolbox(*MANY), "fly")).endswith("tool24, and others, which find_tool finds.")


async def test_made_up_name_reveals_no_tool_that_the_asker_may_not_use() -> None:
    """What is said of a name that is none is what may be called, not what there is."""
    box = toolbox(a_tool("ban", permissions=BAN), a_tool("roll"))
    assert await said(box, "fly") == "There is no tool named fly. These exist: roll."


@pytest.mark.parametrize("own_first", [True, False])
async def test_server_s_own_tool_does_not_stand_in_for_one_of_the_host(own_first: bool) -> None:
    """Whichever came first, as when an MCP server was away while a moderator gave the name; no name comes twice."""
    own, ours = a_tool("search", guild_id=5), a_tool("search", description="The host's")
    box = toolbox()
    for source, tool in sorted({"http:5": own, "mcp:shop": ours}.items(), reverse=not own_first):
        box.fill(source, [tool])
    asker = replace(ASKER, guild_id=5)
    assert [spec.description for spec in await box.offered(asker)] == ["The host's"]
    assert box.find("search", 5) is ours
