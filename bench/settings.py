"""What the settings and budgets of a place cost each message: looking them up, and reserving and settling an answer."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from bot.budgets.service import Budgets
from bot.messages import ChatMessage, ProviderRequest, Role
from bot.place_settings.chosen import Choice, PlaceValues
from bot.place_settings.service import PlaceSettings
from bot.places import Place, PlaceKind
from bot.providers.events import Usage
from bot.providers.tokens import TokenCounter
from bot.runs.draft import Draft
from bot.runs.metering import Meter
from bot.runs.model import Run
from bot.store import runs
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.whereabouts import Whereabouts

CHANNELS = 10_000
SETTINGS_OF_A_CHANNEL = {
    "model": "demo/small",
    "temperature": 0.7,
    "trigger": "all",
    "system_prompt": "Be brief. " * 50,
}
WINDOWS = 10_000
ROUNDS = 301
TARGET_MS = 2
GUILD_ID, CATEGORY_ID, USER_ID = 1, 2, 7
FIRST_CHANNEL_ID = 1_000
BUDGETS = [
    f"budget:{subject}:{unit}:{period}"
    for subject, unit, period in (
        ("all", "tokens", "hour"),
        ("all", "tokens", "day"),
        ("all", "tokens", "month"),
        ("all", "dollars", "day"),
        ("all", "dollars", "month"),
        ("each", "tokens", "hour"),
        ("each", "tokens", "day"),
        ("each", "tokens", "month"),
        ("each", "dollars", "day"),
        ("each", "dollars", "month"),
    )
]
LIMIT = 1_000_000_000
WORDS = ChatMessage(role=Role.USER, content="What do the owls make of a fox that leaps over the same dog? " * 20)


class Atlas:
    """Knows where every channel lies."""

    def get_channel(self, id: int, /) -> Any:
        """A channel of the one category."""
        return SimpleNamespace(id=id, category_id=CATEGORY_ID)

    async def fetch_channel(self, channel_id: int, /) -> Any:
        """Nothing has to be asked for."""
        raise AssertionError(channel_id)


class Market:
    """One provider, which is cheap."""

    async def load(self) -> None:
        """The price is known."""

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int | None:  # noqa: ARG002 - the interface
        """A dollar for a million tokens."""
        return 1_000 * (usage.input_tokens + usage.output_tokens)

    def may_answer(self, request: ProviderRequest) -> Sequence[tuple[str, str]]:
        """Nobody stands in."""
        return (("demo", request.model),)


async def measure_settings() -> str:
    """A table of times, in Markdown."""
    with TemporaryDirectory(prefix="parley-bench-") as name:
        url = f"sqlite:///{name}/parley.db"
        await migrate(url)
        fill(Path(name) / "parley.db")
        async with Database.open(url) as database:
            whereabouts = Whereabouts()
            whereabouts.meet(Atlas())
            settings = PlaceSettings(database, whereabouts, defaults={}, clock=now)
            looked_up = await median_ms(lambda number: look_up(settings, number))
            known = nested()
            in_memory = await median_ms(lambda number: look_up_in(known, number))
            budgeted = await budgeted_ms(database, settings)
    rows = (
        f"| All settings of a message, {CHANNELS:,} channels configured, median, ms | {looked_up:.2f} ({TARGET_MS}) |",
        f"| The same from dictionaries in memory, median, ms | {in_memory:.3f} |",
        f"| Check, reserve and settle, {len(BUDGETS)} budgets and {WINDOWS:,} windows, median, ms | {budgeted:.2f} |",
    )
    return "\n".join(("| Settings and budgets of a place | |", "| --- | --- |", *rows))


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def fill(file: Path) -> None:
    """Write the settings of all channels, the budgets of the server, and windows of other members."""
    settings = [
        ("channel", FIRST_CHANNEL_ID + number, name, json.dumps(value))
        for number in range(CHANNELS)
        for name, value in SETTINGS_OF_A_CHANNEL.items()
    ]
    settings += [("guild", GUILD_ID, name, json.dumps(LIMIT)) for name in BUDGETS]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO place_settings (place_kind, place_id, name, guild_id, value, set_by, set_at) "
            "VALUES (?, ?, ?, 1, ?, 1, 0)",
            settings,
        )
        connection.executemany(
            "INSERT INTO budget_windows (place_kind, place_id, subject, member_id, period, starts_at, guild_id, "
            "tokens, cost_nanos, questions) VALUES ('guild', 1, 'each', ?, 'day', ?, 1, 5, 5, 5)",
            ((1_000 + number, int(now().timestamp()) * 1000) for number in range(WINDOWS)),
        )
        connection.execute(
            "INSERT INTO conversations (id, place_id, scope, member_id, created_at) VALUES (1, ?, 'channel', 0, 0)",
            (FIRST_CHANNEL_ID,),
        )
        connection.execute(
            "INSERT INTO runs (id, conversation_id, epoch, kind, status, model, provider, place_id, guild_id, "
            "asker_id, created_at, expires_at) "
            "VALUES (1, 1, 0, 'answer', 'in_progress', 'demo/small', 'demo', ?, ?, ?, 0, 0)",
            (FIRST_CHANNEL_ID, GUILD_ID, USER_ID),
        )


def nested() -> dict[Place, dict[str, Any]]:
    """What was written, as nested dictionaries."""
    channels = (Place(kind=PlaceKind.CHANNEL, id=FIRST_CHANNEL_ID + number) for number in range(CHANNELS))
    guild = Place(kind=PlaceKind.GUILD, id=GUILD_ID)
    return {guild: dict.fromkeys(BUDGETS, LIMIT)} | {channel: dict(SETTINGS_OF_A_CHANNEL) for channel in channels}


async def look_up(settings: PlaceSettings, channel_id: int) -> None:
    """What a message needs to know, from the database."""
    check(await settings.at(GUILD_ID, channel_id))


async def look_up_in(known: dict[Place, dict[str, Any]], channel_id: int) -> None:
    """The same from memory."""
    kinds = (PlaceKind.CHANNEL, channel_id), (PlaceKind.CATEGORY, CATEGORY_ID), (PlaceKind.GUILD, GUILD_ID)
    places = tuple(Place(kind=kind, id=id) for kind, id in kinds)
    choices = {
        (place, name): Choice(place=place, name=name, value=value)
        for place in places
        for name, value in known.get(place, {}).items()
    }
    check(PlaceValues(places=places, known=choices))


def check(values: PlaceValues) -> None:
    """A benchmark of nothing would look fast."""
    found = values.trigger, values.model, values.system_prompt[:2], values.parameters, len(values.budgets)
    if found != ("all", "demo/small", "Be", {"temperature": 0.7}, len(BUDGETS)):
        raise AssertionError(found)


async def budgeted_ms(database: Database, settings: PlaceSettings) -> float:
    """The median time that budgets take of one request: to look them up, to reserve, and to settle."""
    market = Market()
    meter = Meter(market, count_tokens=TokenCounter().count_tokens)
    budgets = Budgets(database, settings, market, meter, zone="UTC", clock=now)
    async with database.read() as transaction:
        run = await runs.get(transaction, 1)
    if run is None:
        raise AssertionError("the database was not filled")
    return await median_ms(lambda _: ask(database, budgets, run))


async def ask(database: Database, budgets: Budgets, run: Run) -> None:
    """One request of a run, from before it to after it."""
    draft = Draft()
    request = ProviderRequest(model="small", messages=(WORDS,), max_output_tokens=1_000)
    await budgets.reserve(run, draft, request)
    if draft.reservation is None:
        raise AssertionError("nothing was reserved")
    async with database.write() as transaction:
        await draft.reservation.settle(transaction, Usage(input_tokens=300, output_tokens=200, cost_nanos=500_000))


async def median_ms(work: Callable[[int], Awaitable[None]]) -> float:
    """The median time of some rounds, each with another channel."""
    times = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        await work(FIRST_CHANNEL_ID + number * 31 % CHANNELS)
        times.append(time.perf_counter() - start)
    return median(times) * 1000
