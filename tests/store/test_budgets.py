"""Budgets as the tables hold them: what is reserved, what is settled, and that nothing is used beyond them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.budgets.model import BudgetReached, HostBudget
from bot.budgets.service import SETTLES_WITHIN, Budgets
from bot.errors import Refusal
from bot.messages import ChatMessage, ProviderRequest, Role
from bot.place_settings.budget_names import BUDGET, Period, Subject, Unit
from bot.place_settings.chosen import Choice, PlaceValues
from bot.places import Place, PlaceKind
from bot.providers.events import Bookmark, Usage
from bot.runs import yields
from bot.runs.draft import Draft
from bot.runs.metering import Meter
from bot.runs.model import Cause, Run
from bot.store import runs
from bot.store.database import Database
from bot.store.schema import budget_windows, notices, reservations
from tests.store.stories import ASKER_ID, NOW, ask, claim_one, converse, say

GUILD = Place(kind=PlaceKind.GUILD, id=1)
MODEL = "demo/small"
WINDOW = budget_windows.c
QUESTION_TOKENS = 20  # as the requests here are read, with their margin
DEAR = 1_000_000  # nanos for a token: a thousand tokens are a dollar


@dataclass
class World:
    """A place with these budgets, whose people have roles, and models with prices."""

    values: dict[str, float] = field(default_factory=dict)
    roles_of: dict[int, frozenset[int]] = field(default_factory=dict)
    nanos: int | None = DEAR
    host: list[HostBudget] = field(default_factory=list)
    now: datetime = NOW
    log_channel: int | None = None

    async def at(self, guild_id: int | None, channel_id: int) -> PlaceValues:  # noqa: ARG002 - the interface
        """What counts."""
        chosen = dict(self.values)
        if self.log_channel is not None:
            chosen["log_channel"] = self.log_channel
        known = {(GUILD, name): Choice(place=GUILD, name=name, value=value) for name, value in chosen.items()}
        return PlaceValues(places=(GUILD,), known=known)

    def may_answer(self, request: ProviderRequest) -> Sequence[tuple[str, str]]:
        """Nobody stands in."""
        provider, _, model = request.model.partition("/")
        return ((provider, model),)

    async def roles(self, guild_id: int, user_id: int) -> frozenset[int]:  # noqa: ARG002
        """What a member has."""
        return self.roles_of.get(user_id, frozenset())

    async def load(self) -> None:
        """The prices are at hand."""

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int | None:  # noqa: ARG002
        """So much for each token."""
        return None if self.nanos is None else self.nanos * (usage.input_tokens + usage.output_tokens)

    def budgets(self, database: Database) -> Budgets:
        """What one process goes by."""
        found = Budgets(
            database,
            self,
            self,
            Meter(self, count_tokens=lambda text: len(text.split())),
            zone="UTC",
            clock=lambda: self.now,
            host=lambda _: self.host,
        )
        found.meet(self)
        return found


def request(max_output_tokens: int = 1000, **changed: Any) -> ProviderRequest:
    """Ten words, which count as 16 tokens, and as 20 with the margin."""
    words = ChatMessage(role=Role.USER, content="one two three four five six seven eight nine ten")
    return replace(ProviderRequest(model=MODEL, messages=(words,), max_output_tokens=max_output_tokens), **changed)


async def begun(database: Database, place_id: int = 1) -> Run:
    """A run that was claimed."""
    async with database.write() as connection:
        conversation = await converse(connection, place_id)
        await say(connection, conversation, "Hi")
        await ask(connection, conversation)
        return await claim_one(connection)


async def reserve(budgets: Budgets, run: Run, asked: ProviderRequest | None = None) -> tuple[Draft, int | None]:
    """What is reserved for a run, and how long its answer may be."""
    draft = Draft()
    allowed = await budgets.reserve(run, draft, asked or request())
    return draft, allowed.max_output_tokens


async def settle(database: Database, draft: Draft, tokens: int, cost_nanos: int | None = None) -> None:
    """What a request took is stored."""
    assert draft.reservation is not None
    usage = Usage(input_tokens=tokens, output_tokens=0, cost_nanos=cost_nanos)
    async with database.write() as connection:
        await draft.reservation.settle(connection, usage)


async def take(database: Database, budgets: Budgets, user_id: int = ASKER_ID) -> None:
    """Somebody asks a question."""
    counted = await budgets.of(1, 1, user_id)
    async with database.write() as connection:
        await budgets.take_question(connection, counted)


async def windows(database: Database) -> list[tuple[Any, ...]]:
    """For whom what was used."""
    columns = WINDOW.subject, WINDOW.member_id, WINDOW.period, WINDOW.tokens, WINDOW.cost_nanos, WINDOW.questions
    async with database.read() as connection:
        rows = await connection.execute(select(*columns).order_by(*columns))
        return [tuple(row) for row in rows]


async def reserved(database: Database) -> list[int]:
    """The tokens of all reservations."""
    async with database.read() as connection:
        return list(await connection.scalars(select(reservations.c.tokens)))


async def test_nothing_is_written_where_no_budget_is_set(database: Database) -> None:
    """No window and no reservation, and the request is as it was."""
    budgets = World().budgets(database)
    draft, allowed = await reserve(budgets, await begun(database))
    await take(database, budgets)
    assert (draft.reservation, allowed) == (None, 1000)
    assert await windows(database) == []


async def test_request_is_reserved_and_settled(database: Database) -> None:
    """Before it as much as it can take, after it what it took, of tokens and of money."""
    budgets = World({"budget:all:tokens:day": 5000, "budget:each:dollars:month": 100}).budgets(database)
    draft, allowed = await reserve(budgets, await begun(database))
    assert allowed == 1000
    assert [row[3:5] for row in await windows(database)] == [(1020, 1020 * DEAR)] * 2
    assert await reserved(database) == [1020]
    await settle(database, draft, 300, 7)
    assert await windows(database) == [("all", 0, "day", 300, 7, 0), ("each", ASKER_ID, "month", 300, 7, 0)]
    assert await reserved(database) == []


async def test_request_that_was_not_taken_costs_nothing(database: Database) -> None:
    """What was reserved for it is there for others again."""
    budgets = World({"budget:all:tokens:day": 5000}).budgets(database)
    draft, _ = await reserve(budgets, await begun(database))
    assert draft.reservation is not None
    async with database.write() as connection:
        await draft.reservation.settle(connection, None)
    assert [row[3] for row in await windows(database)] == [0]


async def test_answer_of_unknown_cost_keeps_what_was_reserved(database: Database) -> None:
    """It was somebody else's who answered, and nobody knows his price."""
    budgets = World({"budget:all:dollars:day": 50}).budgets(database)
    draft, _ = await reserve(budgets, await begun(database))
    await settle(database, draft, 300)
    assert [row[3:5] for row in await windows(database)] == [(300, 1020 * DEAR)]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("budget:all:tokens:day", 620, 600),
        ("budget:all:tokens:day", 84, 64),
        ("budget:all:dollars:day", 0.62, 600),
        ("budget:each:dollars:minute", 0.084, 64),
    ],
)
async def test_answer_is_as_long_as_the_budget_allows(
    database: Database, name: str, value: float, allowed: int
) -> None:
    """So that all of it can be used."""
    draft, given = await reserve(World({name: value}).budgets(database), await begun(database))
    assert given == allowed
    assert draft.reservation is not None


async def test_several_answers_at_once_are_reserved(database: Database) -> None:
    """Each may be as long as the limit says."""
    budgets = World({"budget:all:tokens:day": 1020}).budgets(database)
    _, allowed = await reserve(budgets, await begun(database), request(parameters={"n": 4}))
    assert allowed == 250


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("budget:all:tokens:day", 83, "The budget of this server, 83 tokens a day, has too little left for this"),
        ("budget:all:tokens:day", 63, "The budget of this server, 63 tokens a day, is used up; it begins anew <t:"),
        ("budget:all:tokens:hour", 0, "The budget of this server, 0 tokens an hour, allows nothing. Those who manage"),
        ("budget:each:dollars:day", 0.05, "Your budget in this server, $0.05 a day, has too little left for this"),
        (f"budget:member/{ASKER_ID}:dollars:day", 0, "Your budget in this server, $0.00 a day, allows nothing."),
        ("budget:role/7:tokens:month", 10, "The budget of <@&7> in this server, 10 tokens a month, is used up;"),
    ],
)
async def test_request_that_is_too_much_is_refused(database: Database, name: str, value: float, sentence: str) -> None:
    """Whose budget it is, and when it begins anew; nothing is counted."""
    world = World({name: value}, roles_of={ASKER_ID: frozenset({7})})
    with pytest.raises(BudgetReached) as refused:
        await reserve(world.budgets(database), await begun(database))
    assert str(refused.value).startswith(sentence)
    assert await windows(database) == []
    assert await reserved(database) == []


async def test_model_of_unknown_price_is_refused_where_money_is_budgeted(database: Database) -> None:
    """A cap that cannot be counted would be none; tokens can be counted all the same."""
    world = World({"budget:all:dollars:day": 5}, nanos=None)
    run = await begun(database)
    with pytest.raises(Refusal, match="nobody knows what `demo/small` costs"):
        await reserve(world.budgets(database), run)
    world.values = {"budget:all:tokens:day": 5000}
    assert (await reserve(world.budgets(database), run))[1] == 1000


async def test_budgets_count_for_whom_they_are(database: Database) -> None:
    """All together, each member, a role together, each of a role, one member; nobody else's."""
    names = ("all", "each", "role/7", "each_of_role/7", "role/8", "member/5", f"member/{ASKER_ID}")
    world = World({f"{BUDGET}{name}:questions:day": 9 for name in names}, roles_of={ASKER_ID: frozenset({7})})
    budgets = world.budgets(database)
    await take(database, budgets)
    await take(database, budgets)
    await take(database, budgets, 5)
    assert [(*row[:2], row[5]) for row in await windows(database)] == [
        ("all", 0, 3),
        ("each", 5, 1),
        ("each", ASKER_ID, 2),
        ("each_of_role/7", ASKER_ID, 2),
        (f"member/{ASKER_ID}", ASKER_ID, 2),
        ("member/5", 5, 1),
        ("role/7", 0, 2),
    ]


async def test_questions_are_counted_until_the_window_ends(database: Database) -> None:
    """The one too many is refused and counts nowhere; the next window begins with nothing."""
    world = World({"budget:each:questions:minute": 2, "budget:all:questions:day": 100})
    budgets = world.budgets(database)
    for _ in range(2):
        await take(database, budgets)
    with pytest.raises(BudgetReached, match="Your budget in this server, 2 questions a minute, is used up"):
        await take(database, budgets)
    await take(database, budgets, 5)
    world.now += timedelta(minutes=1)
    await take(database, budgets)
    assert [row[5] for row in await windows(database) if row[0] == "all"] == [4]


async def test_host_budgets_count_beside_the_moderators(database: Database) -> None:
    """In windows of their own, also in direct messages, where no moderator's counts."""
    host = HostBudget(subject=Subject.EACH, unit=Unit.QUESTIONS, period=Period.DAY, value=1)
    world = World({"budget:each:questions:day": 5}, host=[host])
    budgets = world.budgets(database)
    await take(database, budgets)
    with pytest.raises(BudgetReached, match="The host's budget for you, 1 question a day"):
        await take(database, budgets)
    counted = await budgets.of(None, 77, ASKER_ID)
    assert [(each.place.id, each.is_of_host) for each in counted.budgets] == [(0, True)]
    assert [row[0] for row in await windows(database)] == ["each", "host:each"]


async def test_attempt_that_died_stays_counted(database: Database) -> None:
    """Nobody knows what its provider had written; the next attempt reserves anew and settles only its own."""
    budgets = World({"budget:all:tokens:day": 5000}).budgets(database)
    run = await begun(database)
    died, _ = await reserve(budgets, run)
    alive, _ = await reserve(budgets, replace(run, attempt=run.attempt + 1))
    await settle(database, died, 1)
    assert [row[3] for row in await windows(database)] == [2 * 1020]
    await settle(database, alive, 300)
    assert [row[3] for row in await windows(database)] == [1020 + 300]


async def test_run_that_a_provider_keeps_is_settled_as_a_whole(database: Database) -> None:
    """It is counted at its end, so that until then what each of its steps reserved is."""
    budgets = World({"budget:all:tokens:day": 5000}).budgets(database)
    run = await begun(database)
    await reserve(budgets, run)
    kept = {"demo": {"run": {"owner": "run 1"}}}
    last, _ = await reserve(budgets, run, request(bookmarks=kept, run_key="run 1"))
    assert [row[3] for row in await windows(database)] == [2 * 1020]
    await settle(database, last, 700)
    assert [row[3] for row in await windows(database)] == [700]


async def test_step_of_such_a_run_settles_nothing(database: Database) -> None:
    """Its provider says what it took when the run has ended."""
    budgets, run = World({"budget:all:tokens:day": 5000}).budgets(database), await begun(database)
    draft, _ = await reserve(budgets, run)
    draft.take(Bookmark("demo", {"run": {"owner": "run 1"}}))
    async with database.write() as connection:
        await yields.keep(connection, run, draft, NOW)
    assert await reserved(database) == [1020]
    draft.usage = Usage(input_tokens=5, output_tokens=5)
    async with database.write() as connection:
        await yields.keep(connection, run, draft, NOW)
    assert await reserved(database) == []
    assert [row[3] for row in await windows(database)] == [10]


async def test_reservation_of_a_run_that_has_ended_is_let_go(database: Database) -> None:
    """In time, whoever forgot it; what it reserved stays counted, and that of a live run is kept."""
    world = World({"budget:all:tokens:day": 5000})
    budgets, ended = world.budgets(database), await begun(database, 1)
    await reserve(budgets, ended)
    await reserve(budgets, await begun(database, 2))
    async with database.write() as connection:
        await runs.move(connection, ended.id, Cause.FAILED, NOW)
    world.now += SETTLES_WITHIN + timedelta(seconds=1)
    await budgets.let_go()
    assert await reserved(database) == [1020]
    assert [row[3] for row in await windows(database)] == [2 * 1020]


async def test_usage_is_settled_in_the_window_it_was_reserved_in(database: Database) -> None:
    """An answer that begins before midnight belongs to the day before."""
    world = World({"budget:all:tokens:day": 5000}, now=datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC))
    budgets = world.budgets(database)
    draft, _ = await reserve(budgets, await begun(database))
    world.now += timedelta(seconds=2)
    await reserve(budgets, await begun(database, 2))
    await settle(database, draft, 300)
    async with database.read() as connection:
        rows = await connection.execute(select(WINDOW.starts_at, WINDOW.tokens).order_by(WINDOW.starts_at))
        assert [tuple(row) for row in rows] == [
            (datetime(2026, 1, 1, tzinfo=UTC), 300),
            (datetime(2026, 1, 2, tzinfo=UTC), 1020),
        ]


async def test_two_hundred_at_once_never_overrun(database: Database, other_database: Database) -> None:
    """From two processes: at no moment is more used than there is, and of 10,000 tokens hardly any are left over."""
    world = World({"budget:all:tokens:day": 10_000, "budget:all:dollars:day": 1000})
    processes = [world.budgets(each) for each in (database, other_database)]
    asked = [await begun(database, number) for number in range(1, 201)]
    luck, most = random.Random(7), 0  # noqa: S311 - nobody is to be surprised
    outcomes = list[bool]()

    async def one(run: Run) -> None:
        nonlocal most
        budgets = luck.choice(processes)
        try:
            draft, allowed = await reserve(budgets, run, request(luck.randint(100, 400)))
        except BudgetReached:
            outcomes.append(False)
            return
        assert allowed is not None
        await settle(database, draft, luck.randint(1, 20 + allowed), 1)
        async with database.read() as connection:
            most = max(most, await connection.scalar(select(func.max(WINDOW.tokens))) or 0)
        outcomes.append(True)

    async with asyncio.TaskGroup() as tasks:
        for run in asked:
            tasks.create_task(one(run))
    assert most <= 10_000
    assert len(outcomes) == 200
    assert outcomes.count(True) > 25
    assert outcomes.count(False) > 25
    assert await reserved(database) == []


async def test_two_hundred_questions_at_once_never_overrun(database: Database, other_database: Database) -> None:
    """Exactly as many are taken up as are allowed."""
    world = World({"budget:all:questions:day": 40})
    processes = [(each, world.budgets(each)) for each in (database, other_database)]
    asked = (take(*processes[number % 2], user_id=number + 1) for number in range(200))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, BudgetReached) for each in outcomes) == 160
    assert outcomes.count(None) == 40
    assert [row[5] for row in await windows(database)] == [40]


async def test_moderators_are_told_once_at_each_mark(database: Database) -> None:
    """At 80 %, and when it is used up or somebody was refused; of the next window again."""
    told = asyncio.Queue[tuple[int, int, str]]()

    async def post(guild_id: int, channel_id: int, text: str) -> bool:
        await told.put((guild_id, channel_id, text))
        return True

    world = World({"budget:all:questions:day": 5, "budget:each:questions:minute": 5}, log_channel=99)
    budgets = world.budgets(database)
    telling = asyncio.create_task(budgets.news.run(post))
    for _ in range(4):
        await take(database, budgets)
    async with asyncio.timeout(20):
        first = await told.get()
    await take(database, budgets)
    with pytest.raises(BudgetReached):
        await take(database, budgets)
    async with asyncio.timeout(20):
        second = await told.get()
    assert first[:2] == (1, 99)
    assert first[2].startswith("⏳ The budget of everybody in this server, 5 questions a day, is used to 80 % (4 que")
    assert "is used up (5 questions). It begins anew <t:" in second[2]
    world.now += timedelta(days=1)
    for _ in range(4):
        await take(database, budgets)
    async with asyncio.timeout(20):
        assert "is used to 80 %" in (await told.get())[2]
    telling.cancel()
    assert told.empty()
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(notices)) == 3
