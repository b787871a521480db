"""The command line: run, runs, jobs, migrate, backup, doctor, settings, parameters."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TypeVar

from bot import __version__
from bot.errors import ConfigurationError, ParleyError
from bot.logs import set_up_logging
from bot.settings import Settings
from bot.settings_example import render_example

DONE, FAILED, MISCONFIGURED = 0, 1, 2
LARGEST_ID = 2**63 - 1  # of SQLite and of PostgreSQL
INTERRUPTED = 130  # what shells report for Ctrl+C; only `run` is meant to be ended that way

# How long a busy thread may keep another waiting, a tenth of Python's own: each statement goes to the database's thread
# and comes back.
SWITCH_INTERVAL_SECONDS = 0.0005

Result = TypeVar("Result")
logger = logging.getLogger("bot")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0 done, 1 failed, 2 a setting has to be changed."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a server's name may have letters that the terminal lacks
    try:
        return run_command(options)
    except KeyboardInterrupt:
        return DONE if options.command == "run" else INTERRUPTED
    except Exception as exc:
        expected = expected_errors(exc)
        if not expected:
            logger.critical("Parley stopped because of an error that it did not expect.", exc_info=True)
        for sentence in "\n".join(map(str, expected)).splitlines():
            print(f"parley: {sentence}", file=sys.stderr)
        return MISCONFIGURED if any(isinstance(error, ConfigurationError) for error in expected) else FAILED


def expected_errors(exc: Exception) -> list[ParleyError]:
    """The errors of ours that a failure consists of, a task group's too; none if there is any other in it."""
    if isinstance(exc, ParleyError):
        return [exc]
    if not isinstance(exc, ExceptionGroup):
        return []
    parts = [expected_errors(part) for part in exc.exceptions]
    return [error for part in parts for error in part] if all(parts) else []


def parser() -> argparse.ArgumentParser:
    """What the command line accepts."""
    result = argparse.ArgumentParser(prog="python -m bot", description="Language models in Discord channels.")
    result.add_argument("--version", action="version", version=f"Parley {__version__}")
    result.add_argument("--env-file", type=Path, help="settings file (default: .env in the working directory)")
    commands = result.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("run", help="run the bot until Ctrl+C or SIGTERM")
    runs = commands.add_parser("runs", help="list the live and the latest answers of all places, or tell of one")
    runs.add_argument("--live", action="store_true", help="list only those that have not ended")
    runs.add_argument("--limit", type=positive, default=20, help="how many to list (default: 20)")
    one = runs.add_mutually_exclusive_group()
    one.add_argument("run_id", nargs="?", type=positive, help="the run to tell of, by its number in the list")
    one.add_argument("--cancel", type=positive, metavar="RUN_ID", help="end a live one; the bot does it in a moment")
    jobs = commands.add_parser("jobs", help="list what was lately done in the background: what was deleted, and when")
    jobs.add_argument("--limit", type=positive, default=20, help="how many to list (default: 20)")
    commands.add_parser("migrate", help="bring the database up to this version; run does so too")
    backup = commands.add_parser("backup", help="copy the database into a new file, also while the bot runs")
    backup.add_argument(
        "file", type=Path, metavar="FILE", help="where the copy goes; docs/backup.md says how to restore"
    )
    commands.add_parser("doctor", help="check database, tools, token, intents, permissions, clock and provider")
    commands.add_parser("settings", help="print every setting as .env.example shows it")
    commands.add_parser("parameters", help="print what can be set for a place, as docs/parameters.md shows it")
    return result


def positive(text: str) -> int:
    """A whole number above 0.  Raises: ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LARGEST_ID:
        raise argparse.ArgumentTypeError("it must be a whole number above 0")
    return int(text)


def run_command(options: argparse.Namespace) -> int:
    """The command's exit code.  Each imports what it needs itself, so that the others start fast."""
    env_file: Path | None = options.env_file
    match options.command:
        case "settings":
            print(render_example(), end="")
            return DONE
        case "parameters":
            from bot.place_settings.page import render_parameters

            print(render_parameters(), end="")
            return DONE
        case "doctor":
            from bot.doctor import doctor

            return until_told_to_stop(doctor(lambda: load_settings(env_file), sys.stdout))
        case "runs":
            settings = start(env_file)
            from bot.runs_command import cancel_run, show_run, show_runs

            if options.cancel is not None:
                work = cancel_run(settings, options.cancel)
            elif options.run_id is not None:
                work = show_run(settings, options.run_id)
            else:
                work = show_runs(settings, limit=options.limit, live_only=options.live)
            print(until_told_to_stop(work))
            return DONE
        case "jobs":
            settings = start(env_file)
            from bot.jobs_command import show_jobs

            print(until_told_to_stop(show_jobs(settings, limit=options.limit)))
            return DONE
        case "migrate":
            settings = start(env_file)
            from bot.store.migrate import migrate

            until_told_to_stop(migrate(settings.database_url))
            return DONE
        case "backup":
            settings = start(env_file)
            from bot.store.backup import back_up

            print(until_told_to_stop(back_up(settings.database_url, options.file)))
            return DONE
        case _:
            settings = start(env_file)
            from bot.app import run

            spare_the_streams()
            until_told_to_stop(run(settings))
            return DONE


def spare_the_streams() -> None:
    """Keep what would hold up a hundred streams at once small: collections of garbage, and waits for a thread."""
    gc.collect()
    gc.freeze()  # what the libraries made lives as long as the process: it need not be looked at again and again
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)


def start(env_file: Path | None) -> Settings:
    """The settings, with logging set up as they say.  Raises: ConfigurationError."""
    settings = load_settings(env_file)
    set_up_logging(settings)
    return settings


def load_settings(env_file: Path | None) -> Settings:
    """The settings; a file that was asked for by name has to be there.  Raises: ConfigurationError."""
    if env_file is not None and not env_file.exists():
        raise ConfigurationError(f"There is no file {env_file}: check --env-file.")
    return Settings.load(env_file or Path(".env"))


def until_told_to_stop(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work, which Ctrl+C and SIGTERM cancel so that it cleans up behind itself.

    Raises: KeyboardInterrupt after either.
    """
    told_to_stop = False

    async def stoppable() -> Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            nonlocal told_to_stop
            told_to_stop = True
            if task is not None:
                task.cancel()

        if sys.platform != "win32":  # there, nothing sends SIGTERM; Ctrl+C is asyncio's own business everywhere
            loop.add_signal_handler(signal.SIGTERM, stop)
        return await work

    try:
        return asyncio.run(stoppable())
    except asyncio.CancelledError:
        if told_to_stop:
            raise KeyboardInterrupt from None
        raise


if __name__ == "__main__":
    sys.exit(main())
