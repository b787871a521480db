"""What it costs to cut an answer into pages, as often as it is shown while it grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from bench.script import Script
from bot.reply.pages import paginate

ROUNDS = 20
SHORT, LONG = Script(2_000_000, 300), Script(2_000_001, 4_000)


def markdown(sections: int) -> str:
    """An answer with all that is hard to cut: headings, lists, code, a table, links."""
    section = (
        "## Section {0}\n\nSome *text* with a [link](https://example.org/{0}) and `code`, then a list:\n\n"
        "- first\n- **second**\n- third\n\n"
        "```python\nfor number in range({0}):\n    print(number)\n```\n\n"
        "| name | value |\n| --- | --- |\n| one | {0} |\n| two | 2 |\n\n"
    )
    return "".join(section.format(number) for number in range(sections))


def measure_pages() -> str:
    """A table of times, in Markdown."""
    texts = {
        "300 words": "".join(SHORT.tokens()),
        "4,000 words": "".join(LONG.tokens()),
        "Markdown, 8 sections": markdown(8),
        "Markdown, 100 sections": markdown(100),
        "2,000 emoji": "\N{WINKING FACE}" * 2_000,
    }
    rows = [f"| {name} | {len(text):,} | {len(paginate(text))} | {cost(text)} |" for name, text in texts.items()]
    head = (
        "| Cutting an answer that grows into pages | Characters | Pages | CPU, median, ms |\n| --- | --- | --- | --- |"
    )
    return "\n".join((head, *rows))


def cost(text: str) -> str:
    """The CPU time for one call, in milliseconds."""
    return f"{median_seconds(lambda: paginate(text, finished=False)) * 1000:.2f}"


def median_seconds(work: Callable[[], object]) -> float:
    """The median CPU time of some calls."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)
