"""The sandbox's command line: `python -m sandbox demo | serve | provider`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import signal
import sys
from pathlib import Path

from sandbox.state_file import StateFileError
from sandbox.world import Sandbox


def parse() -> argparse.Namespace:
    """The arguments of this run."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="a Discord, a model and the bot, to try in a browser")
    demo.add_argument("--port", type=int, default=8080, help="port on 127.0.0.1, 0 for a free one (default 8080)")
    serve = commands.add_parser("serve", help="only a Discord on loopback, for a bot of your own")
    serve.add_argument("--port", type=int, default=8080, help="port on 127.0.0.1, 0 for a free one (default 8080)")
    serve.add_argument("--latency-ms", type=float, default=0.0, help="round trip of every request (default 0)")
    serve.add_argument("--state", type=Path, default=None, help="file that keeps the world between starts")
    provider = commands.add_parser("provider", help="only a model provider that plays scripted stories")
    provider.add_argument("--port", type=int, default=8081, help="port on 127.0.0.1 (default 8081)")
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


async def serve(port: int, latency_seconds: float, state_file: Path | None, stopped: asyncio.Event) -> int:
    """Run a Discord until told to stop."""
    async with Sandbox.open(port=port, latency_seconds=latency_seconds, state_file=state_file) as sandbox:
        print(f"The page: {sandbox.address}\nFor the bot's environment:\n{environment(sandbox)}", flush=True)
        await stopped.wait()
    return 0


async def carry_out(arguments: argparse.Namespace) -> int:
    """Run the chosen command: the exit code."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows' loop has no signal handlers
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    match arguments.command:
        case "demo":
            from sandbox.demo import demo

            return await demo(arguments.port, stopped)
        case "provider":
            from sandbox.provider import serve as serve_provider

            serving = asyncio.create_task(serve_provider(arguments.port))
            await stopped.wait()
            serving.cancel()
            return 0
        case _:
            return await serve(arguments.port, arguments.latency_ms / 1000, arguments.state, stopped)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(carry_out(parse())))
    except (StateFileError, OSError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        sys.exit(f"sandbox: {'The port is taken: choose another with --port.' if taken else error}")
