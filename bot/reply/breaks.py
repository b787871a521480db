"""Where a text is best parted when a page is full; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from bot.reply.characters import may_break_line, may_part, reach, units
from bot.reply.spans import atoms, code_spans, emphases

# A page is this full before a better place to break may cost the rest of it.
FULL_ENOUGH = 0.6

# White space, or the end of a sentence of ideographs, which no space follows.
_BREAK = re.compile(r"[ \t\n]+|(?<=[\u3002\uff01\uff1f])(?!\s)")

# Scripts and symbols that may be wide; anything else breaks at spaces only.
_NO_SPACES = re.compile(r"[\u1100-\u11ff\u2300-\u2bff\u2e80-\U0010ffff]")

_SENTENCE_ENDS = (*".!?:;\u2026", *(end + close for end in ".!?\u2026" for close in "\"')*_\u2019\u201d\u00bb"))
_ONLY_MARKER = re.compile(r"[ \t]*(?:[-*+>]|-?#{1,6}|\d{1,9}[.)])")
_MAX_MARKER_CHARS = 20

# What parting a text somewhere would do: hurt how it looks, or break it.
_BETTER_WHOLE, _WHOLE = 1, 2


class _Rank(IntEnum):
    """How good a place is to end a page, the best first."""

    BLOCK = 0
    LINE = 1
    SENTENCE = 2
    WORD = 3


class _Place(NamedTuple):
    """Where a page may end; of two, the smaller is the better."""

    mark: int
    rank: _Rank
    chars_left: int
    end: int
    following: int


def cut(text: str, start: int, *, room: int, limit: int) -> tuple[int, int]:
    """Where a page ends that has room for so much of `text[start:]`, and where the next one begins.

    Both are `start` if the page should end before the text.  Looks at the text just past the room, and never further
    but for what must not be parted there.
    """
    last = reach(text, start, max(room, 0))
    if last == start:
        return start, start
    used = limit - room
    full_enough = reach(text, start, max(int(limit * FULL_ENOUGH) - used, 0))
    marks = _marks(text[start : last + limit], last - start, limit)
    best = min(_places(text, start, max(full_enough, start + 1), last, marks), default=None)
    if used and full_enough == start and (best is None or (best.mark, best.rank) > (0, _Rank.BLOCK)):
        return start, start
    if best is None:
        early = _places(text, start, start + 1, full_enough, marks)
        best = min(early, key=lambda place: place.chars_left, default=None)
    if best is not None:
        return best.end, best.following
    if used:
        return start, start
    whole = (
        index for index in range(last, start, -1) if marks[index - start] < _WHOLE and may_part(text, index, start)
    )
    end = next(whole, None) or _last_parting(text, start, last)
    return end, end


def pieces(line: str, longest: int) -> Iterator[str]:
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


def _places(text: str, start: int, first: int, last: int, marks: bytearray) -> Iterator[_Place]:
    """Where a page from `start` may end between `first` and `last`, the smallest being the best."""
    for end, following, rank in _breaks(text, start, first, last):
        mark = marks[end - start]
        if mark < _WHOLE:
            yield _Place(mark, rank, last - end, end, following)


def _breaks(text: str, start: int, first: int, last: int) -> Iterator[tuple[int, int, _Rank]]:
    """Ends of a page from `start`, where the next one would begin, and their rank, whatever they would part."""
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
