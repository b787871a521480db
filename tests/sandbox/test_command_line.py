"""`python -m sandbox serve` as its own process, and the rule of the one adapter."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp

ROOT = Path(__file__).resolve().parents[2]


async def serve(*arguments: str) -> asyncio.subprocess.Process:
    """The command in a process of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "serve", "--port", "0", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def environment(process: asyncio.subprocess.Process) -> dict[str, str]:
    """The environment lines that it prints for a bot."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    while "DISCORD_GATEWAY_URL" not in found:
        line = (await process.stdout.readline()).decode().strip()
        assert line, "it ended early"
        name, separator, value = line.partition("=")
        if separator:
            found[name] = value
    return found


async def test_serve_prints_what_a_bot_needs_and_ends_cleanly(tmp_path: Path) -> None:
    """The printed token opens the printed address; the world and its token survive a restart."""
    arguments = ("--state", str(tmp_path / "world.json"))
    tokens = []
    for _ in range(2):
        process = await serve(*arguments)
        bot = await environment(process)
        headers = {"Authorization": f"Bot {bot['DISCORD_TOKEN']}"}
        url = bot["DISCORD_API_BASE_URL"] + "/users/@me"
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
            assert (await response.json())["username"] == "Parley"
        assert bot["DISCORD_GATEWAY_URL"].startswith("ws://127.0.0.1:")
        tokens.append(bot["DISCORD_TOKEN"])
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    assert tokens[0] == tokens[1]


async def test_unreadable_state_is_one_sentence(tmp_path: Path) -> None:
    """A broken file ends the start with a sentence that says what to do, and exit code 1."""
    path = tmp_path / "world.json"
    path.write_text("{")
    process = await serve("--state", str(path))
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode().count("\n") == 1
    assert "delete it to start afresh" in errors.decode()


def test_only_its_adapters_import_simcord() -> None:
    """simcord's inner seams change between releases, so they are behind its engine's, its store's and its routes'."""
    importers = {
        path.name
        for path in (ROOT / "sandbox").rglob("*.py")
        if any(line.startswith(("import simcord", "from simcord")) for line in path.read_text("utf-8").splitlines())
    }
    assert importers == {"cdn.py", "semantics.py", "simcord_routes.py"}
