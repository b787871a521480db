"""Settings of places as a file, and what has to change so that a place is as another one or as a file says; pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bot.errors import Refusal
from bot.place_settings.budget_names import BUDGET, BudgetName, Subject
from bot.place_settings.service import Edit, Known
from bot.place_settings.table import setting
from bot.places import Place, PlaceKind
from bot.setting import Kind, checked

FORMAT, VERSION = "parley-settings", 1
# Ten times what all settings of all channels of a large server come to, without their prompts.
MAX_FILE_BYTES = 1_000_000
# What is set at one place is read for every message there, and a file is kept in one turn of the database.
MAX_OF_A_PLACE, MAX_OF_A_FILE = 200, 2_000
TOO_MANY = "This file sets {count:,} things {where}; at most {most:,} can be. Nothing was imported."
TOO_LARGE = "This file has {size:,} bytes; an export of settings has at most {most:,}."
NO_EXPORT = "This is no export of Parley's settings. **Export** in `/settings` makes one."
OTHER_VERSION = "This file is of version {version}; I read version {own}. Export it anew, or update me."
WRONG_VALUE = "`{name}` has to be {range}; for example `{example}`. Nothing was imported."
NOT_OF_A_GUILD = "This file is of a whole server: import it for the server."

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a file holds: what was set at one place, and, of a server, at places in it, by kind, id and name."""

    values: Values
    places: tuple[tuple[PlaceKind, int, str, Values], ...] = ()

    @classmethod
    def read(cls, content: bytes) -> Self:
        """The settings of a file.  Raises: Refusal, which says what is wrong with it."""
        try:
            data = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Refusal(NO_EXPORT) from None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise Refusal(NO_EXPORT)
        if data.get("version") != VERSION:
            raise Refusal(OTHER_VERSION.format(version=str(data.get("version"))[:20], own=VERSION))
        try:
            places = [
                (PlaceKind(each["kind"]), int(each["id"]), str(each["name"]), _values(each["settings"]))
                for each in data.get("places", [])
            ]
            values = _values(data["settings"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise Refusal(NO_EXPORT) from None
        count = len(values) + sum(len(each) for *_, each in places)
        if count > MAX_OF_A_FILE:
            raise Refusal(TOO_MANY.format(count=count, where="in all", most=MAX_OF_A_FILE))
        return cls(values=values, places=tuple(places))

    def written(self, of: str) -> bytes:
        """The file."""
        places = [
            {"kind": kind.value, "id": str(id), "name": name, "settings": values}
            for kind, id, name, values in self.places
        ]
        data = {"format": FORMAT, "version": VERSION, "of": of, "settings": self.values}
        return json.dumps(data | ({"places": places} if places else {}), ensure_ascii=False, indent=2).encode()


def bundle(known: Known, place: Place, names: Mapping[Place, str]) -> Bundle:
    """What is set at a place; of a guild also what is set in its places, of which these have names."""
    if place.kind is not PlaceKind.GUILD:
        return Bundle(values=own(known, place))
    inside = [each for each in names if any(where == each for where, _ in known)]
    return Bundle(
        values=own(known, place), places=tuple((each.kind, each.id, names[each], own(known, each)) for each in inside)
    )


def own(known: Known, place: Place) -> dict[str, Any]:
    """What is set at a place itself, by the names of the settings."""
    return {name: choice.value for (where, name), choice in known.items() if where == place}


def edits_to(known: Known, place: Place, wanted: Values) -> list[Edit]:
    """What has to change so that this, and nothing else, is set at a place.  Raises: Refusal."""
    there = own(known, place)
    fitting = {name: value for name, value in wanted.items() if fits(name, place)}
    changed = [Edit(place=place, name=name, value=value) for name, value in fitting.items() if there.get(name) != value]
    return changed + [Edit(place=place, name=name, value=None) for name in there if name not in fitting]


def edits_of(bundle: Bundle, known: Known, place: Place, names: Mapping[Place, str]) -> tuple[list[Edit], list[str]]:
    """What has to change so that a place is as a file says, and the names of places in it that are not here.

    Places are known again by their ids, or else by their names.  Raises: Refusal.
    """
    if bundle.places and place.kind is not PlaceKind.GUILD:
        raise Refusal(NOT_OF_A_GUILD)
    edits, missing = edits_to(known, place, bundle.values), list[str]()
    for kind, id, name, values in bundle.places:
        here = Place(kind=kind, id=id)
        if here not in names:
            alike = [each for each, called in names.items() if called == name and each.kind is kind]
            if len(alike) != 1:
                missing.append(name)
                continue
            here = alike[0]
        edits += edits_to(known, here, values)
    return edits, missing


def without_strangers(edits: Sequence[Edit], roles: Collection[int], channels: Collection[int]) -> list[Edit]:
    """The edits without what names roles or channels that are not in the server: a file may be of another one."""
    return [edit for edit in (_known_here(each, roles, channels) for each in edits) if edit is not None]


def fits(name: str, place: Place) -> bool:
    """Whether a setting can be set at such a place."""
    return place.kind is PlaceKind.GUILD or not setting(name).is_of_guild


def _known_here(edit: Edit, roles: Collection[int], channels: Collection[int]) -> Edit | None:
    if edit.value is None:
        return edit
    kind = setting(edit.name).kind
    if kind is Kind.ROLES:
        kept = [each for each in edit.value if each in roles]
        return Edit(place=edit.place, name=edit.name, value=kept) if kept else None
    if kind is Kind.CHANNEL:
        return edit if edit.value in channels else None
    if edit.name.startswith(BUDGET):
        budget = BudgetName.parse(edit.name)
        is_of_role = budget.subject in (Subject.ROLE, Subject.EACH_OF_ROLE)
        return None if is_of_role and budget.id not in roles else edit
    return edit


def _values(data: Any) -> dict[str, Any]:
    """Raises: Refusal, KeyError, TypeError, ValueError."""
    if not isinstance(data, dict):
        raise TypeError
    if len(data) > MAX_OF_A_PLACE:
        raise Refusal(TOO_MANY.format(count=len(data), where="at one place", most=MAX_OF_A_PLACE))
    return {name: _value(name, value) for name, value in _items(data)}


def _items(data: Mapping[Any, Any]) -> Iterable[tuple[str, Any]]:
    return ((str(name), value) for name, value in data.items())


def _value(name: str, value: Any) -> Any:
    """Raises: Refusal, which names the setting, its range and an example."""
    what = setting(name)
    try:
        return checked(what, value)
    except (ValueError, TypeError):
        raise Refusal(WRONG_VALUE.format(name=name, range=what.range, example=what.example)) from None
