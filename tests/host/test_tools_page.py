"""docs/tools.md holds code that does what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w/.]+)`:\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_code_of_the_page_is_a_tested_tool(tmp_path: Path) -> None:
    """The files of the page, put where it says, are found by the bot, and its test passes."""
    for room in ("bot", "cogs", "migrations", "sandbox", "tests"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, code in FILES.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    cog, test = FILES
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own interpreter
    assert done.returncode == 0, done.stdout
    assert cog == "cogs/coins.py"


def test_tool_of_the_page_takes_fifteen_lines() -> None:
    """As many as the page promises, without those that are empty."""
    assert len([line for line in FILES["cogs/coins.py"].splitlines() if line.strip()]) == 15


def test_readme_shows_the_tool_of_the_page() -> None:
    """Line by line, so that it is tested too."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`cogs/coins.py`:\n\n```python\n{FILES['cogs/coins.py']}```\n" in readme


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_to_pages_that_are_there(page: Path) -> None:
    """Those to files of this repository."""
    linked = re.findall(r"\]\(((?!https?:)[^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in linked if not (page.parent / link).exists()] == []
