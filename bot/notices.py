"""What moderators are told once, in the small print of an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.providers.catalog import Leaving
from bot.store import notices
from bot.store.database import Database, Transaction

NO_TOOLS = (
    "This model's provider takes no tools, so the model answers without any. The host can choose another model, or "
    "start its server with tools; `/tools list` shows what there is."
)


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

    async def due(self, guild_id: int | None, model: str, place_id: int = 0) -> Notice | None:
        """What the next answer of a model in a place should carry; almost always None, and then at no cost."""
        of_place = self._of_places.pop(place_id, None)  # whoever finds it standing still says so again
        found = (*([] if of_place is None else [of_place]), *self._of(model))
        if guild_id is None or not found:
            return None
        async with self._database.read() as transaction:
            for notice in found:
                if not await notices.is_told(transaction, guild_id, notice.subject):
                    return notice
        return None

    async def mark(self, transaction: Transaction, guild_id: int, notice: Notice) -> None:
        """Note that a guild was told; part of the transaction that makes its answer final."""
        await notices.mark(transaction, guild_id, notice.subject, self._clock())

    def _of(self, model: str) -> tuple[Notice, ...]:
        return tuple(notice for look in self._sources if (notice := look(model)) is not None)
