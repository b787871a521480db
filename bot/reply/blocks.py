"""Markdown as models write it, in the blocks of which Discord's pages are filled: text and code; pure.

Discord's Markdown is smaller than the models': headings of three levels, fences of three backticks, no tables, no
images.  What it does not know is put here into what it does, and nothing else is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.reply.spans import code_spans
from bot.reply.tables import aligned, listed, parse_table, starts_table

_FENCE = re.compile(
    r"(?P<quote>(?:[ \t]*>){0,5})(?P<indent>[ \t]*)(?P<marker>(?:[-*+]|\d{1,9}[.)])[ \t]+)?"
    r"(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)"
)
_LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]{1,32}")
_DEEP_HEADING = re.compile(r" {0,3}#{4,6}[ \t]+(?=\S)(.*)")
_IMAGE = re.compile(r"(?<!\\)!(?=\[[^\[\]\n]*+\]\()")
_PAIR_OF_THREE = re.compile(r"``(?=`)")
_ZERO_WIDTH_SPACE = "\u200b"

# As the last line of a growing text, this does not say yet how it will be drawn.
_MAY_BECOME_FENCE = re.compile(r"[ \t]*(?:`{1,2}|~{1,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Text in Discord's Markdown, neither beginning nor ending with a blank line."""

    text: str
    after_blank_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines for a fence, none of which closes it.  `header` is repeated wherever the code goes on."""

    lines: tuple[str, ...]
    after_blank_line: bool
    language: str = ""
    header: tuple[str, ...] = ()


Block = Prose | Code


def parse(text: str, *, finished: bool) -> Iterator[Block]:
    """The blocks of a text in order.

    While it is not finished, a last line that would be drawn otherwise when it is whole (the beginning of a fence,
    a row of a table) is left out, so that what is shown does not jump.
    """
    return _Parser(text.split("\n"), finished).blocks()


def break_fences(text: str) -> str:
    """The text with no three backticks in a row, which Discord would take for a fence wherever they stand."""
    return _PAIR_OF_THREE.sub("``" + _ZERO_WIDTH_SPACE, text) if "```" in text else text


class _Parser:
    """Walks over the lines once; `self._index` is the one it looks at."""

    def __init__(self, lines: list[str], finished: bool) -> None:
        if not finished and _MAY_BECOME_FENCE.fullmatch(lines[-1]):
            lines.pop()
        self._lines = lines
        self._finished = finished
        self._index = 0
        self._after_blank_line = False

    def blocks(self) -> Iterator[Block]:
        prose: list[str] = []
        while self._index < len(self._lines):
            line = self._lines[self._index]
            if fence := _FENCE.fullmatch(line):
                lead = fence["indent"] + fence["marker"].rstrip() if fence["marker"] else ""
                yield from self._prose([*prose, *filter(None, [lead, *self._caption(fence)])])
                yield from self._fence(fence)
            elif self._at_table():
                yield from self._prose(prose)
                yield from self._table()
            elif self._may_become_table():
                break
            else:
                prose.append(_heading(line))
                self._index += 1
                continue
            prose = []
        yield from self._prose(prose)

    def _prose(self, lines: list[str]) -> Iterator[Prose]:
        """The lines as one block of text; blank ones around it are only remembered."""
        start, end = 0, len(lines)
        while start < end and not lines[start].strip():
            start += 1
        while end > start and not lines[end - 1].strip():
            end -= 1
        if start < end:
            yield Prose(text=_inline("\n".join(lines[start:end])), after_blank_line=self._after_blank_line or start > 0)
            self._after_blank_line = end < len(lines)
        else:
            self._after_blank_line = self._after_blank_line or bool(lines)

    def _caption(self, fence: re.Match[str]) -> Iterator[str]:
        """What stands behind a fence's language, such as a file name: Discord would not show it."""
        words = fence["info"].split(maxsplit=1)
        if words and _LANGUAGE.fullmatch(words[0]):
            words = words[1:]
        yield " ".join(words).rstrip()

    def _fence(self, fence: re.Match[str]) -> Iterator[Code]:
        """The code up to the end of the fence, of the quote that it stands in, or of the text.

        It comes without the indent and the quote marks of the fence, which are not its own.
        """
        mark, depth, indent = fence["fence"], fence["quote"].count(">"), fence.start("fence") - fence.start("indent")
        code: list[str] = []
        closed = False
        self._index += 1
        while not closed and self._index < len(self._lines):
            line = _unquote(self._lines[self._index], depth)
            if line is None:
                break
            closed = _closes(line, mark)
            if not closed:
                code.append(_dedent(line, indent))
            self._index += 1
        word = next(iter(fence["info"].split()), "")
        language = word if _LANGUAGE.fullmatch(word) else ""
        yield from self._code(code, language=language, known=closed or self._finished)

    def _code(self, lines: list[str], *, language: str, known: bool) -> Iterator[Code]:
        """The lines as one block of code; if there are none, and that is known to stay so, an empty one."""
        start, end = 0, len(lines)
        while start < end and not lines[start].strip():
            start += 1
        while end > start and not lines[end - 1].strip():
            end -= 1
        shown = tuple(break_fences(line.rstrip()) for line in lines[start:end])
        if not shown and known:
            shown = (_ZERO_WIDTH_SPACE,)
        if shown:
            yield Code(lines=shown, language=language, after_blank_line=self._after_blank_line)
            self._after_blank_line = False

    def _at_table(self) -> bool:
        if self._index + 1 >= len(self._lines) or (self._is_growing(self._index + 1)):
            return False
        return starts_table(self._lines[self._index], self._lines[self._index + 1])

    def _may_become_table(self) -> bool:
        """Whether only a header, or a header and the beginning of the rule below it, is there yet."""
        line = self._lines[self._index].lstrip()
        if self._finished or not line.startswith("|") or line.startswith("||"):
            return False
        return self._is_growing(self._index) or (
            self._is_growing(self._index + 1) and not self._lines[self._index + 1].strip("|:- \t")
        )

    def _table(self) -> Iterator[Block]:
        """The table as code if it fits in columns, else as text; a row that still grows is left out."""
        start = self._index
        while self._index < len(self._lines) and "|" in self._lines[self._index]:
            self._index += 1
        end = self._index - 1 if self._is_growing(self._index - 1) else self._index
        table = parse_table(self._lines[start:end])
        lines = aligned(table)
        if lines is None:
            yield Prose(text=_inline(listed(table)), after_blank_line=True)
        else:
            shown = tuple(map(break_fences, lines))
            yield Code(lines=shown[2:], header=shown[:2], after_blank_line=self._after_blank_line)
        self._after_blank_line = lines is None

    def _is_growing(self, index: int) -> bool:
        return not self._finished and index == len(self._lines) - 1


def _closes(line: str, mark: str) -> bool:
    line = line.strip()
    return len(line) >= len(mark) and not line.strip(mark[0])


def _unquote(line: str, depth: int) -> str | None:
    """The line without so many quote marks before it; None if it has fewer."""
    for _ in range(depth):
        mark, line = line.lstrip()[:1], line.lstrip()[1:]
        if mark != ">":
            return None
    return line


def _dedent(line: str, indent: int) -> str:
    """The line without at most so much of the white space before it."""
    return line[min(indent, len(line) - len(line.lstrip())) :]


def _heading(line: str) -> str:
    """The line; a heading deeper than Discord draws, in bold."""
    heading = _DEEP_HEADING.fullmatch(line)
    if not heading:
        return line
    title, space, tail = heading[1].strip().rpartition(" ")
    if not space or tail.strip("#"):
        title = heading[1].strip()
    return f"**{title.replace('**', '').strip()}**"


def _inline(text: str) -> str:
    """Text with images as links and no three backticks in a row; inline code of three and more gets two."""
    if "```" not in text and "![" not in text:
        return text
    pieces, start = [], 0
    for code_start, code_end in code_spans(text):
        pieces.append(_IMAGE.sub("", text[start:code_start]))
        pieces.append(_shorten(text[code_start:code_end]))
        start = code_end
    pieces.append(_IMAGE.sub("", text[start:]))
    return break_fences("".join(pieces))


def _shorten(code: str) -> str:
    """Inline code between two backticks at each end, if it had more and holds no two itself."""
    inside = code.strip("`")
    if not code.startswith("```") or "``" in inside:
        return code
    return f"``{inside}``"
