"""What moderators see of the tools of a place, and how they switch them there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import discord

from bot.errors import Refusal
from bot.mcp.status import ServerStatus
from bot.messages import one_line
from bot.notices import Notices
from bot.places import Reach, named, reached
from bot.tool_rules import ToolRules
from bot.tools.model import Need
from bot.tools.switches import GROUP, Switch, Switches
from bot.tools.toolbox import Tool, Toolbox

PAGE_LINES = 25  # a screen
MAX_PAGE_CHARACTERS = 3500  # Discord allows 4000 in a message with buttons
MAX_REASON_CHARACTERS = 200
MAX_NAMED = 10
TURNED_OFF = "⚠️ The host has turned tools off for the model (TOOLS_ENABLED)."
LEGEND = "-# On and off are for the model, people keep their commands. `/tools enable` and `/tools disable` switch."
# As Discord's settings call what its interface calls otherwise.
PERMISSIONS = {
    "read_messages": "View Channels",
    "manage_guild": "Manage Server",
    "moderate_members": "Timeout Members",
    "send_polls": "Create Polls",
}
NEEDS = {Need.APPROVAL: "asks for approval", Need.ANSWER: "asks the person"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPage:
    """A part of the list of tools; pages are counted from 0."""

    text: str
    number: int
    page_count: int


class ToolOverview:
    """Shows the tools of a place and switches them."""

    def __init__(
        self,
        toolbox: Toolbox,
        rules: ToolRules,
        notices: Notices,
        *,
        is_offered: bool,
        servers: Callable[[], Sequence[ServerStatus]],
        model_of: Callable[[int, int], Awaitable[str]],
    ) -> None:
        """`is_offered` is whether models may use tools at all, `model_of` which one answers in a guild's channel."""
        self._toolbox = toolbox
        self._rules = rules
        self._notices = notices
        self._is_offered = is_offered
        self._servers = servers
        self._model_of = model_of

    async def page(self, guild_id: int, channel_id: int, number: int) -> ToolPage:
        """A page of all tools that exist in a guild, as they are switched in a channel; the last one if there are less.

        Raises: Refusal if it is not known where the channel lies.
        """
        switches = await self._rules.at(guild_id, channel_id)
        pages = paged(
            [*self._notes(await self._model_of(guild_id, channel_id)), *self._tools(guild_id, switches), LEGEND]
        )
        number = min(number, len(pages) - 1)
        return ToolPage(text=pages[number], number=number, page_count=len(pages))

    def names(self, guild_id: int) -> list[str]:
        """What can be switched in a guild: tools by their names, then groups."""
        return self._toolbox.switchable(guild_id)

    async def switch(
        self, guild_id: int, channel_id: int, reach: Reach, name: str, *, is_enabled: bool, user_id: int
    ) -> str:
        """Switch a tool or a group, and a sentence on what holds then.  Raises: Refusal."""
        if name not in self.names(guild_id):
            raise Refusal(f"There is no tool or group named {one_line(name, 64)} here. `/tools list` shows all.")
        place = reached(await self._rules.places(guild_id, channel_id), reach)
        await self._rules.switch(guild_id, Switch(place=place, tool=name, is_enabled=is_enabled), user_id)
        switches = await self._rules.at(guild_id, channel_id)
        affected = [tool for tool in self._toolbox.for_models(guild_id) if name in (tool.name, GROUP + tool.group)]
        others = [f"`{tool.name}`" for tool in affected if switches.allow(tool.name, tool.group) is not is_enabled]
        told = f"`{name}` is {on_or_off(is_enabled)} for the model in {named(place)} now."
        if not others:
            return told
        listed = ", ".join(others[:MAX_NAMED]) + (" and more" if len(others) > MAX_NAMED else "")
        return f"{told} Where you are, still {on_or_off(not is_enabled)}: {listed}. `/tools list` shows why."

    def _notes(self, model: str) -> Iterator[str]:
        """What is to be known before the list."""
        yield "### Tools here"
        if not self._is_offered:
            yield TURNED_OFF
        yield from (f"⚠️ {sentence}" for sentence in self._notices.standing(model))
        for server in self._servers():
            if server.error is not None:
                state = "" if server.is_up else " is away"
                yield f"⚠️ MCP server {server.name}{state}: {one_line(server.error, MAX_REASON_CHARACTERS)}"

    def _tools(self, guild_id: int, switches: Switches) -> Iterator[str]:
        found = self._toolbox.of_guild(guild_id)
        if not found:
            yield "There are none."
        titles: dict[str, list[Tool]] = {}
        for source, tools in found.items():
            titles.setdefault(titled(source), []).extend(tools)
        for title, members in titles.items():
            yield f"**{title}**"
            for tool in sorted(members, key=lambda tool: (tool.group, tool.name)):
                yield line(tool, switches.deciding(tool.name, tool.group))


def line(tool: Tool, switch: Switch | None) -> str:
    """One tool of the list."""
    is_on = switch is None or switch.is_enabled
    sign = "⚪" if not tool.for_model else "🟢" if is_on else "🔴"
    said = [f"{sign} `{tool.name}` in `{GROUP}{tool.group}`"]
    if not tool.for_model:
        said.append("for people only" if tool.for_people else "not allowed by the host")
    elif switch is not None:
        by = "" if switch.tool == tool.name else " by its group"
        said.append(f"{on_or_off(is_on)} in {named(switch.place)}{by}")
    if tool.for_model and not tool.for_people:
        said.append("for the model only")
    if tool.need is not None:
        said.append(NEEDS[tool.need])
    said.append(who(tool.permissions))
    return " · ".join(said)


def who(permissions: int) -> str:
    """Who may use a tool."""
    needed = [name for name, is_needed in discord.Permissions(permissions) if is_needed]
    names = [PERMISSIONS.get(name) or name.replace("_", " ").title() for name in needed]
    return f"needs {', '.join(names)}" if names else "everyone"


def titled(source: str) -> str:
    """Where tools come from, in words."""
    kind, name, *_ = [*source.split(":"), ""]
    titles = {
        "code": "Part of this bot",
        "people": "Part of this bot",
        "http": "Added with `/tools add`",
        "mcp": f"MCP server {name}",
    }
    return titles.get(kind, source)


def on_or_off(is_enabled: bool) -> str:
    """A switch in words."""
    return "on" if is_enabled else "off"


def paged(lines: Sequence[str]) -> list[str]:
    """The lines as pages, none of them longer than a message."""
    pages: list[list[str]] = [[]]
    for each in lines:
        if len(pages[-1]) == PAGE_LINES or sum(map(len, pages[-1])) + len(each) > MAX_PAGE_CHARACTERS:
            pages.append([])
        pages[-1].append(each)
    return ["\n".join(page) for page in pages]
