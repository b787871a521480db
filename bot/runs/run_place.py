"""What moderators chose for the place of a run, asked once for each of its steps."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from bot.notices import Notice, lack_of_allowance
from bot.place_settings.chosen import PlaceValues
from bot.reply.content import Style
from bot.runs.model import Run
from bot.runs.persistence import until_stored


class Places(Protocol):
    """What moderators chose for places."""

    async def at(self, guild_id: int | None, channel_id: int) -> PlaceValues:
        """What counts in a channel.  Raises: Refusal if it cannot be found."""


class RunPlace:
    """What counts for one run: what is changed while a step is under way counts from the next one on.

    `style` is how the answer is to look, by what was looked at last.
    """

    def __init__(self, places: Places, run: Run, host: PlaceValues) -> None:
        """`host` is what counts for the look of an answer as long as nobody knows better."""
        self._places = places
        self._run = run
        self._values: PlaceValues | None = None
        self.style = style_of(host)  # each word of an answer asks for it

    async def look(self) -> PlaceValues:
        """What counts from now on.  Raises: Refusal if it cannot be found."""
        at = partial(self._places.at, self._run.guild_id, self._run.place_id)
        self._values = await until_stored(self._run.id, at)
        self.style = style_of(self._values)
        return self._values

    async def latest(self) -> PlaceValues:
        """What counted when it was looked at last.  Raises: Refusal, like `look`."""
        return self._values or await self.look()

    @property
    def refused(self) -> Notice | None:
        """That the host does not allow any more what was chosen, where it was looked at."""
        return None if self._values is None else lack_of_allowance(self._values)


def style_of(values: PlaceValues) -> Style:
    """How an answer is to look."""
    return Style(
        max_pages=values.reply_max_pages,
        tools=values.show_tools,
        thinking=values.show_thinking,
        usage=values.show_usage,
    )
