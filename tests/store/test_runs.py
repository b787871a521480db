"""Runs: one table of states, whoever races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import InvalidTransition, LiveRunExists
from bot.runs.model import LIVE, TERMINAL, TRANSITIONS, Cause, IncompleteReason, Run, Status
from bot.store import deadlines, leases, runs
from bot.store.database import Database
from bot.store.schema import run_events
from bot.store.schema import runs as runs_table
from tests.store.stories import ASKER_ID, NOW, ask, claim_one, converse, later

# How a run comes to each status, as a person would bring it there.
WAYS: dict[Status, tuple[Cause, ...]] = {
    Status.QUEUED: (),
    Status.IN_PROGRESS: (Cause.CLAIMED,),
    Status.REQUIRES_ACTION: (Cause.CLAIMED, Cause.TOOL_CALLS),
    Status.COMPLETED: (Cause.CLAIMED, Cause.FINISHED),
    Status.INCOMPLETE: (Cause.CLAIMED, Cause.CUT_SHORT),
    Status.FAILED: (Cause.CLAIMED, Cause.FAILED),
    Status.CANCELLED: (Cause.CANCELLED,),
    Status.EXPIRED: (Cause.DEADLINE,),
}


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction for a story that needs no second."""
    async with database.write() as opened:
        yield opened


async def run_in(connection: AsyncConnection, status: Status, *, place_id: int = 1) -> Run:
    """A run in this status, owned by `me` while it is in progress or requires action."""
    run = await ask(connection, await converse(connection, place_id))
    for cause in WAYS[status]:
        if cause is Cause.CLAIMED:
            run = await claim_one(connection)
        else:
            run = await runs.move(connection, run.id, cause, later(2))
    assert run.status is status
    return run


async def events(connection: AsyncConnection, run: Run) -> list[tuple[str, str | None, str]]:
    """A run's log: cause, status before, status after."""
    columns = run_events.c.cause, run_events.c.from_status, run_events.c.to_status
    rows = await connection.execute(select(*columns).where(run_events.c.run_id == run.id).order_by(run_events.c.id))
    return [(row.cause, row.from_status, row.to_status) for row in rows]


async def lease(connection: AsyncConnection, run: Run) -> tuple[object, object]:
    """Who owns a run, and until when."""
    columns = runs_table.c.lease_owner, runs_table.c.lease_expires_at
    row = (await connection.execute(select(*columns).where(runs_table.c.id == run.id))).one()
    return row.lease_owner, row.lease_expires_at


async def test_enqueued_run_is_what_was_asked(connection: AsyncConnection) -> None:
    """A new run is queued, holds nothing yet, and its log begins."""
    conversation = await converse(connection)
    run = await ask(connection, conversation)
    assert await runs.get(connection, run.id) == run
    assert (run.status, run.text, run.asker_id, run.created_at) == (Status.QUEUED, "", ASKER_ID, NOW)
    assert run.expires_at == later(600)
    assert await events(connection, run) == [("enqueued", None, "queued")]
    assert await runs.get(connection, run.id + 1) is None


@pytest.mark.parametrize("status", sorted(Status))
async def test_conversation_has_one_live_run(connection: AsyncConnection, status: Status) -> None:
    """A second run is refused while the first is live, whatever it waits for, and welcome once it has ended."""
    first = await run_in(connection, status)
    conversation = await converse(connection, 1)
    if status in LIVE:
        with pytest.raises(LiveRunExists):
            await ask(connection, conversation)
        assert await runs.live(connection, conversation.id) == first
        assert await runs.latest(connection, conversation.id, 0) == first
    else:
        assert await runs.live(connection, conversation.id) is None
        second = await ask(connection, conversation)
        assert await runs.live(connection, conversation.id) == second
        assert await runs.latest(connection, conversation.id, 0) == second
    assert await runs.latest(connection, conversation.id, 1) is None


async def test_one_run_is_enqueued_when_two_processes_ask(database: Database, other_database: Database) -> None:
    """Of all who would answer a conversation one does; the others are told, and can go on in their transaction."""

    async def enqueue(opened: Database) -> bool:
        async with opened.write() as connection:
            conversation = await converse(connection)
            try:
                await ask(connection, conversation)
            except LiveRunExists:
                return (await runs.live(connection, conversation.id)) is None
            return True

    asked = await asyncio.gather(*(enqueue(opened) for opened in (database, other_database) * 10))
    assert asked.count(True) == 1
    async with database.read() as connection:
        assert len((await connection.execute(select(runs_table.c.id))).all()) == 1


async def test_each_run_is_claimed_once_when_two_processes_race(database: Database, other_database: Database) -> None:
    """Two processes with several workers claim 200 runs: each run by exactly one of them, oldest first."""
    async with database.write() as connection:
        asked = [await ask(connection, await converse(connection, place_id)) for place_id in range(200)]

    async def work(opened: Database, owner: str) -> list[int]:
        claimed: list[int] = []
        while True:
            async with opened.write() as connection:
                batch = await leases.claim(connection, owner, now=NOW, lease_expires_at=later(30), limit=3)
            if not batch:
                return claimed
            claimed += [run.id for run in batch]

    workers = [(database, "one"), (other_database, "two")] * 2
    claimed = await asyncio.gather(*(work(opened, owner) for opened, owner in workers))
    assert sorted(run_id for ids in claimed for run_id in ids) == [run.id for run in asked]
    assert all(ids == sorted(ids) for ids in claimed)
    async with database.read() as connection:
        for run in asked:
            assert await events(connection, run) == [("enqueued", None, "queued"), ("claimed", "queued", "in_progress")]


async def test_claimed_run_has_an_owner_and_a_beginning(connection: AsyncConnection) -> None:
    """A claim sets the lease each time, and when the run started only the first."""
    await run_in(connection, Status.QUEUED)
    run = await claim_one(connection, "me", lease_expires_at=later(30))
    assert await lease(connection, run) == ("me", later(30))
    await leases.hand_back(connection, run.id, run.attempt, later(5))
    assert await lease(connection, run) == (None, None)
    (again,) = await leases.claim(connection, "you", now=later(9), lease_expires_at=later(99), limit=5)
    assert await lease(connection, again) == ("you", later(99))
    assert await connection.scalar(select(runs_table.c.started_at)) == later(1)
    assert await leases.claim(connection, "me", now=later(9), lease_expires_at=later(99), limit=5) == ()


@pytest.mark.parametrize("cause", sorted(Cause))
@pytest.mark.parametrize("status", sorted(Status))
async def test_run_moves_as_the_table_says(connection: AsyncConnection, status: Status, cause: Cause) -> None:
    """A pair of the table moves the row and adds to its log; any other raises and changes neither."""
    run = await run_in(connection, status)
    log = await events(connection, run)
    target = TRANSITIONS.get((status, cause))
    if target is None:
        with pytest.raises(InvalidTransition):
            await runs.move(connection, run.id, cause, later(3), text="new")
        assert await runs.get(connection, run.id) == run
        assert await events(connection, run) == log
        return
    moved = await runs.move(connection, run.id, cause, later(3), text="new")
    begins_anew = cause in (Cause.CLAIMED, Cause.QUESTION_EDITED)
    attempt, waiting_since = run.attempt + begins_anew, later(3) if cause is Cause.PERSON_ASKED else None
    assert moved == replace(run, status=target, text="new", attempt=attempt, waiting_since=waiting_since)
    assert await runs.get(connection, run.id) == moved
    assert await events(connection, run) == [*log, (cause, status, target)]
    if target in TERMINAL:
        assert await connection.scalar(select(runs_table.c.ended_at)) == later(3)


async def test_move_keeps_what_it_is_not_told(connection: AsyncConnection) -> None:
    """Text, reason and failure are set where they are given and stay where they are not; detail is in the log."""
    run = await run_in(connection, Status.IN_PROGRESS)
    await runs.save_texts(connection, [runs.Checkpoint(run.id, run.attempt, "so far")])
    moved = await runs.move(
        connection,
        run.id,
        Cause.CUT_SHORT,
        later(3),
        incomplete_reason=IncompleteReason.MAX_OUTPUT_TOKENS,
        failure="Too long.",
        detail={"output_tokens": 7},
    )
    assert (moved.text, moved.incomplete_reason, moved.failure) == ("so far", "max_output_tokens", "Too long.")
    details = await connection.scalars(select(run_events.c.detail).order_by(run_events.c.id))
    assert details.all() == [None, None, {"output_tokens": 7}]


async def test_run_is_moved_only_by_its_newest_attempt(connection: AsyncConnection) -> None:
    """Who lost a run can neither finish it, nor hand it back, nor write its text, even under the same name."""
    lost = await run_in(connection, Status.IN_PROGRESS)
    await leases.hand_back(connection, lost.id, lost.attempt, later(2))
    run = await claim_one(connection, "me")
    with pytest.raises(InvalidTransition):
        await runs.move(connection, run.id, Cause.FINISHED, later(3), attempt=lost.attempt, text="stale")
    with pytest.raises(InvalidTransition):
        await leases.hand_back(connection, run.id, lost.attempt, later(3))
    await runs.save_texts(connection, [runs.Checkpoint(run.id, lost.attempt, "stale")])
    assert await runs.get(connection, run.id) == run
    assert await lease(connection, run) == ("me", later(30))
    await runs.save_texts(connection, [runs.Checkpoint(run.id, run.attempt, "fresh")])
    moved = await runs.move(connection, run.id, Cause.FINISHED, later(4), attempt=run.attempt)
    assert moved == replace(run, status=Status.COMPLETED, text="fresh")


async def test_run_that_does_not_exist_cannot_move(connection: AsyncConnection) -> None:
    """An id that no run has is refused like any other wrong move."""
    with pytest.raises(InvalidTransition, match="does not exist"):
        await runs.move(connection, 99, Cause.CLAIMED, NOW)


async def test_one_of_two_ends_wins_when_processes_race(database: Database, other_database: Database) -> None:
    """A finish and a cancel at once: one moves the run, the other raises, and the log has one end."""
    async with database.write() as connection:
        started = [await run_in(connection, Status.IN_PROGRESS, place_id=place_id) for place_id in range(20)]

    async def end(opened: Database, run: Run, cause: Cause) -> bool:
        try:
            async with opened.write() as connection:
                await runs.move(connection, run.id, cause, later(3))
        except InvalidTransition:
            return False
        return True

    for run in started:
        ended = await asyncio.gather(end(database, run, Cause.FINISHED), end(other_database, run, Cause.CANCELLED))
        assert sorted(ended) == [False, True]
        async with database.read() as connection:
            assert len(await events(connection, run)) == 3


async def test_lost_lease_is_taken_from_its_owner(connection: AsyncConnection) -> None:
    """Once its lease has ended a run in progress is queued again, and one that waits for tools keeps its status."""
    working = await run_in(connection, Status.IN_PROGRESS, place_id=1)
    acting = await run_in(connection, Status.REQUIRES_ACTION, place_id=2)
    done = await run_in(connection, Status.COMPLETED, place_id=3)
    assert await leases.reclaim(connection, later(29.999)) == 0
    assert await lease(connection, working) == ("me", later(30))
    assert await leases.reclaim(connection, later(30)) == 3
    assert await runs.get(connection, working.id) == replace(working, status=Status.QUEUED)
    assert await runs.get(connection, acting.id) == acting
    assert await runs.get(connection, done.id) == done
    for run in (working, acting, done):
        assert await lease(connection, run) == (None, None)
    assert (await events(connection, working))[-1] == ("lease_lost", "in_progress", "queued")
    assert (await events(connection, acting))[-1] == ("lease_lost", "requires_action", "requires_action")
    assert await leases.reclaim(connection, later(99)) == 0


async def test_extended_lease_is_kept(connection: AsyncConnection) -> None:
    """An owner that lives keeps the runs that it works on; those of a dead one, and its own lost ones, are taken."""
    mine = await run_in(connection, Status.IN_PROGRESS, place_id=1)
    lost = await run_in(connection, Status.IN_PROGRESS, place_id=3)
    theirs = await ask(connection, await converse(connection, 2))
    await claim_one(connection, "dead")
    await leases.extend(connection, "me", later(60), [mine.id, theirs.id])
    assert await leases.reclaim(connection, later(45)) == 2
    assert await lease(connection, mine) == ("me", later(60))
    assert await lease(connection, lost) == (None, None)
    assert await lease(connection, theirs) == (None, None)


async def test_runs_of_the_dead_are_taken_before_their_lease_ends(connection: AsyncConnection) -> None:
    """Nobody waits for the lease of a process that is known to have died; the living keep theirs."""
    lost = await run_in(connection, Status.IN_PROGRESS, place_id=1)
    await ask(connection, await converse(connection, 2))
    kept = await claim_one(connection, "you")
    assert set(await leases.owners(connection)) == {"me", "you"}
    assert await leases.reclaim(connection, later(2), dead=["me"]) == 1
    assert await leases.owners(connection) == ("you",)
    assert await runs.get(connection, lost.id) == replace(lost, status=Status.QUEUED)
    assert await runs.get(connection, kept.id) == kept


async def test_run_that_nobody_works_on_is_taken_up_once(connection: AsyncConnection) -> None:
    """What waits for tools and what is undelivered goes to one owner, which does not get again what it is busy with."""

    async def take_up(owner: str, seconds: float, *busy: int) -> list[int]:
        taken = await leases.take_up(
            connection, owner, now=later(seconds), lease_expires_at=later(seconds + 30), busy=busy
        )
        return [run.id for run in taken]

    await run_in(connection, Status.IN_PROGRESS, place_id=1)
    acting = await run_in(connection, Status.REQUIRES_ACTION, place_id=2)
    ended = await run_in(connection, Status.FAILED, place_id=3)
    assert await take_up("you", 2) == []
    assert await take_up("me", 2, ended.id) == []
    assert await take_up("me", 2) == [ended.id]
    await leases.reclaim(connection, later(31))
    assert await take_up("you", 31) == [acting.id]
    assert await take_up("me", 33, ended.id) == []
    assert await take_up("you", 33) == [ended.id]
    await runs.mark_delivered(connection, ended.id, later(34))
    assert await take_up("you", 99) == []
    assert (await events(connection, acting))[-1] == ("claimed", "requires_action", "requires_action")


async def test_unwanted_runs_are_those_wished_away_or_begun_anew(connection: AsyncConnection) -> None:
    """A process learns which of its runs somebody wants stopped, and which have a newer attempt."""
    wanted, stopped, edited = [await run_in(connection, Status.IN_PROGRESS, place_id=number) for number in range(3)]
    await runs.request_cancel(connection, stopped.id, ASKER_ID, later(2))
    await runs.move(connection, edited.id, Cause.QUESTION_EDITED, later(2), text="")
    attempts = {run.id: run.attempt for run in (wanted, stopped, edited)}
    assert set(await runs.unwanted(connection, attempts)) == {stopped.id, edited.id}


async def test_wish_to_cancel_is_noted_once(connection: AsyncConnection) -> None:
    """The first member who wants a live run stopped is noted, and its status stays; an ended run is not touched."""
    run = await run_in(connection, Status.IN_PROGRESS)
    wished = await runs.request_cancel(connection, run.id, ASKER_ID, later(3))
    assert wished == replace(run, cancel_requested_at=later(3))
    assert await runs.request_cancel(connection, run.id, 8, later(4)) == wished
    assert await connection.scalar(select(runs_table.c.cancel_requested_by)) == ASKER_ID
    ended = await runs.move(connection, run.id, Cause.CANCELLED, later(5))
    assert await runs.request_cancel(connection, run.id, 8, later(6)) is None
    assert await runs.get(connection, run.id) == ended


async def test_end_of_a_run_is_compared_with_a_moment(connection: AsyncConnection) -> None:
    """A run has ended since every moment before its end, and a live one since none."""
    ended = await run_in(connection, Status.COMPLETED, place_id=1)
    ended_at = await connection.scalar(select(runs_table.c.ended_at).where(runs_table.c.id == ended.id))
    assert ended_at is not None
    assert await runs.has_ended_since(connection, ended.id, ended_at - timedelta(milliseconds=1))
    assert not await runs.has_ended_since(connection, ended.id, ended_at)
    live = await run_in(connection, Status.IN_PROGRESS, place_id=2)
    assert not await runs.has_ended_since(connection, live.id, NOW)


async def test_overdue_runs_are_the_live_ones_that_nobody_works_on(connection: AsyncConnection) -> None:
    """Whatever a live run waits for, its deadline counts; who works on it ends it, and an ended run has none."""
    await run_in(connection, Status.COMPLETED, place_id=8)
    await run_in(connection, Status.IN_PROGRESS, place_id=9)
    statuses = Status.REQUIRES_ACTION, Status.IN_PROGRESS, Status.QUEUED
    live = [await run_in(connection, status, place_id=place_id) for place_id, status in enumerate(statuses)]
    for run in live[:2]:
        await runs.move(connection, run.id, Cause.LEASE_LOST, later(3))
    assert await deadlines.overdue(connection, later(599)) == ()
    assert set(statuses) == LIVE
    assert [run.id for run in await deadlines.overdue(connection, later(600))] == [run.id for run in live]


async def test_ended_run_is_undelivered_until_discord_acknowledged(connection: AsyncConnection) -> None:
    """Stored and delivered are two facts; a live run is neither, and the first delivery counts and ends the lease."""
    working = await run_in(connection, Status.IN_PROGRESS, place_id=1)
    ended = await run_in(connection, Status.COMPLETED, place_id=2)
    assert await lease(connection, ended) == ("me", later(30))
    await runs.mark_delivered(connection, working.id, later(3))
    await runs.mark_delivered(connection, ended.id, later(3))
    await runs.mark_delivered(connection, ended.id, later(4))
    assert await lease(connection, ended) == (None, None)
    assert await lease(connection, working) == ("me", later(30))
    assert await runs.get(connection, working.id) == working
    assert await runs.get(connection, ended.id) == replace(ended, delivered_at=later(3))


async def test_status_and_event_are_written_together_or_not(database: Database) -> None:
    """A transaction that fails after a move leaves neither the new status nor its event."""
    async with database.write() as connection:
        run = await run_in(connection, Status.IN_PROGRESS)
        log = await events(connection, run)

    async def finish_and_fail() -> None:
        async with database.write() as connection:
            await runs.move(connection, run.id, Cause.FINISHED, later(3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await finish_and_fail()
    async with database.read() as connection:
        assert await runs.get(connection, run.id) == run
        assert await events(connection, run) == log
