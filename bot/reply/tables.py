"""Markdown tables, which Discord does not draw, as text in columns or as a list; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.reply.characters import columns
from bot.reply.spans import code_spans

# A phone held sideways shows about 80 columns of code and wraps the rest, which no longer reads as a table.
MAX_TABLE_COLUMNS = 80

# No table that a person reads has more; a longer line of pipes is taken as text, which costs less to lay out.
MAX_CELLS = 50
MAX_HEADER_CHARS = 1000

# Padding makes a table of one-letter cells up to forty times as long, so a huge one is shown as it came.
MAX_ALIGNED_CHARS = 100_000

_PIPE = re.compile(r"\\.|\|")
_RULE_CELL = re.compile(r":?-+:?")
_PLAIN = ((re.compile(r"\*\*([^*]++)\*\*"), r"\1"), (re.compile(r"`([^`]++)`"), r"\1"), (re.compile(r"<br ?/?>"), " "))
_LINK = "]("


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's header, the alignment of its columns (`<`, `^` or `>`, as in a format string), and its rows."""

    header: tuple[str, ...]
    alignment: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: tuple[str, ...]


def starts_table(line: str, rule: str) -> bool:
    """Whether two lines are a table's header and the rule below it, with as many cells each."""
    if not ("|" in line and "|" in rule and "-" in rule) or rule.strip("|:- \t") or line.lstrip().startswith("||"):
        return False
    if len(line) > MAX_HEADER_CHARS or rule.count("|") > MAX_CELLS:
        return False
    cells = _split(rule)
    return all(map(_RULE_CELL.fullmatch, cells)) and len(_row(line, len(cells), strict=True)) == len(cells)


def parse_table(lines: list[str]) -> Table:
    """The table in its source lines: a header and a rule for which `starts_table` holds, then the rows."""
    marks = _split(lines[1])
    return Table(
        header=_row(lines[0], len(marks)),
        alignment=tuple(_alignment(mark) for mark in marks),
        rows=tuple(_row(line, len(marks)) for line in lines[2:]),
        source=tuple(lines),
    )


def aligned(table: Table) -> tuple[str, ...] | None:
    """The table's lines for a fixed-width font, the header and its rule first; None if it reads better as a list."""
    if sum(map(len, table.source)) > MAX_ALIGNED_CHARS:
        return table.source
    if any(_LINK in cell for row in table.rows for cell in row):
        return None
    grid = [tuple(map(_plain, row)) for row in (table.header, *table.rows)]
    widths = [max(map(columns, column)) for column in zip(*grid, strict=True)]
    if sum(widths) + 3 * (len(widths) - 1) > MAX_TABLE_COLUMNS:
        return None
    header, *rows = (_draw(row, widths, table.alignment) for row in grid)
    return header, "-+-".join("-" * width for width in widths), *rows


def listed(table: Table) -> str:
    """The table as a paragraph for each row, with a line for each cell that says what it is."""
    names = [cell.replace("**", "") for cell in table.header]
    if not table.rows:
        return " · ".join(f"**{name}**" for name in names if name)
    return "\n\n".join(
        "\n".join(f"**{name}**: {cell}" if name else cell for name, cell in zip(names, row, strict=True) if cell)
        for row in table.rows
    )


def _draw(row: tuple[str, ...], widths: list[int], alignment: tuple[str, ...]) -> str:
    """One line of the table: its cells padded to their columns."""
    cells = zip(row, widths, alignment, strict=True)
    return " | ".join(_pad(cell, width, side) for cell, width, side in cells).rstrip()


def _pad(cell: str, width: int, side: str) -> str:
    missing = width - columns(cell)
    left = {"<": 0, "^": missing // 2, ">": missing}[side]
    return " " * left + cell + " " * (missing - left)


def _alignment(mark: str) -> str:
    if mark.endswith(":"):
        return "^" if mark.startswith(":") else ">"
    return "<"


def _plain(cell: str) -> str:
    """A cell without the marks that a fixed-width font would show as they are."""
    for pattern, plain in _PLAIN:
        cell = pattern.sub(plain, cell)
    return cell


def _row(line: str, count: int, *, strict: bool = False) -> tuple[str, ...]:
    """The cells of a line.  Unless strict, missing ones are empty and the last one takes in any beyond `count`.

    A pipe in inline code belongs to its cell (GitHub asks to escape it, models do not) if that gives the right count.
    """
    cells = _split(line, code_spans(line))
    if len(cells) != count:
        cells = _split(line)
    if strict:
        return tuple(cells)
    cells[count - 1 :] = [" | ".join(cells[count - 1 :])]
    return tuple(cells) + ("",) * (count - len(cells))


def _split(line: str, code: Iterable[tuple[int, int]] = ()) -> list[str]:
    """The cells of a line, at each pipe that is neither escaped nor in one of the stretches of code."""
    line_start, line_end = _edges(line)
    cells, start = [], line_start
    stretches = iter(code)
    stretch = next(stretches, None)
    for match in _PIPE.finditer(line, line_start, line_end):
        while stretch and stretch[1] <= match.start():
            stretch = next(stretches, None)
        if match[0] == "|" and not (stretch and stretch[0] < match.start()):
            cells.append(line[start : match.start()])
            start = match.end()
    cells.append(line[start:line_end])
    return [cell.replace("\\|", "|").strip() for cell in cells]


def _edges(line: str) -> tuple[int, int]:
    """Where a line's cells begin and end: inside the pipes that may stand at both ends."""
    start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    start += line.startswith("|", start)
    if end > start and line[end - 1] == "|" and line[end - 2] != "\\":
        end -= 1
    return start, end
