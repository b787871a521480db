"""Settings that are about what is no longer there: deleted roles, channels and categories; pure."""

from __future__ import annotations

from collections.abc import Collection

from bot.place_settings.budget_names import BUDGET, BudgetName, Subject
from bot.place_settings.chosen import ALLOWED_ROLES
from bot.place_settings.service import Edit, Known
from bot.place_settings.table import setting
from bot.places import Place, PlaceKind
from bot.setting import Kind

OF_ROLES = (Subject.ROLE, Subject.EACH_OF_ROLE)


def named_roles(known: Known) -> frozenset[int]:
    """Every role that a setting names."""
    found = set[int]()
    for choice in known.values():
        found |= _roles(choice.name, choice.value)
    return frozenset(found)


def without_roles(known: Known, gone: Collection[int]) -> list[Edit]:
    """What has to change so that no setting names one of these roles; a rule of which no role is left is let go.

    Only a list of who is answered stays as it is then: without it everybody would be.
    """
    edits = list[Edit]()
    for choice in known.values():
        if not _roles(choice.name, choice.value).intersection(gone):
            continue
        left = [each for each in choice.value if each not in gone] if isinstance(choice.value, list) else None
        if choice.name == ALLOWED_ROLES and not left:
            continue
        edits.append(Edit(place=choice.place, name=choice.name, value=left or None))
    return edits


def lost_places(known: Known, channel_ids: Collection[int]) -> frozenset[Place]:
    """The channels and categories with settings that are not among these; threads may be there without being known."""
    kinds = (PlaceKind.CHANNEL, PlaceKind.CATEGORY)
    return frozenset(place for place, _ in known if place.kind in kinds and place.id not in channel_ids)


def _roles(name: str, value: object) -> set[int]:
    if isinstance(value, list) and setting(name).kind is Kind.ROLES:
        return set(value)
    budget = BudgetName.parse(name) if name.startswith(BUDGET) else None
    return {budget.id} if budget is not None and budget.subject in OF_ROLES else set()
