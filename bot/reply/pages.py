"""A model's answer, whole or growing, as the contents of Discord messages; pure.

Pages are filled from the front and cut as soon as what they hold is known, so that a growing answer changes its last
page only.  Where a page ends depends on the text up to there, and on links and the like that reach beyond.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum

from bot.reply.blocks import Block, Code, Prose, parse
from bot.reply.characters import clean, has_content, may_break_line, may_part, reach, units
from bot.reply.spans import atoms, code_spans, emphases

# Discord's own limit on a message's content.
MAX_PAGE_CHARS = 2000

# Below this there is no room for a fence, its language and a line between.
MIN_PAGE_CHARS = 64

# A page is this full before a better place to break may cost the rest of it.
FULL_ENOUGH = 0.6

# Code that does not fit is begun on a page only if this much of the page is free.
WORTH_BEGINNING = 0.1

_BREAK = re.compile(r"[ \t\n]+|(?<=[\u3002\uff01\uff1f])(?!\s)")
_NO_SPACES = re.compile(r"[\u1100-\u11ff\u2300-\u2bff\u2e80-\U0010ffff]")
_SENTENCE_ENDS = (*".!?:;\u2026", *(end + close for end in ".!?\u2026" for close in "\"')*_\u2019\u201d\u00bb"))
_ONLY_MARKER = re.compile(r"[ \t]*(?:[-*+>]|-?#{1,6}|\d{1,9}[.)])")
_MAX_MARKER_CHARS = 20
_HEADING_LINE = re.compile(r"#{1,3} [^\n]*|\*\*[^*\n]{1,200}\*\*:?")


# What parting a text somewhere would do: hurt how it looks, or break it.
_BETTER_WHOLE, _WHOLE = 1, 2


class _Rank(IntEnum):
    """How good a place is to end a page, the best first."""

    BLOCK = 0
    LINE = 1
    SENTENCE = 2
    WORD = 3


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
            end, following = _cut(text, start, room=room, limit=self._limit)
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
    return opening, [piece for line in lines for piece in _pieces(line, longest)]


def _pieces(line: str, longest: int) -> Iterator[str]:
    """The line in pieces of at most so many UTF-16 code units, parted between characters as people see them."""
    start = 0
    while len(line) - start > longest or units(line[start:]) > longest:
        end = _last_parting(line, start, reach(line, start, longest))
        yield line[start:end]
        start = end
    yield line[start:]


def _last_parting(text: str, start: int, end: int) -> int:
    """The last place up to `end` between two characters as people see them, or `end` if there is none."""
    return next((index for index in range(end, start, -1) if may_part(text, index, start)), end)


def _cut(text: str, start: int, *, room: int, limit: int) -> tuple[int, int]:
    """Where a page ends that has room for so much of `text[start:]`, and where the next one begins.

    Both are `start` if the page should end before the text.  Looks at the text just past the room, and never further
    but for what must not be parted there.
    """
    used = limit - room
    last = reach(text, start, max(room, 0))
    if last == start:
        return start, start
    full_enough = reach(text, start, max(int(limit * FULL_ENOUGH) - used, 0))
    marks = _marks(text[start : last + limit], last - start, limit)
    fresh = used == 0
    places = [
        (marks[end - start], rank, -end, following)
        for end, following, rank in _breaks(text, start, max(full_enough, start + 1), last)
        if marks[end - start] < _WHOLE
    ]
    if full_enough == start and not fresh:
        places.append((0, _Rank.BLOCK, -start, start))
    if not places:
        places = [
            (0, _Rank.WORD, -end, following)
            for end, following, _ in _breaks(text, start, start + 1, full_enough)
            if marks[end - start] < _WHOLE
        ]
    if places:
        _, _, end, following = min(places)
        return -end, following
    if not fresh:
        return start, start
    end = next(
        (index for index in range(last, start, -1) if marks[index - start] < _WHOLE and may_part(text, index, start)), 0
    )
    end = end or _last_parting(text, start, last)
    return end, end


def _breaks(text: str, start: int, first: int, last: int) -> Iterator[tuple[int, int, _Rank]]:
    """Where a page from `start` may end between `first` and `last`, where the next begins, how good that is."""
    for match in _BREAK.finditer(text, first, last + 1):
        end, following = match.span()
        between_ideographs = end == following
        if between_ideographs and not may_break_line(text, end, start):
            continue
        if end <= last and may_part(text, following, start) and not _is_behind_marker(text, start, end):
            yield end, following, _rank(text, match)
    if _NO_SPACES.search(text, first, last):
        for index in range(last, first - 1, -1):
            if may_break_line(text, index, start):
                yield index, index, _Rank.WORD
                break


def _is_behind_marker(text: str, start: int, end: int) -> bool:
    """Whether only the mark of a list item, a quote or a heading stands before `end` on its line."""
    line = text.rfind("\n", max(start, end - _MAX_MARKER_CHARS), end) + 1 or start
    return end - line <= _MAX_MARKER_CHARS and _ONLY_MARKER.fullmatch(text, line, end) is not None


def _rank(text: str, match: re.Match[str]) -> _Rank:
    newlines = match[0].count("\n")
    if newlines > 1 or (newlines and text.startswith("#", match.end(), match.endpos)):
        return _Rank.BLOCK
    if newlines:
        return _Rank.LINE
    if not match[0] or text.endswith(_SENTENCE_ENDS, 0, match.start()):
        return _Rank.SENTENCE
    return _Rank.WORD


def _marks(text: str, room: int, limit: int) -> bytearray:
    """For each index up to `room`, whether parting the text there would hurt: not, `_BETTER_WHOLE` or `_WHOLE`."""
    marks = bytearray(room + 1)
    for mark, longest, spans in (
        (_BETTER_WHOLE, limit // 2, code_spans(text)),
        (_BETTER_WHOLE, limit // 2, emphases(text)),
        (_WHOLE, limit, atoms(text)),
    ):
        for start, end in spans:
            if start >= room:
                break
            if units(text[start:end]) <= longest:
                inside = slice(start + 1, min(end, room + 1))
                marks[inside] = bytes([mark]) * (inside.stop - inside.start)
    return marks
