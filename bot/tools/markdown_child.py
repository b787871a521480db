"""Turns one HTML page into Markdown; a program of its own, which `bot.tools.readable` runs and ends.

Pages can be made to keep a parser busy for minutes or to grow by a hundred times on the way, and no thread can be
stopped.  It is run by its file, without our environment, so it imports nothing of ours.
"""

from __future__ import annotations

import html
import json
import re
import sys

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

# What is around a page's text, and what cannot be read.
LEFT_OUT = (
    *("nav", "footer", "aside", '[role="navigation"]', '[aria-hidden="true"]'),
    *("script", "style", "noscript", "template", "svg", "iframe", "button", "input", "select", "textarea"),
)
TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,1000})", re.IGNORECASE)  # bounded, lest it looks through all for each
CPU_SECONDS = 5
MEMORY_BYTES = 1 << 30


def main() -> None:
    """Read what is asked as JSON, and write the title and the text as JSON."""
    bound()
    asked = json.load(sys.stdin.buffer)
    title = TITLE.search(asked["html"])
    options = ConversionOptions(
        base_url=asked["url"],
        exclude_selectors=list(LEFT_OUT),
        extract_metadata=False,
        preprocessing=PreprocessingOptions(enabled=False),
        skip_images=True,
        strip_tags=[] if asked["with_links"] else ["a"],
    )
    text = (convert(asked["html"], options).content or "").strip()
    said = {
        "title": " ".join(html.unescape(title[1]).split()) if title else "",
        "text": text[: asked["max_characters"]],
    }
    json.dump(said, sys.stdout)


def bound() -> None:
    """Let Linux end this program if it takes too much; elsewhere the time that it is given has to do."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
