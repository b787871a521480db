"""The command line: `python -m bench` measures everything, `python -m bench one pages` some of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench.history import measure_history
from bench.pages import measure_pages
from bench.play import play
from bench.report import table
from bench.situations import SITUATIONS

HISTORY, PAGES = "history", "pages"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of this run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the real bot against the sandbox.")
    parser.add_argument("what", nargs="*", metavar="what", help=f"any of: {', '.join(names())} (default: all)")
    options = parser.parse_args(arguments)
    unknown = set(options.what) - set(names())
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    return options


def names() -> tuple[str, ...]:
    """Everything that can be measured."""
    return (*(situation.name for situation in SITUATIONS), HISTORY, PAGES)


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


def say(sentence: str) -> None:
    """Tell who waits what is being measured, apart from the tables."""
    print(f"measuring: {sentence}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is named, or everything."""
    asyncio.run(measure(parse(arguments).what or names()))


if __name__ == "__main__":
    main()
