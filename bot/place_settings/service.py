"""What moderators chose for places, as it counts in one of them, and how it is changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from bot.errors import Refusal
from bot.place_settings.chosen import Choice, PlaceValues
from bot.place_settings.limits import NO_LIMITS, Allowed, Limits
from bot.place_settings.table import is_valid
from bot.places import Place, PlaceKind
from bot.store import place_settings, setting_changes
from bot.store.database import Database, Transaction
from bot.store.setting_changes import Change, NewChange
from bot.whereabouts import Whereabouts

log = logging.getLogger(__name__)

Known: TypeAlias = Mapping[tuple[Place, str], Choice]
CHANGED_MEANWHILE = "`{name}` was changed meanwhile by <@{by}>, <t:{at}:R>. Look at it again before you change it."
CHANGED_BY_NOBODY_KNOWN = "`{name}` was changed meanwhile. Look at it again before you change it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """At a place, a setting is to have this value; None has it inherited again."""

    place: Place
    name: str
    value: Any


class PlaceSettings:
    """Reads and writes the settings of places; every change is logged in the same transaction."""

    def __init__(
        self,
        database: Database,
        whereabouts: Whereabouts,
        *,
        defaults: Mapping[str, Any],
        clock: Callable[[], datetime],
        limits: Limits = NO_LIMITS,
    ) -> None:
        """`defaults` are the host's, by the names of the settings."""
        self.limits = limits
        self._database = database
        self._whereabouts = whereabouts
        self._defaults = defaults
        self._clock = clock
        self._hear: Callable[[Sequence[Change]], None] = _nobody_hears

    def meet(self, hear: Callable[[Sequence[Change]], None]) -> None:
        """Learn who wants to hear of changes that were made here."""
        self._hear = hear

    async def at(self, guild_id: int | None, channel_id: int) -> PlaceValues:
        """What counts in a channel, a thread or a direct message, by one query.  Raises: Refusal if it is not found."""
        return await self.around(await self.places(guild_id, channel_id))

    async def around(self, places: tuple[Place, ...]) -> PlaceValues:
        """What counts where these places lie in each other, nearest first."""
        async with self._database.read() as transaction:
            known = by_key(await place_settings.of(transaction, places))
        return replace(self._counting(known, self.limits.around(places)), places=places)

    async def throughout(self, guild_id: int) -> Callable[[tuple[Place, ...]], PlaceValues]:
        """What counts in each place of a guild, by where it lies, nearest first; all by one query."""
        values = self._counting(await self.of_guild(guild_id), self.limits.of(guild_id))
        return lambda places: replace(values, places=places)

    def _counting(self, known: Known, allowed: Allowed) -> PlaceValues:
        """What counts of these choices."""
        refused = {key: choice for key, choice in known.items() if allowed.objection(choice.name, choice.value)}
        counting = {key: choice for key, choice in known.items() if key not in refused}
        return PlaceValues(known=counting, defaults=self._defaults, refused=tuple(refused.values()))

    async def of_guild(self, guild_id: int | None, channel_id: int = 0) -> Known:
        """Everything that is chosen in a guild, in all its places, or in a direct message's channel."""
        async with self._database.read() as transaction:
            return by_key(await place_settings.within(transaction, root(guild_id, channel_id)))

    async def places(self, guild_id: int | None, channel_id: int) -> tuple[Place, ...]:
        """Where a channel lies: itself first, its guild last.  Raises: Refusal."""
        return await self._whereabouts.of(guild_id, channel_id)

    async def change(
        self,
        guild_id: int | None,
        edits: Sequence[Edit],
        user_id: int,
        *,
        undoes: int | None = None,
        seen: Mapping[tuple[Place, str], Any] | None = None,
    ) -> tuple[Change, ...]:
        """Make these edits, all or none: what has changed by them.

        `seen` is what the person saw of some of them, None where nothing was chosen.  Raises: Refusal where somebody
        else has changed it since, or where the host does not allow a value.
        """
        for edit in edits:
            if edit.value is not None:
                self.limits.require(guild_id, Choice(place=edit.place, name=edit.name, value=edit.value))
        now = self._clock()
        async with self._database.write() as transaction:
            there = await place_settings.of(transaction, {edit.place for edit in edits})
            old = {(choice.place, choice.name): choice.value for choice in there}
            await self._require_seen(transaction, old, seen or {})
            last = {(edit.place, edit.name): edit for edit in edits}  # a file may name a place twice
            changed = [edit for key, edit in last.items() if old.get(key) != edit.value]
            gone = [(edit.place, edit.name) for edit in changed if edit.value is None]
            await place_settings.remove(transaction, gone)
            fresh = [Choice(place=it.place, name=it.name, value=it.value) for it in changed if it.value is not None]
            await place_settings.put(transaction, guild_id, fresh, user_id, now)
            new = [
                NewChange(
                    guild_id=guild_id,
                    place=edit.place,
                    name=edit.name,
                    old_value=old.get((edit.place, edit.name)),
                    new_value=edit.value,
                    changed_by=user_id,
                    changed_at=now,
                    undoes=undoes,
                )
                for edit in changed
            ]
            changes = await setting_changes.add(transaction, new)
        if changes:
            self._hear(changes)
        return changes

    async def last_of(self, place: Place, name: str) -> Change | None:
        """The latest change of a setting at a place."""
        async with self._database.read() as transaction:
            return await setting_changes.last_of(transaction, place, name)

    async def guilds(self) -> frozenset[int]:
        """The guilds in which something is chosen."""
        async with self._database.read() as transaction:
            return await place_settings.guilds(transaction)

    async def forget(self, places: Collection[Place]) -> None:
        """Let go what was chosen for places that are gone."""
        async with self._database.write() as transaction:
            await place_settings.remove_places(transaction, places)

    @staticmethod
    async def _require_seen(
        transaction: Transaction, old: Mapping[tuple[Place, str], Any], seen: Mapping[tuple[Place, str], Any]
    ) -> None:
        """Raises: Refusal where what is there is not what was seen."""
        for (place, name), value in seen.items():
            if old.get((place, name)) != value:
                last = await setting_changes.last_of(transaction, place, name)
                if last is None:
                    raise Refusal(CHANGED_BY_NOBODY_KNOWN.format(name=name))
                at = int(last.changed_at.timestamp())
                raise Refusal(CHANGED_MEANWHILE.format(name=name, by=last.changed_by, at=at))


def _nobody_hears(_: Sequence[Change]) -> None:
    """As long as nobody wants to."""


def by_key(choices: Iterable[Choice]) -> Known:
    """The choices that an older Parley has not left behind."""
    found = tuple(choices)
    known = {(choice.place, choice.name): choice for choice in found if is_valid(choice.name, choice.value)}
    if len(known) < len(found):
        log.warning("%d settings are not known any more", len(found) - len(known))
    return known


def root(guild_id: int | None, channel_id: int) -> Place:
    """What holds all places around: the guild, or a direct message's channel."""
    if guild_id is None:
        return Place(kind=PlaceKind.CHANNEL, id=channel_id)
    return Place(kind=PlaceKind.GUILD, id=guild_id)
