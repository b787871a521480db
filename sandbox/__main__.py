"""The sandbox's command line: `python -m sandbox serve`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from sandbox.state_file import StateFileError
from sandbox.world import Sandbox


def parse() -> argparse.Namespace:
    """The arguments of this run."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run a Discord on loopback until Ctrl+C")
    serve.add_argument("--port", type=int, default=8080, help="port on 127.0.0.1, 0 for a free one (default 8080)")
    serve.add_argument("--latency-ms", type=float, default=0.0, help="round trip of every request (default 0)")
    serve.add_argument("--state", type=Path, default=None, help="file that keeps the world between starts")
    return parser.parse_args()


def environment(sandbox: Sandbox) -> str:
    """The lines that point a bot at this sandbox."""
    return "\n".join(
        (
            f"DISCORD_TOKEN={sandbox.token}",
            f"DISCORD_API_BASE_URL={sandbox.api_base_url}",
            f"DISCORD_GATEWAY_URL={sandbox.gateway_url}",
        )
    )


async def serve(port: int, latency_seconds: float, state_file: Path | None) -> None:
    """Run a sandbox until the process is told to end."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows' loop has no signal handlers
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Sandbox.open(port=port, latency_seconds=latency_seconds, state_file=state_file) as sandbox:
        print(f"The page: {sandbox.address}\nFor the bot's environment:\n{environment(sandbox)}", flush=True)
        await stopped.wait()


def main() -> None:
    """Run the chosen command."""
    arguments = parse()
    try:
        asyncio.run(serve(arguments.port, arguments.latency_ms / 1000, arguments.state))
    except (OSError, StateFileError) as exc:
        raise SystemExit(f"The sandbox cannot start: {exc}") from exc


if __name__ == "__main__":
    main()
