"""What moderators are told once, in the small print of an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.place_settings.aims import digest_of
from bot.place_settings.chosen import Choice, PlaceValues
from bot.place_settings.desk import shown
from bot.place_settings.table import setting
from bot.places import named
from bot.providers.catalog import Leaving
from bot.setting import Group, Kind
from bot.store import notices
from bot.store.database import Database, Transaction

NO_TOOLS = (
    "This model's provider takes no tools, so the model answers without any. The host can choose another model, or "
    "start its server with tools; `/tools list` shows what there is."
)


CHANGE_ANSWERS = frozenset({Group.MODEL, Group.PROMPT, Group.WRITING, Group.TOOLS})
SHORT = frozenset({Kind.MODEL, Kind.NUMBER, Kind.INTEGER, Kind.CHOICE})
MAX_REFUSED = 3  # more would be longer than many answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A sentence for moderators; of one `subject` a guild is told once."""

    subject: str
    sentence: str


# What there is to tell of a model, as far as it is known.
Source = Callable[[str], Notice | None]


def lack_of_tools(takes_tools: Callable[[str], bool]) -> Source:
    """That a model's provider has refused them; another model of which that holds is news."""

    def look(model: str) -> Notice | None:
        return None if takes_tools(model) else Notice(subject=f"no tools: {model}", sentence=NO_TOOLS)

    return look


def end_of_models(leaving: Callable[[str], Leaving | None]) -> Source:
    """That a model is going soon, or gone; another day is news."""

    def look(model: str) -> Notice | None:
        found = leaving(model)
        if found is None:
            return None
        return Notice(subject=f"leaving: {model} {found.shutdown_on or ''}".rstrip(), sentence=str(found))

    return look


def lack_of_allowance(chosen: PlaceValues) -> Notice | None:
    """That the host does not allow any more what was chosen around a place, and would change its answers."""
    found = [choice for choice in chosen.missed if setting(choice.name).group in CHANGE_ANSWERS]
    if not found:
        return None
    values = sorted((each.place.kind, each.place.id, each.name, repr(each.value)) for each in found)
    listed = ", ".join(map(named_choice, found[:MAX_REFUSED]))
    more = f" and {len(found) - MAX_REFUSED} more" if len(found) > MAX_REFUSED else ""
    sentence = f"The host does not allow any more what was chosen here: {listed}{more}. `/settings` shows what counts."
    return Notice(subject=f"refused: {digest_of(values)}", sentence=sentence)


def named_choice(choice: Choice) -> str:
    """What was chosen where; everybody reads it, so that nothing is quoted that moderators wrote for the model."""
    value = f" {shown(choice)}" if setting(choice.name).kind in SHORT else ""
    return f"`{choice.name}`{value} in {named(choice.place)}"


class Notices:
    """Knows what a guild's moderators have not been told yet."""

    def __init__(self, database: Database, *, sources: Sequence[Source], clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sources = sources
        self._clock = clock
        self._of_places: dict[int, Notice] = {}

    def stand(self, place_id: int, notice: Notice) -> None:
        """Have this told below the next answer in a place, if its guild was not told yet."""
        self._of_places[place_id] = notice

    def standing(self, model: str) -> tuple[str, ...]:
        """What is to be said of a model whenever somebody looks."""
        return tuple(notice.sentence for notice in self._of(model))

    async def due(
        self, guild_id: int | None, model: str, place_id: int = 0, refused: Notice | None = None
    ) -> Notice | None:
        """What the next answer of a model in a place should carry; almost always None, and then at no cost.

        `refused` is what there is to say of choices around the place that do not count any more.
        """
        of_place = self._of_places.pop(place_id, None)  # whoever finds it standing still says so again
        found = [notice for notice in (of_place, refused, *self._of(model)) if notice is not None]
        if guild_id is None or not found:
            return None
        async with self._database.read() as transaction:
            for notice in found:
                if not await notices.is_told(transaction, guild_id, notice.subject):
                    return notice
        return None

    async def once(self, guild_id: int, sentence: str) -> str | None:
        """The sentence, the first time that a guild is to be told it; the guild counts as told from then on."""
        async with self._database.write() as transaction:
            if await notices.is_told(transaction, guild_id, sentence):
                return None
            await notices.mark(transaction, guild_id, sentence, self._clock())
        return sentence

    async def mark(self, transaction: Transaction, guild_id: int, notice: Notice) -> None:
        """Note that a guild was told; part of the transaction that makes its answer final."""
        await notices.mark(transaction, guild_id, notice.subject, self._clock())

    def _of(self, model: str) -> tuple[Notice, ...]:
        return tuple(notice for look in self._sources if (notice := look(model)) is not None)
