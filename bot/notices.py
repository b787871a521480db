"""What moderators are told once, in the small print of an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.store import notices
from bot.store.database import Database, Transaction

NO_TOOLS = (
    "This model's provider takes no tools, so the model answers without any. The host can choose another model, or "
    "start its server with tools; `/tools list` shows what there is."
)


class Notices:
    """Knows what a guild's moderators have not been told yet; so far there is one thing to tell."""

    def __init__(
        self, database: Database, *, model: str, takes_tools: Callable[[str], bool], clock: Callable[[], datetime]
    ) -> None:
        """`takes_tools` is whether a model's provider does, as far as it is known."""
        self._database = database
        self._model = model
        self._takes_tools = takes_tools
        self._clock = clock

    @property
    def standing(self) -> str | None:
        """What is to be said whenever somebody looks at the tools."""
        return None if self._takes_tools(self._model) else NO_TOOLS

    async def due(self, guild_id: int | None) -> str | None:
        """The sentence that the next answer in a guild should carry; almost always None, and then at no cost."""
        if guild_id is None or self.standing is None:
            return None
        async with self._database.read() as transaction:
            return None if await notices.is_told(transaction, guild_id, self._subject) else self.standing

    async def mark(self, transaction: Transaction, guild_id: int) -> None:
        """Note that a guild was told; part of the transaction that makes its answer final."""
        await notices.mark(transaction, guild_id, self._subject, self._clock())

    @property
    def _subject(self) -> str:
        """Another model that takes no tools is news."""
        return f"no tools: {self._model}"
