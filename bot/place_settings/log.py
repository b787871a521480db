"""What was changed of the settings, as moderators read it, and how it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import Refusal
from bot.messages import one_line
from bot.place_settings.service import Edit, PlaceSettings, root
from bot.place_settings.table import is_valid, setting
from bot.places import Place, named
from bot.setting import Kind, written
from bot.store import setting_changes
from bot.store.database import Database
from bot.store.setting_changes import Change

ACTS_PER_PAGE = 8  # each is three components of the 40 that Discord takes
# Of the changes of one act, and of the 4000 characters that all acts of a page share; one change is up to 400.
MAX_SHOWN, MAX_ACT_CHARACTERS = 5, 420
MAX_VALUE_CHARACTERS = 60
MAX_ROLES_SHOWN = 3  # a mention is 23 characters
NOT_SET = "not set"
UNKNOWN = "This change is not known any more."
NOT_VALID = "What `{name}` was before cannot be any more; `/set` changes it."
NOTHING_TO_UNDO = "This is taken back already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody changed at once."""

    changes: tuple[Change, ...]

    @property
    def id(self) -> int:
        """By which it is found again."""
        return self.changes[-1].id

    @property
    def text(self) -> str:
        """Who did it, when, and from what to what."""
        first = self.changes[0]
        what = " took back" if first.undoes is not None else ""
        heading = f"<t:{int(first.changed_at.timestamp())}:f> <@{first.changed_by}>{what}"
        return "\n".join((heading, *lines(self.changes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some acts, the latest first; pages are counted from 0."""

    acts: tuple[Act, ...]
    number: int
    has_older: bool


class SettingLog:
    """Reads the changes of settings and takes them back; whether a person may, has been asked before."""

    def __init__(self, database: Database, settings: PlaceSettings) -> None:
        self._database = database
        self._settings = settings

    async def page(self, guild_id: int | None, place: Place, number: int) -> LogPage:
        """A page of what was changed at a place; of a guild, in all its places."""
        whole = root(guild_id, place.id)
        async with self._database.read() as transaction:
            found = await setting_changes.acts(
                transaction,
                whole,
                None if place == whole else place,
                limit=ACTS_PER_PAGE + 1,
                offset=number * ACTS_PER_PAGE,
            )
        acts = tuple(Act(changes=changes) for changes in found)
        return LogPage(acts=acts[:ACTS_PER_PAGE], number=number, has_older=len(acts) > ACTS_PER_PAGE)

    async def act(self, guild_id: int | None, channel_id: int, change_id: int) -> Act:
        """What was changed together with one change.  Raises: Refusal."""
        async with self._database.read() as transaction:
            changes = await setting_changes.act_of(transaction, root(guild_id, channel_id), change_id)
        if not changes:
            raise Refusal(UNKNOWN)
        return Act(changes=changes)

    async def undo(self, guild_id: int | None, act: Act, user_id: int) -> tuple[Change, ...]:
        """Let everything be as it was before an act.  Raises: Refusal where something of it was changed since."""
        edits = [Edit(place=each.place, name=each.name, value=each.old_value) for each in act.changes]
        for edit in edits:
            if edit.value is not None and not is_valid(edit.name, edit.value):
                raise Refusal(NOT_VALID.format(name=edit.name))
        seen = {(each.place, each.name): each.new_value for each in act.changes}
        changed = await self._settings.change(guild_id, edits, user_id, undoes=act.id, seen=seen)
        if not changed:
            raise Refusal(NOTHING_TO_UNDO)
        return changed


def lines(changes: Sequence[Change]) -> list[str]:
    """From what to what, a line each, and how many more there are."""
    told = [
        f"**{each.name}** in {named(each.place)}: {valued(each.name, each.old_value)} → "
        f"{valued(each.name, each.new_value)}"
        for each in changes
    ]
    return shortened(told, len(changes), MAX_ACT_CHARACTERS)


def shortened(lines: Sequence[str], count: int, max_characters: int) -> list[str]:
    """As many of the first lines as fit, one at least, and how many of `count` are left out."""
    shown = list[str]()
    for line in lines:
        max_characters -= len(line) + 1
        if shown and max_characters < 0:
            break
        shown.append(line)
    more = count - len(shown)
    return [*shown, f"-# and {more} more"] if more > 0 else shown


def valued(name: str, value: Any) -> str:
    """A value, as it may stand in a message: nothing in it is formatted, and roles and channels are called by name."""
    if value is None:
        return NOT_SET
    try:
        what = setting(name)
    except Refusal:  # of an older Parley
        return f"`{one_line(str(value), MAX_VALUE_CHARACTERS).replace('`', chr(39))}`"
    if what.kind is Kind.ROLES:
        more = f" and {len(value) - MAX_ROLES_SHOWN} more" if len(value) > MAX_ROLES_SHOWN else ""
        return " ".join(f"<@&{each}>" for each in value[:MAX_ROLES_SHOWN]) + more
    if what.kind is Kind.CHANNEL:
        return f"<#{value}>"
    return f"`{one_line(written(what, value), MAX_VALUE_CHARACTERS).replace('`', chr(39))}`"
