"""Usage as a file that spreadsheets open."""

from __future__ import annotations

import codecs
import csv
import io

import pytest

from bot.store.usage import Line
from bot.usage.names import Names
from bot.usage.spreadsheet import COLUMNS, spreadsheet
from tests.usage.reports import DAYS, line, names


def opened(*lines: Line, known: Names | None = None) -> list[dict[str, str]]:
    """What a spreadsheet reads."""
    content = spreadsheet(lines, DAYS, known or names())
    assert content.startswith(codecs.BOM_UTF8)
    assert content.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_line_has_all_that_is_known() -> None:
    """Names with their ids, which no spreadsheet rounds as it does a number of 19 digits."""
    (row,) = opened(line(is_estimated=True))
    assert tuple(row) == COLUMNS
    assert list(row.values()) == [
        *("2026-11-23", "Parley House (1)", "general (20)", "demo", "small"),
        *("1", "8", "4", "2", "1", "0.005", "0", "yes"),
    ]


@pytest.mark.parametrize(
    ("place_id", "guild_id", "server", "channel"),
    [
        (21, 1, "Parley House (1)", "(21)"),
        (None, 1, "Parley House (1)", "in private"),
        (5, None, "", "direct messages (5)"),
        (5, 77, "(77)", "(5)"),
    ],
)
def test_place_is_told_as_far_as_it_is_known(
    place_id: int | None, guild_id: int | None, server: str, channel: str
) -> None:
    """What was deleted has its id, what is private nothing."""
    (row,) = opened(line(place_id, guild_id))
    assert (row["server"], row["channel"]) == (server, channel)


def test_host_reads_of_servers_alone() -> None:
    """Not of their channels."""
    server, direct = opened(line(None, 1), line(None, None), known=names(of_servers=True))
    assert (server["server"], server["channel"]) == ("Parley House (1)", "")
    assert (direct["server"], direct["channel"]) == ("", "direct messages")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])  # noqa: RUF001
def test_names_are_no_formulas(name: str) -> None:
    """Whatever people call their servers, their channels and their models, a spreadsheet shows it as text."""
    (row,) = opened(line(model=name), known=names(server=name, channel=name))
    assert (row["model"], row["server"], row["channel"]) == (f"'{name}", f"'{name} (1)", f"'{name} (20)")


def test_names_of_all_letters_stay_as_they_are() -> None:
    """Commas, quotation marks, line breaks, Chinese and half an emoji."""
    (row,) = opened(line(model='a,"b"\nc'), known=names(server="房子\ud83c"))
    assert (row["model"], row["server"]) == ('a,"b"\nc', "房子? (1)")


@pytest.mark.parametrize(
    ("cost_nanos", "unpriced", "shown"), [(1, 0, "0.000000001"), (0, 0, "0"), (0, 1, ""), (12_000_000_000, 0, "12")]
)
def test_cost_is_told_to_the_last_digit(cost_nanos: int, unpriced: int, shown: str) -> None:
    """As a decimal number that every spreadsheet reads, and as nothing where no price is known."""
    (row,) = opened(line(cost_nanos=cost_nanos, unpriced=unpriced))
    assert (row["cost_usd"], row["answers_without_price"]) == (shown, str(unpriced))
