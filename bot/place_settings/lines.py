"""How settings, switches and budgets stand in the panel: what counts, where it comes from, and what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bot.messages import one_line
from bot.place_settings.budget_names import BudgetName, Subject, Unit
from bot.place_settings.chosen import SYSTEM_PROMPT, Choice, PlaceValues
from bot.place_settings.desk import in_words, unset_in_words
from bot.place_settings.table import TOOL
from bot.places import Place, PlaceKind
from bot.setting import Kind, Setting
from bot.tools.switches import GROUP, Switch, Switches
from bot.tools.toolbox import Tool

ON_OFF = {True: "🟢 on", False: "🔴 off"}
MAX_PROMPT_CHARACTERS = 500  # of a prompt on its page, where there is room
MAX_HELP_CHARACTERS = 150
OWN = {
    PlaceKind.THREAD: "this thread",
    PlaceKind.CHANNEL: "this channel",
    PlaceKind.CATEGORY: "this category",
    PlaceKind.GUILD: "the server",
}
WHO = {Subject.ALL: "everybody together", Subject.EACH: "each member"}


class Server(Protocol):
    """Knows its roles, as discord.py's guilds do."""

    def get_role(self, role_id: int, /) -> Any:
        """A role, or None if it is gone."""


def setting_line(around: PlaceValues, place: Place, what: Setting, server: Server | None) -> str:
    """A setting at one of the places around somebody; what is nearer to them is said too."""
    there = around.seen_from(place)
    nearer = [each for each in around.places[: around.places.index(place)] if (each, what.name) in around.known]
    lines = [f"**{what.name}** · {standing(there, place, what, server)}", f"-# {what.meaning}"]
    if nearer:
        has = valued(what, around.known[nearer[0], what.name].value, server)
        lines.append(f"-# ⚠️ Where you are, {source(nearer[0])} has {has}.")
    for choice in there.missed:
        if choice.name == what.name:
            lines.append(f"-# {refused_line(valued(what, choice.value, server), choice.place, place)}")
    return "\n".join(lines)


def refused_line(value: str, chosen_at: Place, place: Place) -> str:
    """That a choice does not count any more."""
    where = "here" if chosen_at == place else f"for {source(chosen_at)}"
    return f"⚠️ {value} was chosen {where}, and the host does not allow it any more."


def standing(there: PlaceValues, place: Place, what: Setting, server: Server | None) -> str:
    """What counts at a place, and where it comes from."""
    choice = there.deciding(what.name)
    if choice is not None:
        return f"{valued(what, choice.value, server)} · {source(choice.place, place, is_direct=server is None)}"
    default = there.default(what.name)
    return unset_in_words(what) if default is None else f"{valued(what, default, server)} · the host"


def valued(what: Setting, value: Any, server: Server | None) -> str:
    """A value as the panel shows it."""
    if what.kind is Kind.BOOLEAN:
        return ON_OFF[value]
    if what.kind is Kind.ROLES and server is not None:
        return " ".join(f"<@&{id}>" if server.get_role(id) is not None else "a deleted role" for id in value)
    return in_words(what, value, MAX_PROMPT_CHARACTERS if what.name == SYSTEM_PROMPT else 60)


def source(chosen_at: Place, place: Place | None = None, *, is_direct: bool = False) -> str:
    """Where a value comes from, as seen from a place."""
    if chosen_at == place:
        return "**this direct message**" if is_direct else f"**{OWN[place.kind]}**"
    where = "the server" if chosen_at.kind is PlaceKind.GUILD else f"<#{chosen_at.id}>"
    return where if place is None else f"inherited from {where}"


def source_of(values: PlaceValues, what: Setting, server: Server | None) -> str:
    """What counts somewhere, as text in which nothing can be mentioned."""
    choice = values.deciding(what.name)
    value = values.default(what.name) if choice is None else choice.value
    if value is None:
        return unset_in_words(what)
    said = "" if what.kind in (Kind.ROLES, Kind.CHANNEL) else valued(what, value, server).replace("`", "") + ", "
    return f"{said}from the {'host' if choice is None else called(choice.place)}"


def called(place: Place) -> str:
    """What kind of place it is, in a word."""
    return "server" if place.kind is PlaceKind.GUILD else str(place.kind)


def switch_line(switches: Switches, name: str, tools: Sequence[Tool], place: Place, server: Server | None) -> str:
    """A tool, or a group of them, that models may be offered or not."""
    shown = name.removeprefix(TOOL)
    tool = next((tool for tool in tools if tool.name == shown), None)
    if tool is None:
        decided = next((switches.known[at, shown] for at in switches.places if (at, shown) in switches.known), None)
        about = ", ".join(tool.name for tool in tools if GROUP + tool.group == shown)
    else:
        decided = switches.deciding(tool.name, tool.group)
        about = tool.description
    said = f"**{shown}** · {switched(decided, shown, place, server)}"
    return f"{said}\n-# {one_line(about, MAX_HELP_CHARACTERS)}"


def switched(switch: Switch | None, name: str, place: Place, server: Server | None) -> str:
    """What a switch says and where it is."""
    if switch is None:
        return f"{ON_OFF[True]} · not switched"
    where = source(switch.place, place, is_direct=server is None)
    by = f" by {switch.tool}" if switch.tool != name and switch.tool.startswith(GROUP) else ""
    return f"{ON_OFF[switch.is_enabled]} · {where}{by}"


def budget_line(choice: Choice, server: Server | None) -> str:
    """A budget in words."""
    budget = BudgetName.parse(choice.name)
    amount = f"${choice.value:,.2f}" if budget.unit is Unit.DOLLARS else f"{choice.value:,.16g} {budget.unit}"
    whom = {Subject.MEMBER: f"<@{budget.id}>", Subject.ROLE: f"<@&{budget.id}> together"}
    who = WHO.get(budget.subject) or whom.get(budget.subject) or f"each member with <@&{budget.id}>"
    where = source(choice.place) if server is not None else "this direct message"
    return f"- **{amount}** a {budget.period} · {who} · {where}"
