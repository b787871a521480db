"""What a start leaves to those who need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Who has no MCP server and no PostgreSQL, calculates nothing, has no tool with a schema of its own, keeps no secrets,
# reads no pages, draws nothing and migrates nothing pays neither with memory nor with time for them.
LATE = (
    "PIL",
    "alembic",
    "cryptography",
    "genai_prices",
    "html_to_markdown",
    "httpx2",
    "jsonschema",
    "matplotlib",
    "mcp",
    "mcp_types",
    "mpmath",
    "numpy",
    "referencing",
    "sqlalchemy.dialects.postgresql",
)
START = "import sys, bot.app, importlib; [importlib.import_module(name) for name in sys.argv[1:]]; print(*sys.modules)"


def test_heavy_libraries_are_not_imported_at_the_start() -> None:
    """The whole bot with all its cogs is there without them."""
    cogs = [f"cogs.{file.stem}" for file in (ROOT / "cogs").glob("[!_]*.py")]
    command = (sys.executable, "-c", START, *cogs)
    modules = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
    assert {"bot.app", *cogs} <= set(modules)
    assert not set(LATE) & set(modules)
