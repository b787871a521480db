"""`python -m bot` as a host runs it: in a folder, with a `.env`, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import VERSION
from bot.settings import Settings
from bot.settings_example import render_example

ROOT = Path(__file__).resolve().parents[2]

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `python -m bot` in an empty folder, with these variables and nothing of the caller's environment."""
    ours = {field.upper() for field in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, "-m", "bot", *arguments],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(ROOT)} | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_version_is_the_projects(command: Command) -> None:
    """What is printed is what pyproject.toml says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert command("--version").stdout == f"Parley {VERSION}\n"


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


def test_named_file_has_to_be_there(command: Command) -> None:
    """A mistyped --env-file is not taken for an empty one."""
    result = command("--env-file", "absent.env", "run")
    assert (result.returncode, result.stderr) == (2, "parley: There is no file absent.env: check --env-file.\n")


def test_unknown_command_is_refused(command: Command) -> None:
    """A typo lists what there is."""
    result = command("rum")
    assert result.returncode == 2
    assert "migrate" in result.stderr
    assert "Traceback" not in result.stderr
