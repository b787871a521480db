"""What a start, or a new session of the gateway, has to make up for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.runs.watermark import DISCORD_EPOCH, Watermark, first_id
from bot.store import conversations, deadlines
from bot.store.database import Database

log = logging.getLogger(__name__)

# Events of different channels may overtake each other on their way: this much is read once more before the mark.
OVERLAP = timedelta(seconds=10)

# Where the bot is active: the places of the last answers.  A look at so many takes about a millisecond.
RECENT_ANSWERS = 1000


class Recovery:
    """Finds what was missed, as far back as the host wants it made up for.

    `watermark` says where to begin; `max_age` of zero makes up for nothing.
    """

    def __init__(
        self,
        database: Database,
        watermark: Watermark,
        *,
        max_age: timedelta,
        run_timeout: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self.watermark = watermark
        self._max_age = max_age
        self._run_timeout = run_timeout
        self._clock = clock

    async def renew_runs(self) -> None:
        """Give the runs that expired because nobody worked on them a fresh deadline; to be called before a worker."""
        now = self._clock()
        try:
            async with self._database.write() as transaction:
                renewed = await deadlines.renew(
                    transaction, now, expires_at=now + self._run_timeout, asked_after=now - self._max_age
                )
        except StoreError as error:
            log.error("overdue questions could not be given more time: %s", error)
            return
        if renewed:
            log.info("%d questions waited while nobody could answer them; they are answered now.", renewed)

    def reads_after(self, mark: int | None) -> int | None:
        """The id after which messages are read, given the mark of the session before; None if there is nothing to."""
        if mark is None or not self._max_age:
            return None
        overlap = first_id(DISCORD_EPOCH + OVERLAP)
        return max(mark - overlap, first_id(self._clock() - self._max_age))

    async def places(self) -> Mapping[int, int | None]:
        """The ids of the places where the bot is active, each with its server's, the latest first."""
        async with self._database.read() as transaction:
            found = await conversations.active_places(transaction, RECENT_ANSWERS)
        return {place.place_id: place.guild_id for place in found}
