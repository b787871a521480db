"""`python -m bot` as a host runs it: in a folder, with a `.env`, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot import __version__
from bot.__main__ import expected_errors
from bot.errors import ConfigurationError, StartupError
from bot.settings import Settings
from bot.settings_example import render_example
from bot.store.migrate import migrate
from sandbox.world import Sandbox

ROOT = Path(__file__).resolve().parents[2]

# Enough to start; nothing listens at these addresses, so nothing leaves this machine.
ENOUGH = {
    "DISCORD_TOKEN": "a-token",
    "DISCORD_API_BASE_URL": "http://127.0.0.1:9/api/v10",
    "DISCORD_GATEWAY_URL": "ws://127.0.0.1:9/gateway",
    "PROVIDER_BASE_URL": "http://127.0.0.1:9/v1",
    "PROVIDER_MODEL": "a-model",
}

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(**variables: str) -> dict[str, str]:
    """These variables, and of the caller's environment only what is no setting."""
    ours = {field.upper() for field in Settings.model_fields}
    theirs = {name: value for name, value in os.environ.items() if name not in ours}
    return theirs | {"PYTHONPATH": str(ROOT)} | variables


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `python -m bot` in an empty folder with these variables, `before` it a program that runs it."""

    def run(*arguments: str, before: Sequence[str] = (), **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own interpreter and our own module
            [*before, sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def tables(file: Path) -> set[str]:
    """The names of a database's tables."""
    with closing(sqlite3.connect(file)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_version_is_the_projects(command: Command) -> None:
    """What is printed is what pyproject.toml says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
    assert command("--version").stdout == f"Parley {__version__}\n"


def test_settings_prints_the_example_file(command: Command) -> None:
    """A host without a checkout gets the file from the program, before anything is set."""
    result = command("settings")
    assert (result.returncode, result.stdout, result.stderr) == (0, render_example(), "")


@pytest.mark.parametrize("name", ["run", "migrate"])
def test_missing_settings_are_sentences(command: Command, name: str) -> None:
    """A first start without settings says what to set and ends with 2."""
    result = command(name)
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["parley:", "DISCORD_TOKEN"],
        ["parley:", "PROVIDER_BASE_URL"],
        ["parley:", "PROVIDER_MODEL"],
    ]


def test_bad_address_is_one_sentence(command: Command, tmp_path: Path) -> None:
    """A `.env` with one wrong line is answered with that line's name and no traceback."""
    (tmp_path / ".env").write_text("DISCORD_TOKEN=x\nPROVIDER_BASE_URL=provider.test\nPROVIDER_MODEL=m\n")
    result = command("run")
    assert result.returncode == 2
    assert result.stderr.startswith("parley: PROVIDER_BASE_URL must be an address")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["run", "doctor"])
def test_bad_file_of_providers_is_one_sentence(command: Command, tmp_path: Path, name: str) -> None:
    """A misspelt field is named with what was meant, at the start and by the doctor; no other address is missed."""
    (tmp_path / "providers.toml").write_text('[providers.relay]\nbase_url = "http://127.0.0.1:9/v1"\nkey = ["x"]\n')
    variables = {key: value for key, value in ENOUGH.items() if key != "PROVIDER_BASE_URL"}
    result = command(name, **variables)
    said = result.stdout if name == "doctor" else result.stderr
    assert "providers.toml: the provider relay: key is unknown: did you mean keys? For example keys = [" in said
    assert result.returncode == (1 if name == "doctor" else 2)


def test_named_file_has_to_be_there(command: Command) -> None:
    """A mistyped --env-file is not taken for an empty one."""
    result = command("--env-file", "absent.env", "run")
    assert (result.returncode, result.stderr) == (2, "parley: There is no file absent.env: check --env-file.\n")


def test_migrate_makes_the_database(command: Command, tmp_path: Path) -> None:
    """The default is a file in the working directory's data folder, made with its tables, and a second run is quiet."""
    for _ in range(2):
        result = command("migrate", **ENOUGH)
        assert (result.returncode, result.stderr) == (0, "")
    assert "runs" in tables(tmp_path / "data" / "parley.db")


@pytest.mark.parametrize(
    "words", [["run"], ["runs"], ["migrate"], ["backup", "copy.db"], ["doctor"]], ids=lambda words: words[0]
)
def test_newer_database_is_one_sentence(command: Command, tmp_path: Path, words: list[str]) -> None:
    """An older program leaves a newer database alone and says so, whatever it was told to do."""
    asyncio.run(migrate(f"sqlite:///{tmp_path}/data/parley.db"))
    with closing(sqlite3.connect(tmp_path / "data" / "parley.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    result = command(*words, **ENOUGH)
    assert result.returncode == 1
    said = [line for line in (result.stdout + result.stderr).splitlines() if "newer Parley" in line]
    assert len(said) == 1
    assert "Traceback" not in result.stderr


def test_backup_is_made_and_never_overwritten(command: Command, tmp_path: Path) -> None:
    """A host learns what the copy holds; the same line again, as from a timer, ends with 1 and keeps the first."""
    command("migrate", **ENOUGH)
    first, second = (command("backup", "copy.db", **ENOUGH) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("copy.db holds 0 conversations and 0 messages (0.")
    assert "runs" in tables(tmp_path / "copy.db")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == "parley: copy.db is there already and is kept as it is: name another file.\n"


# A disk of 64 KiB that only this command and its children see; an empty database has more pages than that.
ON_A_SMALL_DISK = (
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs -o size=64k tmpfs disk && "$0" "$@"; code=$?; ls -A disk; exit $code',
)


def test_backup_onto_a_full_disk_is_one_sentence(command: Command, tmp_path: Path) -> None:
    """Where the copy has no room, the sentence says what to do, and its first half is gone."""
    (tmp_path / "disk").mkdir()
    command("migrate", **ENOUGH)
    if shutil.which("unshare") is None or command("--version", before=ON_A_SMALL_DISK).returncode != 0:
        pytest.skip("this machine does not let us make a small disk")
    result = command("backup", "disk/copy.db", before=ON_A_SMALL_DISK, **ENOUGH)
    assert result.returncode == 1
    assert result.stderr == "parley: There is no room for disk/copy.db: make some, or name a file on another disk.\n"
    assert result.stdout == ""


# Root may write everywhere; without this one right it may not either.
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


@pytest.mark.skipif(bool(UNPRIVILEGED) and shutil.which("setpriv") is None, reason="root may write everywhere")
@pytest.mark.parametrize("words", [["run"], ["doctor"]], ids=lambda words: words[0])
@pytest.mark.parametrize("read_only", ["data/parley.db", "data"])
def test_database_that_cannot_be_written_is_one_sentence(
    command: Command, tmp_path: Path, words: list[str], read_only: str
) -> None:
    """A file or a folder of another owner is found at the start, not with the first question."""
    command("migrate", **ENOUGH)
    (tmp_path / read_only).chmod(0o555)
    result = command(*words, before=UNPRIVILEGED, **ENOUGH)
    (tmp_path / read_only).chmod(0o755)
    assert result.returncode == 1
    assert "The host has to make " in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["migrate", "doctor"])
def test_file_that_is_no_database_is_one_sentence(command: Command, tmp_path: Path, name: str) -> None:
    """A wrong DATABASE_URL does not overwrite somebody's file."""
    notes = tmp_path / "notes.txt"
    notes.write_text("not a database\n" * 100)
    result = command(name, **ENOUGH, DATABASE_URL=f"sqlite:///{notes}")
    assert result.returncode == 1
    assert "is not a database" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert notes.read_text().startswith("not a database")


@pytest.mark.parametrize("words", [["run"], ["backup", "copy.db"], ["doctor"]], ids=lambda words: words[0])
def test_damaged_database_is_one_sentence(command: Command, tmp_path: Path, words: list[str]) -> None:
    """A file whose pages are broken is found at the start, and the sentence says where to read on."""
    command("migrate", **ENOUGH)
    file = tmp_path / "data" / "parley.db"
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    result = command(*words, **ENOUGH)
    assert result.returncode == 1
    assert "is damaged. The host has to restore a backup, as docs/backup.md says." in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_folder_that_cannot_be_made_is_one_sentence(command: Command, tmp_path: Path) -> None:
    """A path below a file cannot hold a database."""
    (tmp_path / "data").write_text("a file")
    result = command("migrate", **ENOUGH)
    assert result.returncode == 1
    assert result.stderr.startswith("parley: The folder data for the database cannot be made")
    assert len(result.stderr.splitlines()) == 1


async def test_wrong_token_is_one_cross(tmp_path: Path) -> None:
    """A host who pasted a wrong token sees one sentence about it, also where the terminal knows only ASCII."""
    async with Sandbox.open() as sandbox:
        variables = ENOUGH | {
            "DISCORD_TOKEN": "wrong",
            "DISCORD_API_BASE_URL": sandbox.api_base_url,
            "DISCORD_GATEWAY_URL": sandbox.gateway_url,
            "PYTHONIOENCODING": "ascii",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "doctor",
            cwd=tmp_path, env=environment(**variables), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, complained = await process.communicate()
    assert process.returncode == 1
    assert b"x token: Discord does not accept DISCORD_TOKEN" in said
    assert b"+ gateway: ws://127.0.0.1" in said
    assert complained == b""


WORK = """
import asyncio, sys
from bot.__main__ import until_told_to_stop

async def work():
    try:
        print("started", flush=True)
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        print("cleaned up", flush=True)

try:
    until_told_to_stop(work())
except KeyboardInterrupt:
    sys.exit(3)
"""


async def test_run_tells_of_a_provider_that_is_away_and_goes_on(tmp_path: Path) -> None:
    """Discord is there and the provider is not: one sentence in the log, and SIGTERM still ends it well."""
    async with Sandbox.open() as sandbox:
        variables = environment(
            **ENOUGH
            | {
                "DISCORD_TOKEN": sandbox.token,
                "DISCORD_API_BASE_URL": sandbox.api_base_url,
                "DISCORD_GATEWAY_URL": sandbox.gateway_url,
                "PROVIDER_MAX_RETRIES": "0",
            }
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"), cwd=tmp_path, env=variables, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        async with asyncio.timeout(60):
            while b"The model provider could not be reached." not in await process.stderr.readline():
                assert not process.stderr.at_eof()
            await sandbox.bot_ready()
            process.send_signal(signal.SIGTERM)
            _, rest = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in rest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_lets_the_work_clean_up(number: signal.Signals) -> None:
    """Ctrl+C and SIGTERM cancel the work, wait for what it does at its end, and are told apart from a failure."""
    arguments = [sys.executable, "-c", WORK]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        assert process.stdout.read() == "cleaned up\n"
    assert process.returncode == 3


def test_errors_of_a_task_group_are_sentences_too() -> None:
    """What the bot's tasks raise comes in groups; a group with a surprise in it keeps its traceback."""
    first, second = StartupError("One."), ConfigurationError("Two.")
    group = ExceptionGroup("tasks", [first, ExceptionGroup("inner", [second])])
    assert expected_errors(group) == [first, second]
    assert expected_errors(ExceptionGroup("tasks", [first, ValueError("a surprise")])) == []


def test_unknown_command_is_refused(command: Command) -> None:
    """A typo lists what there is."""
    result = command("rum")
    assert result.returncode == 2
    assert "migrate" in result.stderr
    assert "Traceback" not in result.stderr
