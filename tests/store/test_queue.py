"""From messages that wait to the run that answers them."""

from __future__ import annotations

import traceback
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.errors import StoreError
from bot.runs.model import Cause, Status
from bot.runs.queue import RunDefaults, end
from bot.store.database import Database
from tests.store.stories import ask, claim_one, converse, later, say, waiting

DEFAULTS = RunDefaults(model="model", timeout=timedelta(minutes=10))


@pytest.mark.parametrize("cause", [Cause.FAILED, Cause.DEADLINE, Cause.FINISHED])
async def test_end_of_a_run_begins_the_next_for_what_waited(database: Database, cause: Cause) -> None:
    """However a run ends, what people wrote meanwhile is answered by the next one."""
    async with database.write() as connection:
        conversation = await converse(connection)
        await say(connection, conversation, "first", discord_id=1)
        await ask(connection, conversation)
        run = await claim_one(connection)
        await say(connection, conversation, "meanwhile", discord_id=2)
        ended, following = await end(
            connection, run.id, cause, DEFAULTS, later(5), attempt=run.attempt, failure="It broke."
        )
        assert ended.status is not Status.IN_PROGRESS
        assert following is not None
        assert (following.status, following.question_id) == (Status.QUEUED, 2)
        assert await waiting(connection, conversation) == []


async def test_database_error_holds_nobodys_words(database: Database) -> None:
    """What a statement was given does not reach the log with the statement's error."""
    words = " ".join(("a", "secret", "answer"))  # so that this line does not hold them either
    with pytest.raises(StoreError) as caught:
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO runs (text) VALUES (:words)"), {"words": words})
    assert words not in "".join(traceback.format_exception(caught.value))
