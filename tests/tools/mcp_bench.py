"""MCP servers that a test runs, and a toolbox with their tools."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.mcp.configuration import ServerConfiguration
from bot.mcp.servers import McpServers
from bot.mcp.status import Patience, ServerStatus
from bot.tools.toolbox import Toolbox
from tests.tools.people import Known

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 60.0  # for a machine whose cores are shared
BRIEF = Patience(answer_seconds=1.0, check_seconds=600, look_pause_seconds=0.05, backoff_seconds=0.05)


def command(*arguments: str) -> tuple[str, ...]:
    """A module of the tests as a server's command."""
    return (sys.executable, "-m", *arguments)


def over_stdio(**changed: object) -> ServerConfiguration:
    """The server of the package as a process."""
    given: dict[str, object] = {"name": "shop", "command": command("tests.tools.mcp_server", "stdio"), "group": "shop"}
    return ServerConfiguration.model_validate(given | {"env": {"PYTHONPATH": str(ROOT)}} | changed)


def over_web(url: str, **changed: object) -> ServerConfiguration:
    """A server at an address."""
    return over_stdio(command=None, env={}, url=url, **changed)


def plain(*faults: str, **changed: object) -> ServerConfiguration:
    """The small old server, with faults."""
    return over_stdio(command=command("tests.tools.mcp_plain", *faults), **changed)


async def until(look: Callable[[], object]) -> None:
    """Wait for what other processes do, who tell nobody here."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not look():  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process of somebody else's runs; one that has ended and was not asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def tools_file(folder: Path, module: str, *arguments: str, more: str = "") -> Path:
    """A `tools.toml` with one server, a module of the tests."""
    lines = ["[servers.shop]", f"command = {json.dumps(command(module, *arguments))}"]
    file = folder / "tools.toml"
    file.write_text("\n".join([*lines, f'env = {{PYTHONPATH = "{ROOT}"}}', more]), encoding="utf-8")
    return file


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Servers that run, and where their tools are."""

    toolbox: Toolbox
    servers: McpServers

    @property
    def status(self) -> ServerStatus:
        """Of the first server."""
        return self.servers.statuses()[0]

    async def until(self, look: Callable[[], object]) -> None:
        """Wait for what the servers do."""
        await until(look)

    async def until_up(self) -> None:
        """Wait for the servers' tools."""
        await self.until(lambda: all(status.is_up for status in self.servers.statuses()))


@asynccontextmanager
async def running(*configurations: ServerConfiguration, patience: Patience = BRIEF) -> AsyncIterator[Bench]:
    """The servers, from their start to their end."""
    toolbox = Toolbox()
    toolbox.meet(Known())
    servers = McpServers(configurations, toolbox, patience)
    async with servers.running():
        await servers.begin()
        yield Bench(toolbox=toolbox, servers=servers)


@asynccontextmanager
async def web_server() -> AsyncIterator[str]:
    """The server of the package as a process that listens; its address."""
    process = await asyncio.create_subprocess_exec(
        *command("tests.tools.mcp_server", "http"), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/mcp"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
