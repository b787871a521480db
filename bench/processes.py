"""The bot and the scripted provider as processes of their own, and what the system says of their CPU and memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.script import Script
from sandbox.world import Sandbox

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 10.0
LINE_BYTES = 64 * 1024 * 1024  # all token times of a situation come on one line
LOG = "bot.log"
LOG_LINES = 20


class BotFailed(Exception):
    """The bot's process ended with an error."""


def environment(sandbox: Sandbox, folder: Path, **settings: str) -> dict[str, str]:
    """What the bot is told, as a host would by environment variables; nothing of this machine's own settings."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": sandbox.token,
        "DISCORD_API_BASE_URL": sandbox.api_base_url,
        "DISCORD_GATEWAY_URL": sandbox.gateway_url,
        "PROVIDER_MODEL": "scripted",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'parley.db'}",
        **settings,
    }


async def migrate(folder: Path, env: Mapping[str, str]) -> None:
    """Run `python -m bot migrate`, so that the bot starts as it does after its first time.  Raises: BotFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "migrate", cwd=folder, env=dict(env), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode != 0:
        raise BotFailed(errors.decode("utf-8", "replace"))


async def start_bot(folder: Path, env: Mapping[str, str]) -> asyncio.subprocess.Process:
    """`python -m bot run`, which writes its log into the folder."""
    with (folder / LOG).open("ab") as stream:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=folder, env=dict(env), stderr=stream
        )


@asynccontextmanager
async def running_bot(folder: Path, env: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m bot run`, told to stop at the end of the block.  Raises: BotFailed if it ended by itself."""
    process = await start_bot(folder, env)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise BotFailed("\n".join((folder / LOG).read_text(errors="replace").splitlines()[-LOG_LINES:]))


class ProviderProcess:
    """The scripted provider, which says at the end what it sent."""

    def __init__(self, process: asyncio.subprocess.Process, base_url: str) -> None:
        self._process = process
        self.base_url = base_url

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @classmethod
    @asynccontextmanager
    async def start(cls, scripts: Sequence[Script]) -> AsyncIterator[ProviderProcess]:
        """A provider that knows these answers."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.provider"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
        )
        assert process.stdin is not None  # noqa: S101  # it is a pipe
        assert process.stdout is not None  # noqa: S101
        try:
            plan = json.dumps([[script.number, script.token_count] for script in scripts])
            process.stdin.write(f"{plan}\n".encode())
            yield cls(process, (await process.stdout.readline()).decode().strip())
        finally:
            process.stdin.close()
            await process.wait()

    async def token_times(self) -> dict[int, list[float]]:
        """When each token was sent, by the number of the answer; the provider serves nothing after this."""
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(b"\n")
        sent = json.loads(await self._process.stdout.readline())
        return {int(number): times for number, times in sent.items()}


def cpu_seconds(pid: int) -> float | None:
    """The CPU time that a process has used, user and system; None where there is no `/proc`."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()  # the name may hold spaces; utime and stime are fields 14 and 15
    return (int(after_name[11]) + int(after_name[12])) / float(os.sysconf("SC_CLK_TCK"))


def peak_memory_mb(pid: int) -> float | None:
    """The most memory that a process has held in RAM so far; None where there is no `/proc`."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    kilobytes = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return None if kilobytes is None else kilobytes * 1024 / 1e6
