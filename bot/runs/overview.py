"""What moderators see of the runs of their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import Refusal
from bot.runs import summary_text
from bot.runs.summary import RunSummary
from bot.store import overview
from bot.store.database import Database

PAGE_LENGTH = 10  # what fits one Discord message and one look


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Some runs of a place and the text that shows them; `has_older` if further pages follow."""

    runs: tuple[RunSummary, ...]
    text: str
    has_older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run and the text that shows it."""

    run: RunSummary
    text: str


class Overview:
    """Shows the runs of a place, and one run's way."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def page(self, place_id: int, number: int) -> RunPage:
        """A page of the runs of a place, the live ones first; pages are counted from 0."""
        async with self._database.read() as transaction:
            found = await overview.of_place(transaction, place_id, limit=PAGE_LENGTH + 1, offset=number * PAGE_LENGTH)
        runs = found[:PAGE_LENGTH]
        text = summary_text.discord_list(runs, self._clock(), page=number)
        return RunPage(runs=runs, text=text, has_older=len(found) > PAGE_LENGTH)

    async def run(self, place_id: int, run_id: int) -> RunView:
        """One run of a place.  Raises: Refusal if there is no such run there."""
        async with self._database.read() as transaction:
            history = await overview.history(transaction, run_id)
        if history is None or history.run.place_id != place_id:
            raise Refusal("This run is not known here any more. `/runs` lists those there are.")
        text = summary_text.discord_history(history, self._clock())
        return RunView(run=history.run, text=text)
