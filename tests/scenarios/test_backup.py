"""A backup that is made in the middle of an answer, and a bot that goes on from it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.doctor import is_migrated
from bot.store.backup import back_up
from sandbox.stories import Story
from tests.scenarios.scene import Scene, sent

STREAMING = Story(pieces=("First words", " that are cut off."), hang_at=1)


def restore(backup: Path, database: Path) -> None:
    """What docs/backup.md tells a host to do while the bot is stopped."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, database)


async def test_bot_goes_on_from_a_backup_made_while_it_answered(parley: Scene, tmp_path: Path) -> None:
    """What came before is there, the answer of that moment ends in its message, a button of what came later is void."""
    url, copy = f"sqlite:///{parley.database_file}", tmp_path / "backup.db"
    await parley.ask("linus", "general", "@bot first")
    parley.provider.play(STREAMING)
    await parley.say("ada", "playground", "@bot hi")
    begun = await parley.answer_of("playground", 2, final=False)
    await back_up(url, copy)
    parley.provider.requests[1].released.set()
    assert (await parley.answer_of("playground", 2)).text == STREAMING.answer()
    forgotten = await parley.ask("linus", "general", "@bot second")
    await parley.stop()

    restore(copy, parley.database_file)
    assert await is_migrated(url)
    parley.provider.play(Story(text="Other words at last."))
    await parley.start()
    again = await parley.wait_for(
        lambda: next(
            (found for found in parley.answers("playground") if "at last" in found.text and found.is_final), None
        )
    )
    assert again.ids == begun.ids
    assert parley.run(2)["status"] == "completed"
    await parley.ask("linus", "general", "@bot third")
    assert [line for line in sent(parley.provider.requests[-1]) if not line.startswith("system")] == [
        "user: (from Linus) first",
        "assistant: Hello from the scripted model.",
        "user: (from Linus) third",
    ]
    await parley.press("linus", forgotten, "Regenerate")
    assert await parley.refused("linus", "general") == "This answer is not known any more."


async def test_answer_of_an_old_backup_expires_in_its_message(parley: Scene, tmp_path: Path) -> None:
    """What was being written days ago is not asked of the model again: its message says so and offers to."""
    copy = tmp_path / "backup.db"
    parley.provider.play(STREAMING)
    await parley.say("ada", "playground", "@bot hi")
    begun = await parley.answer_of("playground", 1, final=False)
    await back_up(f"sqlite:///{parley.database_file}", copy)
    parley.provider.requests[0].released.set()
    await parley.answer_of("playground", 1)
    await parley.stop()

    restore(copy, parley.database_file)
    with closing(sqlite3.connect(parley.database_file)) as connection, connection:
        connection.execute("UPDATE runs SET created_at = created_at - 100000000, expires_at = expires_at - 100000000")
    await parley.start()
    ended = await parley.wait_for(
        lambda: next((found for found in parley.answers("playground") if "Retry" in found.buttons), None)
    )
    assert (ended.ids, "longer than the host allows" in ended.text) == (begun.ids, True)
    assert parley.run(1)["status"] == "expired"
    assert len(parley.provider.requests) == 1
