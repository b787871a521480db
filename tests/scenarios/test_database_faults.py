"""What people see, and what is kept, when the database fails under the running bot."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from bot.__main__ import expected_errors
from bot.errors import StartupError
from bot.store.database import driver_of
from bot.store.faults import BUSY, GONE, SQLITE_SENTENCES
from sandbox.stories import Story
from tests.scenarios.scene import WAIT_SECONDS, Scene

FULL, DAMAGED = SQLITE_SENTENCES[sqlite3.SQLITE_FULL], SQLITE_SENTENCES[sqlite3.SQLITE_CORRUPT]
PAUSED = Story(pieces=("First words", " and the last."), hang_at=1)
HELLO = Story().answer()

HOLD = """
import sqlite3, time
connection = sqlite3.connect({file!r}, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep({seconds})
connection.execute("COMMIT")
"""
# Everything behind the header, as a broken disk does; in another process, since closing a file gives its locks up.
DAMAGE = """
import sqlite3
connection = sqlite3.connect({file!r}, isolation_level=None)
assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
with open({file!r}, "r+b") as file:
    size = file.seek(0, 2)
    file.seek(4096)
    file.write(b"\\xff" * (size - 4096))
"""
# More bytes than a page of the database has room for, in as many characters as Discord allows.
LONG = "語" * 1500
MAX_PAGES = 2**32 - 2  # what SQLite allows


async def python(program: str) -> asyncio.subprocess.Process:
    """Another process that runs a program."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)


@asynccontextmanager
async def held(file: Path, seconds: float) -> AsyncIterator[None]:
    """Another program writes to the database for so long, from the beginning of the block."""
    process = await python(HOLD.format(file=str(file), seconds=seconds))
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    yield
    assert await process.wait() == 0


class Disk:
    """The room that SQLite finds, by its own limit of pages, and who asks for it."""

    def __init__(self) -> None:
        self.is_full = False
        self._writes_to_come = 0
        self._came = asyncio.Event()

    def begin(self, connection: Connection) -> None:
        """At the beginning of a transaction: let it find room, or none, and note it if it writes."""
        self._writes_to_come -= not driver_of(connection).only_reads
        if self._writes_to_come <= 0:
            self._came.set()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if self.is_full else MAX_PAGES}")

    async def writes(self, number: int) -> float:
        """How many seconds pass until so many transactions that write have begun."""
        self._writes_to_come, begun = number, time.monotonic()
        self._came.clear()
        async with asyncio.timeout(WAIT_SECONDS):
            await self._came.wait()
        return time.monotonic() - begun


@pytest.fixture
def disk() -> Iterator[Disk]:
    """The disk of every database that is open."""
    disk = Disk()
    event.listen(Engine, "begin", disk.begin)
    yield disk
    event.remove(Engine, "begin", disk.begin)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the host's log says at error level since this was asked last; the scene then takes it as expected."""
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    caplog.clear()
    return said


async def replied(scene: Scene, channel: str, sentence: str) -> None:
    """Wait until the bot has said this in a channel."""
    await scene.wait_for(lambda: any(found.texts == (sentence,) for found in scene.answers(channel)))


async def test_lock_of_ten_seconds_is_waited_out(parley: Scene) -> None:
    """Another program writes for 10 s: the question of that time and the answer that ends in it are only late."""
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    async with held(parley.database_file, 10):
        parley.provider.requests[0].released.set()
        late = await parley.ask("ada", "playground", "@bot and me?")
    assert late.text == HELLO
    assert (await parley.answer_of("general", 1)).text == PAUSED.answer()
    assert [row["status"] for row in parley.rows("runs")] == ["completed", "completed"]


async def test_reset_during_a_lock_is_confirmed_after_it(parley: Scene) -> None:
    """Who begins anew while another program writes for longer than Discord waits for a command sees it done."""
    async with held(parley.database_file, 4):
        await parley.command("linus", "general", "reset")
    await parley.wait_for(
        lambda: (
            [message["content"] for message in parley.sandbox.messages(parley.place("general"))]
            == ["A new conversation starts here."]
        )
    )


async def test_longer_lock_is_said_and_got_over(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Who asks while another program holds on gets a sentence; an answer that ends meanwhile is kept and stored."""
    await scene.start(database_wait_seconds=0.1)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    with closing(sqlite3.connect(scene.database_file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        scene.provider.requests[0].released.set()
        await scene.say("ada", "playground", "@bot and me?")
        await replied(scene, "playground", BUSY)
        holder.execute("COMMIT")
    assert (await scene.answer_of("general", 1)).text == PAUSED.answer()
    assert [row["text"] for row in scene.rows("messages")] == ["hi", PAUSED.answer()]
    assert (await scene.ask("ada", "playground", "@bot and now?")).text == HELLO
    assert f"a message could not be taken up: {BUSY}" in errors(caplog)


async def test_full_disk_takes_no_question_and_recovers(
    scene: Scene, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """Without room a question gets a sentence and is not kept; with room again the next is answered."""
    await scene.start()
    disk.is_full = True
    await scene.say("linus", "general", f"@bot {LONG}")
    await replied(scene, "general", FULL)
    assert scene.rows("messages") == []
    disk.is_full = False
    assert (await scene.ask("linus", "general", f"@bot {LONG}")).text == HELLO
    assert f"a message could not be taken up: {FULL}" in errors(caplog)


async def test_question_that_nobody_could_be_told_about_is_answered_later(
    scene: Scene, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither stored nor refused in words, it is not passed over by what came later: the next start answers it."""
    await scene.start()
    await scene.ask("linus", "general", "@bot hi")
    await scene.stop()
    before = len(scene.sandbox.requests)
    await scene.start()
    await scene.wait_for(
        lambda: any(
            record.method == "GET" and record.route == "/channels/{channel_id}/messages"
            for record in scene.sandbox.requests[before:]
        )
    )
    await scene.caught_up()
    disk.is_full = True
    scene.sandbox.faults.fail("POST", f"/channels/{scene.place('general')}/messages", 403, code=50013)
    question = await scene.say("linus", "general", f"@bot {LONG}")
    await scene.wait_for(lambda: not scene.sandbox.faults.to_json())
    disk.is_full, scene.sandbox.engine.age_seconds = False, -60  # a minute later, by the times in the ids
    assert (await scene.ask("ada", "playground", "@bot hi")).text == HELLO
    await scene.stop()
    await scene.start()
    answer = await scene.answer_of("general", 3)
    assert (answer.question_id, answer.text) == (question, HELLO)
    assert f"a message could not be taken up: {FULL}" in errors(caplog)


async def test_answer_on_a_full_disk_is_stored_when_there_is_room(
    scene: Scene, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer that ends without room stays in memory, is asked of the model once, and is stored whole in the end."""
    await scene.start()
    story = Story(pieces=("First words ", LONG), hang_at=1)
    scene.provider.play(story)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 1, final=False)
    disk.is_full = True
    scene.provider.requests[0].released.set()
    await scene.say("ada", "playground", f"@bot {LONG}")
    await replied(scene, "playground", FULL)
    assert scene.run(1)["status"] == "in_progress"
    disk.is_full = False
    assert (await scene.answer_of("general", 1)).text == story.answer()
    assert scene.run(1)["text"] == story.answer()
    assert len(scene.provider.requests) == 1
    assert FULL in str(errors(caplog))


async def test_removed_file_ends_the_bot(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The bot does not go on writing into nothing: it ends with a sentence, and begins anew with an empty database."""
    await scene.start(shutdown_grace_seconds=0)
    await scene.ask("linus", "general", "@bot hi")
    scene.database_file.unlink()
    with pytest.raises(ExceptionGroup) as ended:
        await scene.wait_for(lambda: None)
    (error,) = expected_errors(ended.value)
    assert isinstance(error, StartupError)
    assert str(error) == f"{scene.database_file}: {GONE}"
    assert errors(caplog).count(str(error)) == 1
    with pytest.raises(ExceptionGroup):
        await scene.stop()
    await scene.start()
    assert (await scene.ask("linus", "general", "@bot hi again")).text == HELLO
    assert [row["text"] for row in scene.rows("messages")] == ["hi again", HELLO]


async def test_damaged_file_is_no_reason_to_interrupt_people(parley: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Who talks in a thread that the bot has no part in reads nothing of its troubles; who calls it there does."""
    thread = await parley.sandbox.people.start_thread(
        parley.sandbox.users["ada"], parley.place("questions"), "Among people"
    )
    vandal = await python(DAMAGE.format(file=str(parley.database_file)))
    assert await vandal.wait() == 0
    await parley.say("linus", thread, "psst")
    question = await parley.say("linus", thread, "@bot and you?")
    await parley.wait_for(lambda: parley.answers(thread) or None)
    await parley.stop()
    assert [(found.question_id, found.texts) for found in parley.answers(thread)] == [(question, (DAMAGED,))]
    assert f"a message could not be taken up: {DAMAGED}" in errors(caplog)


async def test_damaged_file_is_said_and_not_tried_in_a_rush(
    scene: Scene, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    """Pages that break under the bot: who asks gets a sentence, the host the name of the page that helps."""
    await scene.start(lease_seconds=5)
    await scene.ask("linus", "general", "@bot hi")
    vandal = await python(DAMAGE.format(file=str(scene.database_file)))
    assert await vandal.wait() == 0
    await scene.say("linus", "general", "@bot and now?")
    await replied(scene, "general", DAMAGED)
    assert f"a message could not be taken up: {DAMAGED}" in errors(caplog)
    assert "docs/backup.md" in DAMAGED
    # House-keeping goes on, which takes a second or more between two attempts.
    assert await disk.writes(4) > 1
    assert len(errors(caplog)) < 10
    await scene.stop()
    errors(caplog)
