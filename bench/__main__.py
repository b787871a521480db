"""The command line: `python -m bench` measures everything, `python -m bench one pages` some of it.

`python -m bench chaos` measures nothing: it kills the bot at random and exits with 1 if that did any harm.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench.chaos import Plan, report, survive
from bench.history import measure_history
from bench.pages import measure_pages
from bench.play import play
from bench.providers import measure_providers
from bench.report import table
from bench.settings import measure_settings
from bench.situations import SITUATIONS
from bench.tools import measure_tools
from bench.usage import measure_usage

HISTORY, PAGES, TOOLS, PROVIDERS, USAGE, SETTINGS = "history", "pages", "tools", "providers", "usage", "settings"
CHAOS = "chaos"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of this run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the real bot against the sandbox.")
    known = f"any of: {', '.join(names())} (default: all), or {CHAOS}"
    parser.add_argument("what", nargs="*", metavar="what", help=known)
    parser.add_argument("--minutes", type=float, default=1.0, help=f"how long to ask and kill in {CHAOS} (default: 1)")
    parser.add_argument("--channels", type=int, default=20, help="in how many channels at once (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the luck, which decides when what happens (default: 0)")
    options = parser.parse_args(arguments)
    unknown = set(options.what) - {*names(), CHAOS}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join((*names(), CHAOS))}")
    return options


def names() -> tuple[str, ...]:
    """Everything that can be measured."""
    return (*(situation.name for situation in SITUATIONS), HISTORY, PAGES, TOOLS, PROVIDERS, USAGE, SETTINGS)


async def measure(chosen: Sequence[str]) -> None:
    """Measure, and print each table as soon as it is there."""
    situations = [situation for situation in SITUATIONS if situation.name in chosen]
    outcomes = []
    for situation in situations:
        say(f"{situation.title}, about {situation.seconds:.0f} s")
        outcomes.append(await play(situation))
    if outcomes:
        print(table(outcomes), flush=True)
    if HISTORY in chosen:
        say("a long history, about 40 s")
        print(f"\n{await measure_history()}", flush=True)
    if PAGES in chosen:
        print(f"\n{measure_pages()}", flush=True)
    if TOOLS in chosen:
        say("tools, about 30 s")
        print(f"\n{await measure_tools()}", flush=True)
    if PROVIDERS in chosen:
        say("providers, about 40 s")
        print(f"\n{await measure_providers()}", flush=True)
    if USAGE in chosen:
        say("usage, about 40 s")
        print(f"\n{await measure_usage()}", flush=True)
    if SETTINGS in chosen:
        say("settings and budgets, about 10 s")
        print(f"\n{await measure_settings()}", flush=True)


def say(sentence: str) -> None:
    """Tell who waits what is being measured, apart from the tables."""
    print(f"measuring: {sentence}", file=sys.stderr, flush=True)


async def kill(plan: Plan) -> bool:
    """Kill as planned and print what was survived: whether everything was."""
    say(f"{CHAOS}, {plan.minutes:g} minutes and what the last answers take")
    survival = await survive(plan)
    print(report(survival), flush=True)
    return not survival.violations


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is named, or everything; 1 if the bot was harmed."""
    options = parse(arguments)
    measured = [name for name in options.what or names() if name != CHAOS]
    if measured:
        asyncio.run(measure(measured))
    if CHAOS in options.what:
        plan = Plan(minutes=options.minutes, channels=options.channels, seed=options.seed)
        return 0 if asyncio.run(kill(plan)) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
