"""Usage as the tests tell of it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from bot.days import last_days
from bot.store.usage import Line, ModelDay, PlaceSums, Report
from bot.usage.names import Names

DAYS = last_days(datetime(2026, 11, 23, 12, tzinfo=UTC), UTC, 7)
COUNTS = {
    "answers": 1,
    "unpriced": 0,
    "input_tokens": 8,
    "output_tokens": 2,
    "cached_tokens": 4,
    "reasoning_tokens": 1,
    "cost_nanos": 5_000_000,
    "is_estimated": False,
}


def used(model: str = "small", *, day: int = 6, **changed: Any) -> ModelDay:
    """What a model took on a day."""
    return ModelDay(day=day, provider="demo", model=model, **(COUNTS | changed))


def there(place_id: int | None, guild_id: int | None = 1, **changed: Any) -> PlaceSums:
    """What a place took."""
    return PlaceSums(guild_id=guild_id, place_id=place_id, **(COUNTS | changed))


def line(place_id: int | None = 20, guild_id: int | None = 1, model: str = "small", **changed: Any) -> Line:
    """A line of a table."""
    return Line(day=6, provider="demo", model=model, guild_id=guild_id, place_id=place_id, **(COUNTS | changed))


def report(*parts: ModelDay, places: tuple[PlaceSums, ...] = ()) -> Report:
    """Several of them."""
    return Report(models=parts, places=places, members=())


class Town:
    """Knows a server with one channel."""

    def __init__(self, server: str = "Parley House", channel: str = "general") -> None:
        self._server = server
        self._channel = channel

    def get_guild(self, id: int, /) -> Any:
        """The server."""
        return SimpleNamespace(name=self._server) if id == 1 else None

    def get_channel(self, id: int, /) -> Any:
        """The channel."""
        return SimpleNamespace(name=self._channel) if id == 20 else None


def names(*, of_servers: bool = False, **called: str) -> Names:
    """What the server and its channel are called."""
    return Names(Town(**called), of_servers=of_servers)
