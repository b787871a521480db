"""A model's answer, whole or growing, as the contents of Discord messages; pure.

Pages are filled from the front and cut as soon as what they hold is known, so that a growing answer changes its last
page only.  Where a page ends depends on the text up to there, and on links and the like that reach beyond.
"""

from __future__ import annotations

import re

from bot.reply.blocks import Block, Code, Prose, parse
from bot.reply.breaks import cut, pieces
from bot.reply.characters import clean, has_content, units

# Discord's own limit on a message's content.
MAX_PAGE_CHARS = 2000

# Below this there is no room for a fence, its language and a line between.
MIN_PAGE_CHARS = 64

# Code that does not fit is begun on a page only if this much of the page is free.
WORTH_BEGINNING = 0.1

# What a page should not end with: headings, also those that are only bold.
_HEADING_LINE = re.compile(r"#{1,3} [^\n]*|\*\*[^*\n]{1,200}\*\*:?")


def paginate(text: str, *, limit: int = MAX_PAGE_CHARS, finished: bool = True) -> tuple[str, ...]:
    """The pages of an answer in Markdown, each of 1 to `limit` characters by any of Discord's ways to count.

    Of an answer that is not finished, all that can be drawn is shown, with open fences closed.  No page begins or
    ends with white space, which Discord would strip, and there is none that Discord would refuse as empty; so an
    answer of which nothing can be seen has no pages.

    Raises:
        ValueError: `limit` is below `MIN_PAGE_CHARS`.
    """
    if limit < MIN_PAGE_CHARS:
        raise ValueError(f"a page has at least {MIN_PAGE_CHARS} characters, not {limit}")
    filler = _Filler(limit)
    for block in parse(clean(text), finished=finished):
        match block:
            case Prose():
                filler.add_prose(block)
            case Code():
                filler.add_code(block)
    return filler.close()


class _Filler:
    """Fills one page after the other; `self._page` is the one that is being filled."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pages: list[str] = []
        self._page = ""

    def close(self) -> tuple[str, ...]:
        """The pages, when all blocks are added."""
        self._finish(self._page)
        return tuple(self._pages)

    def add_prose(self, block: Prose) -> None:
        """Put a block of text on as many pages as it needs."""
        text, start = block.text, 0
        while True:
            gap = self._gap(block)
            room = self._room(gap)
            if len(text) - start <= room and units(text[start:]) <= room:
                self._page += gap + text[start:]
                return
            end, following = cut(text, start, room=room, limit=self._limit)
            if end > start:
                self._page += gap + text[start:end]
            self._turn()
            start = following

    def add_code(self, block: Code) -> None:
        """Put code between fences on as many pages as it needs, its header at the top of each."""
        opening, lines = _open(block, self._limit)
        overhead = units(opening) + len("```")
        sizes = [units(line) + 1 for line in lines]
        room = self._room(self._gap(block))
        if self._page and room < self._limit * WORTH_BEGINNING and overhead + sum(sizes) > room:
            self._turn()
        start = 0
        while True:
            gap = self._gap(block)
            room = self._room(gap) - overhead
            end, taken = start, 0
            while end < len(lines) and taken + sizes[end] <= room:
                taken += sizes[end]
                end += 1
            if end > start:
                self._page += gap + opening + "\n".join(lines[start:end]).rstrip() + "\n```"
            while end < len(lines) and not lines[end].strip():
                end += 1
            if end == len(lines):
                return
            self._turn()
            start = end

    def _gap(self, block: Block) -> str:
        """What stands between the page and a block that is put below it."""
        return "" if not self._page else "\n\n" if block.after_blank_line else "\n"

    def _room(self, gap: str) -> int:
        return self._limit - units(self._page) - len(gap)

    def _turn(self) -> None:
        """Finish the page and begin the next one with the headings that ended it."""
        page, self._page = _part_headings(self._page)
        self._finish(page)

    def _finish(self, page: str) -> None:
        if has_content(page):
            self._pages.append(page.strip())


def _part_headings(page: str) -> tuple[str, str]:
    """The page without the headings at its end, and these; a page of nothing else stays as it is."""
    lines = page.split("\n")
    end = len(lines)
    while end and (not lines[end - 1].strip() or _HEADING_LINE.fullmatch(lines[end - 1])):
        end -= 1
    if not end:
        return page, ""
    return "\n".join(lines[:end]), "\n".join(lines[end:]).strip()


def _open(block: Code, limit: int) -> tuple[str, list[str]]:
    """How the code begins on each page, and its lines, none too long for a page of its own."""
    opening = "\n".join(("```" + block.language, *block.header, ""))
    lines = block.lines
    if not lines or units(opening) > limit // 2:
        opening, lines = "```\n", block.header + lines
    longest = limit - units(opening) - len("\n```")
    return opening, [piece for line in lines for piece in pieces(line, longest)]
