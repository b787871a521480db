"""The panel of settings: a place, a page of its settings with what counts and why, and what changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.client import ParleyClient
from bot.errors import Refusal
from bot.messages import one_line
from bot.place_settings.aims import Action, Aim, Page, digest_of, key_of, named_by, place_code
from bot.place_settings.chosen import PlaceValues
from bot.place_settings.desk import SERVER_TOOLS
from bot.place_settings.limits import Allowed
from bot.place_settings.lines import budget_line, setting_line, source_of, switch_line
from bot.place_settings.managing import manages
from bot.place_settings.table import SETTINGS, TOOL, setting
from bot.places import Place, PlaceKind, named
from bot.setting import Group, Kind
from bot.tools.switches import GROUP
from bot.tools.toolbox import Tool

# Discord takes 40 components in a message.  All but the settings are 16 of them, and three more where a page has
# neighbours; a setting is three.
MOST_ALONE, MOST_OF_MANY = 8, 7
MAX_OPTIONS, MAX_OPTION_CHARACTERS = 25, 100
MAX_TEXT_CHARACTERS = 3800  # of 4000, with what stands around the settings
SOMETHING_ELSE = object()
GONE = "That is not there any more. `/settings` shows what is."
FIRST_PROMPT_PAGE = Page(group=Group.PROMPT)
ELSEWHERE = "This panel is about another place than the one you are in. `/settings` shows what counts here."
LOOK_ONLY = {
    True: "-# 👀 You can look: to change these takes Manage Server.",
    False: "-# 👀 You can look: to change these takes Manage Channels there.",
}
LOCKED = "-# 🔒 The host alone chooses this."
BUDGETS_HINT = "-# `/budget` sets how much may be used, and shows how much is left."
NO_BUDGETS = "There are no budgets: everybody may ask as much as they like."
# Each is handled where it is at home.
DOORS = {"log": "Log", "copy": "Copy from…", "export": "Export", "import": "Import…", "reset": "Reset…"}
KIND_NAMES = {
    PlaceKind.THREAD: "This thread",
    PlaceKind.CHANNEL: "This channel",
    PlaceKind.CATEGORY: "The category",
    PlaceKind.GUILD: "The server",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is looked at: a page of a place, with all that is chosen around and the tools that there are."""

    place: Place
    page: Page
    around: PlaceValues
    tools: Sequence[Tool]
    guild: discord.Guild | None
    can_change: bool
    warning: str | None  # of the model that answers there
    has_own_tools: bool  # whether its provider has tools of its own
    allowed: Allowed

    @property
    def there(self) -> PlaceValues:
        """What counts at the place itself."""
        return self.around.seen_from(self.place)

    @property
    def names(self) -> list[str]:
        """All settings of the page's group that there are for the place."""
        return names_of(self.page.group, self.place, self.tools)

    @property
    def own(self) -> list[str]:
        """Those of them that are set at the place itself, budgets too."""
        begun = ("budget:",) if self.page.group is Group.BUDGETS else ()
        shown = self.names[self.first : self.first + self.size]
        own = [name for place, name in self.around.stored if place == self.place]
        return [name for name in own if name in shown or name.startswith(begun)]

    @property
    def size(self) -> int:
        """How many settings a page of the group has."""
        return MOST_ALONE if len(self.names) <= MOST_ALONE else MOST_OF_MANY

    @property
    def page_count(self) -> int:
        """How many pages the group has."""
        return max(1, -(-len(self.names) // self.size))

    @property
    def first(self) -> int:
        """Where among the names the page begins; the last page stands in for one that is gone."""
        return min(self.page.number, self.page_count - 1) * self.size

    def unless_changed(self, name: str, digest: str) -> Mapping[tuple[Place, str], Any]:
        """What somebody saw of a setting at the place: a value that nothing equals if it is not what is there now."""
        own = self.own_value(name)
        return {(self.place, name): own if digest_of(own) == digest else SOMETHING_ELSE}

    def named_by(self, key: str) -> str:
        """The setting that a key stands for.  Raises: Refusal where there is none any more."""
        own = [name for place, name in self.around.stored if place == self.place]
        found = named_by(key, [*names_of(self.page.group, self.place, self.tools), *own])
        if found is None:
            raise Refusal(GONE)
        return found

    def aim(self, action: Action, name: str = "", page: Page | None = None) -> str:
        """The custom id of what does this, to a setting if one is named."""
        seen = digest_of(self.own_value(name)) if name else ""
        return Aim(
            action=action, place=self.place, page=page or self.page, seen=seen, key=key_of(name) if name else ""
        ).custom_id

    def own_value(self, name: str) -> Any:
        """What is set at the place itself; None if nothing is."""
        choice = self.around.stored.get((self.place, name))
        return None if choice is None else choice.value


def names_of(group: Group, place: Place, tools: Sequence[Tool]) -> list[str]:
    """The settings of a group that there are for a place; of tools first their groups."""
    found = [
        it.name
        for it in SETTINGS.values()
        if it.group is group and (place.kind is PlaceKind.GUILD or not it.is_of_guild)
    ]
    if group is Group.TOOLS:
        found += [TOOL + GROUP + each for each in sorted({tool.group for tool in tools})]
        found += [TOOL + each for each in sorted({tool.name for tool in tools})]
    return found


async def sight(interaction: discord.Interaction[ParleyClient], place: Place | None, page: Page) -> Sight:
    """What there is to see now, of the nearest place if none is named.  Raises: Refusal where that is not around."""
    client, guild_id = interaction.client, interaction.guild_id
    around = await client.place_settings.at(guild_id, interaction.channel_id or 0)
    place = place or around.places[0]
    if place not in around.places:
        raise Refusal(ELSEWHERE)
    models, model = client.setting_desk.models, around.seen_from(place).model
    return Sight(
        place=place,
        page=page,
        around=around,
        tools=client.toolbox.for_models(guild_id or 0),
        guild=interaction.guild,
        can_change=manages(interaction, place),
        warning=models.warning(model),
        has_own_tools=bool(models.server_tools(model)),
        allowed=client.place_settings.limits.around(around.places),
    )


def drawn(seen: Sight) -> ui.LayoutView:
    """The panel."""
    view = ui.LayoutView(timeout=None)
    box = ui.Container[ui.LayoutView](accent_colour=discord.Colour.blurple())
    box.add_item(ui.TextDisplay(title(seen)))
    if len(seen.around.places) > 1:
        box.add_item(ui.ActionRow(places_menu(seen)))
    box.add_item(ui.ActionRow(pages_menu(seen)))
    box.add_item(ui.Separator())
    for item in body(seen):
        box.add_item(item)
    if seen.own and seen.can_change:
        box.add_item(ui.ActionRow(inherit_menu(seen)))
    if seen.page_count > 1:
        box.add_item(turning(seen))
    view.add_item(box)
    view.add_item(ui.ActionRow(*doors(seen)))
    view.stop()  # discord.py need not keep it: what is in it is found by its custom id
    return view


def title(seen: Sight) -> str:
    """What is looked at, and what is to be known before anything is changed."""
    lines = [f"### Settings of {titled(seen)}"]
    if seen.page_count > 1:
        lines.append(f"-# {seen.page.group} · {seen.first // seen.size + 1} of {seen.page_count}")
    if not seen.can_change:
        lines.append(LOOK_ONLY[seen.place.kind is PlaceKind.GUILD])
    if seen.warning and seen.page.group is Group.MODEL:
        lines.append(seen.warning)
    return "\n".join(lines)


def titled(seen: Sight) -> str:
    """The place as the title names it."""
    if seen.guild is None:
        return "this direct message"
    if seen.place.kind is PlaceKind.GUILD:
        return discord.utils.escape_markdown(one_line(seen.guild.name, MAX_OPTION_CHARACTERS))
    return named(seen.place)


def body(seen: Sight) -> Iterator[ui.Item[ui.LayoutView]]:
    """The settings of the page, each with what changes it."""
    if seen.page.group is Group.BUDGETS:
        lines = [budget_line(choice, seen.guild) for choice in seen.there.budgets] or [NO_BUDGETS]
        yield ui.TextDisplay("\n".join((*lines, BUDGETS_HINT))[:MAX_TEXT_CHARACTERS])
    for name in seen.names[seen.first : seen.first + seen.size]:
        label, action = change_of(seen, name)
        is_fixed = not seen.can_change or seen.allowed.is_locked(name)
        button = ui.Button[ui.LayoutView](label=label, custom_id=seen.aim(action, name), disabled=is_fixed)
        yield ui.Section(line(seen, name), accessory=button)


def line(seen: Sight, name: str) -> str:
    """A setting, what counts, where it comes from, and what it is for."""
    if name == SERVER_TOOLS and not seen.has_own_tools:
        return f"**{name}** · none with the model that answers here\n-# {setting(name).meaning}"
    if name.startswith(TOOL):
        said = switch_line(seen.there.switches, name, seen.tools, seen.place, seen.guild)
    else:
        said = setting_line(seen.around, seen.place, setting(name), seen.guild)
    return f"{said}\n{LOCKED}" if seen.allowed.is_locked(name) else said


def is_on(seen: Sight, name: str) -> bool:
    """Whether a switch counts as on at the place."""
    if not name.startswith(TOOL):
        return bool(seen.there.value(name))
    tool = next((tool for tool in seen.tools if TOOL + tool.name == name), None)
    if tool is not None:
        return seen.there.switches.allow(tool.name, tool.group)
    choice = seen.there.deciding(name)
    return choice is None or bool(choice.value)


def change_of(seen: Sight, name: str) -> tuple[str, Action]:
    """What the button of a setting says and does."""
    if setting(name).kind is not Kind.BOOLEAN:
        return "Change", Action.CHANGE
    return ("Turn off", Action.OFF) if is_on(seen, name) else ("Turn on", Action.ON)


def places_menu(seen: Sight) -> ui.Select[ui.LayoutView]:
    """The menu of the places around."""
    counts = [sum(place == one for one, _ in seen.around.stored) for place in seen.around.places]
    options = [
        discord.SelectOption(
            label=one_line(f"{KIND_NAMES[place.kind]}: {called_in(seen.guild, place)}", MAX_OPTION_CHARACTERS),
            value=place_code(place),
            description=f"{count} set here" if count else "nothing set here",
            default=place == seen.place,
        )
        for place, count in zip(seen.around.places, counts, strict=True)
    ]
    return ui.Select(options=options, custom_id=seen.aim(Action.PLACE))


def called_in(guild: discord.Guild | None, place: Place) -> str:
    """A place's name as text, where nothing can be mentioned."""
    if guild is None or place.kind is PlaceKind.GUILD:
        return "" if guild is None else guild.name
    channel = guild.get_channel_or_thread(place.id)
    return "" if channel is None else channel.name


def pages_menu(seen: Sight) -> ui.Select[ui.LayoutView]:
    """The menu of the pages."""
    options = [
        discord.SelectOption(label=group, value=str(Page(group=group)), default=group is seen.page.group)
        for group in Group
    ]
    return ui.Select(options=options, custom_id=seen.aim(Action.PAGE))


def inherit_menu(seen: Sight) -> ui.Select[ui.LayoutView]:
    """The menu of what is set at the place and can be inherited again."""
    options = [
        discord.SelectOption(
            label=f"{'Remove' if seen.page.group is Group.BUDGETS else 'Inherit'} {name}"[:MAX_OPTION_CHARACTERS],
            value=f"{digest_of(seen.own_value(name))}:{key_of(name)}",
            description=after(seen, name),
        )
        for name in seen.own[:MAX_OPTIONS]
    ]
    return ui.Select(placeholder="Take back what is set here…", options=options, custom_id=seen.aim(Action.INHERIT))


def after(seen: Sight, name: str) -> str | None:
    """What would count of a setting if the place had none of its own."""
    if name not in SETTINGS:
        return None
    further = seen.around.places[seen.around.places.index(seen.place) + 1 :]
    outer = PlaceValues(places=further, known=seen.around.known, defaults=seen.around.defaults)
    return one_line(source_of(outer, SETTINGS[name], seen.guild), MAX_OPTION_CHARACTERS)


def turning(seen: Sight) -> ui.ActionRow[ui.LayoutView]:
    """The buttons to the pages before and after."""
    number, row = seen.first // seen.size, ui.ActionRow[ui.LayoutView]()
    for sign, other in (("◀", number - 1), ("▶", number + 1)):
        there_is = 0 <= other < seen.page_count
        page = Page(group=seen.page.group, number=max(other, 0))
        row.add_item(ui.Button(label=sign, custom_id=seen.aim(Action.TURN, page=page), disabled=not there_is))
    return row


def doors(seen: Sight) -> Iterator[ui.Button[ui.LayoutView]]:
    """The buttons to what can be done with all settings of the place."""
    for action, label in DOORS.items():
        custom_id = f"settings:{action}:{seen.place.kind}:{seen.place.id}"
        yield ui.Button(label=label, custom_id=custom_id, disabled=not seen.can_change)
