"""The runs that are being answered here: how each is interrupted, and how much of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from bot.reply.characters import clean
from bot.runs.draft import Draft
from bot.runs.model import Run
from bot.store.runs import Checkpoint


@dataclass(slots=True)
class Live:
    """A run under way here; `saved` is as much of its draft as the database holds."""

    run: Run
    draft: Draft
    deadline: asyncio.Timeout
    saved: str


class LiveRuns:
    """The runs under way in this process; `is_pausing` once it is to stop."""

    def __init__(self) -> None:
        self._live: dict[int, Live] = {}
        self.is_pausing = False

    def begin(self, run: Run, draft: Draft, deadline: asyncio.Timeout) -> None:
        """A run is under way; to interrupt it, its deadline is brought forward."""
        self._live[run.id] = Live(run, draft, deadline, saved=run.text)

    def end(self, run: Run) -> None:
        """It is no more."""
        self._live.pop(run.id, None)

    def interrupt(self, run_id: int) -> None:
        """End a run's stream, if it is open here, and look at its row again."""
        live = self._live.get(run_id)
        if live is not None and not live.deadline.expired():
            live.deadline.reschedule(asyncio.get_running_loop().time())

    def pause(self) -> None:
        """Hand all runs back as far as they have come; whoever claims them goes on from there."""
        self.is_pausing = True
        for run_id in self._live:
            self.interrupt(run_id)

    @property
    def attempts(self) -> dict[int, int]:
        """The runs whose streams are open here, with the number of the attempt."""
        return {run_id: live.run.attempt for run_id, live in self._live.items()}

    def unsaved(self) -> list[Checkpoint]:
        """What the streams have brought since the last that is known to be `saved`."""
        texts = [(live, clean(live.draft.kept)) for live in self._live.values()]
        return [
            Checkpoint(live.run.id, live.run.attempt, text, live.draft.remark)
            for live, text in texts
            if text != live.saved
        ]

    def saved(self, checkpoints: Iterable[Checkpoint]) -> None:
        """These are in the database now."""
        for checkpoint in checkpoints:
            live = self._live.get(checkpoint.run_id)
            if live is not None:
                live.saved = checkpoint.text
