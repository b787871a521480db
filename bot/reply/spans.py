"""Stretches of a line of Markdown that read wrongly when parted: links, mentions, code, emphasis; pure.

Every pattern is linear on any text: a repeated class never holds the character that may begin the same pattern again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BACKTICKS = re.compile(r"`+|\n[ \t]*\n")

_ATOM = re.compile(
    r"""
      \\[^\w\s]                                                             # an escape
    | <(?: @[!&]?\d{1,20} | \#\d{1,20} | a?:\w{1,32}:\d{1,20} | id:\w{1,32} # mentions and custom emoji
         | t:-?\d{1,20}(?::\w)? | /[^<>\n]{1,100}:\d{1,20}                  # timestamps and commands
         | https?://[^\s<>]++ )>
    | !?\[ (?: [^\[\]\\\n]++ | \\. | \[[^\[\]\n]*+\] )*+ \]                 # [text, with [brackets] in it]
      \( [^()\s]*+ (?: \([^()\s]*+\) [^()\s]*+ )*+ (?:[ ]+"[^"\n]*+")? \)   # (url, with (brackets) in it, "title")
    | https?://[^\s<>\u2e80-\U0010ffff]++                                   # a bare URL
    """,
    re.VERBOSE,
)

_EMPHASIS = re.compile(
    r"""
      \*\*[^*\n]++\*\* | \*(?!\s)[^*\n]++\* | __[^_\n]++__ | (?<!\w)_[^_\n]++_(?!\w) | ~~[^~\n]++~~ | \|\|[^|\n]++\|\|
    """,
    re.VERBOSE,
)


def atoms(text: str) -> Iterator[tuple[int, int]]:
    """Where the stretches lie that must stay whole: links, URLs, mentions, custom emoji, escapes."""
    return (match.span() for match in _ATOM.finditer(text))


def emphases(text: str) -> Iterator[tuple[int, int]]:
    """Where bold, italic, underlined, struck and hidden text lies, on one line each."""
    return (match.span() for match in _EMPHASIS.finditer(text))


def code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where inline code lies: from a run of backticks to the next one of the same length in the same paragraph."""
    paragraph: list[tuple[int, int]] = []
    for match in _BACKTICKS.finditer(text):
        if match[0][0] == "`":
            paragraph.append(match.span())
        else:
            yield from _pairs(paragraph)
            paragraph = []
    yield from _pairs(paragraph)


def _pairs(runs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Each run of backticks with the next one of its length, from the left, none used twice."""
    partner: dict[int, int] = {}
    latest: dict[int, int] = {}
    for index in range(len(runs) - 1, -1, -1):
        length = runs[index][1] - runs[index][0]
        if length in latest:
            partner[index] = latest[length]
        latest[length] = index
    index = 0
    while index < len(runs):
        if index in partner:
            yield runs[index][0], runs[partner[index]][1]
            index = partner[index]
        index += 1
