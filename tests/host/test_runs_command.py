"""`python -m bot runs` as a host uses it, beside the running bot."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.providers.events import Usage
from bot.store import usage
from bot.store.database import Database
from bot.store.migrate import migrate
from tests.host.test_command_line import ENOUGH, environment
from tests.store.stories import ASKER_ID, PLACE_ID, answer, ask, claim_one, converse, later, say

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runs(tmp_path: Path) -> Command:
    """Runs `python -m bot runs` in a folder of its own."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, "-m", "bot", "runs", *arguments],
            cwd=tmp_path,
            env=environment(**ENOUGH, **variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The database where the default says it is, with an answer in one place and one in the making in another."""
    address = f"sqlite:///{tmp_path}/data/parley.db"

    async def fill() -> None:
        await migrate(address)
        async with Database.open(address) as database, database.write() as connection:
            other = await converse(connection, PLACE_ID + 1)
            await say(connection, other, "a secret question")
            await ask(connection, other)
            await claim_one(connection)
            done = await answer(connection, await converse(connection), "a secret answer")
            used = Usage(
                input_tokens=900, output_tokens=300, cached_tokens=640, reasoning_tokens=128, cost_nanos=1_500_000
            )
            await usage.record(connection, done.id, "small", used, later(2), provider="demo")
            unknown = await answer(connection, await converse(connection), "a secret answer")
            guessed = Usage(input_tokens=20, output_tokens=4, is_estimated=True)
            await usage.record(connection, unknown.id, "tiny", guessed, later(2), provider="spare")

    asyncio.run(fill())
    return tmp_path / "data" / "parley.db"


@pytest.mark.usefixtures("file")
def test_runs_of_all_places_are_listed(runs: Command) -> None:
    """Live ones first, each with its place, asker, model, tokens and duration, and nobody's words."""
    result = runs()
    assert (result.returncode, result.stderr) == (0, "")
    heading, live, guessed, done, empty, *notes = result.stdout.splitlines()
    assert heading.split()[:3] == ["RUN", "STATUS", "MODEL"]
    assert live.startswith("#1   in progress  demo/small")
    assert str(PLACE_ID + 1) in live
    assert done.split() == [
        "#2", "completed", "demo/small", "1,200", "$0.0015", "took", "1.00", "s", str(ASKER_ID), str(PLACE_ID),
        "2026-01-01T12:00:00Z",
    ]  # fmt: skip
    assert guessed.split()[:6] == ["#3", "completed", "spare/tiny", "≈24", "price", "unknown"]
    assert (empty, len(notes)) == ("", 1)
    assert "secret" not in result.stdout


@pytest.mark.usefixtures("file")
def test_list_can_be_narrowed(runs: Command) -> None:
    """To those that have not ended, and to a number."""
    assert [line.split()[0] for line in runs("--live").stdout.splitlines()[1:2]] == ["#1"]
    assert "#2" not in runs("--live").stdout
    assert "#2" not in runs("--limit", "1").stdout


@pytest.mark.usefixtures("file")
def test_one_run_is_told_with_its_timeline(runs: Command) -> None:
    """Its facts, what it cost when it was answered, and its events in UTC."""
    lines = runs("2", PROVIDER_INPUT_PRICE_PER_MILLION="1000").stdout.splitlines()
    assert lines[0] == "Run #2"
    tokens = "tokens    900 read (640 from the cache), 300 written (128 to think)"
    assert {"status    completed", tokens, "cost      $0.0015"} <= set(lines)
    assert lines[-3:] == [
        "2026-01-01T12:00:00.000Z  +0.00 s  enqueued, now queued",
        "2026-01-01T12:00:01.000Z  +1.00 s  claimed, now in progress",
        "2026-01-01T12:00:02.000Z  +2.00 s  finished, now completed",
    ]


def test_cancel_leaves_word_for_the_bot(runs: Command, file: Path) -> None:
    """The wish is stored as the host's, and a sentence says what follows."""
    result = runs("--cancel", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Run 1 is asked to stop. The bot ends it in a moment, or after its next start.\n"
    with closing(sqlite3.connect(file)) as database:
        wishes = database.execute("SELECT cancel_requested_by, cancel_requested_at IS NULL FROM runs ORDER BY id")
        assert wishes.fetchall() == [(0, 0), (None, 1), (None, 1)]


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["9"], "parley: There is no run 9: `python -m bot runs` lists the newest.\n"),
        (["--cancel", "2"], "parley: There is no live run 2: `python -m bot runs --live` lists those there are.\n"),
    ],
)
def test_run_that_is_not_there_is_one_sentence(runs: Command, arguments: list[str], sentence: str) -> None:
    """An unknown number, and a run that has ended and cannot be cancelled."""
    result = runs(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", sentence)


@pytest.mark.parametrize(
    "arguments", [["0"], ["-1"], ["all"], ["9" * 30], ["--limit", "0"], ["--cancel", "x"], ["1", "--cancel", "1"]]
)
def test_wrong_arguments_are_refused(runs: Command, arguments: list[str]) -> None:
    """What is no number of a run, and two wishes at once."""
    result = runs(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [[], ["1"], ["--cancel", "1"]])
def test_missing_database_is_one_sentence_and_not_made(runs: Command, tmp_path: Path, arguments: list[str]) -> None:
    """Looking changes nothing: a wrong folder does not get a database."""
    result = runs(*arguments)
    expected = "parley: There is no database data/parley.db yet: `python -m bot run` makes it.\n"
    assert (result.returncode, result.stderr) == (1, expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("revision", "words"), [("9999", "newer Parley"), ("0001", "older than this program")])
def test_database_of_another_version_is_one_sentence(runs: Command, file: Path, revision: str, words: str) -> None:
    """A program that was updated, or put back, beside its database."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()
    result = runs()
    assert (result.returncode, result.stdout) == (1, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
