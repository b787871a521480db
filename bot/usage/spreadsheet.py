"""Usage as a table that spreadsheets open: RFC 4180's CSV, in UTF-8 with the mark that Excel knows it by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from bot.days import Days
from bot.runs.summary_text import NANOS_PER_DOLLAR
from bot.store.usage import Line
from bot.usage.names import Location, Names

# Some 3 MB, of the 10 that anybody may upload in Discord.
MAX_LINES = 20_000
COLUMNS = (
    *("day", "server", "channel", "provider", "model", "answers", "input_tokens", "cached_input_tokens"),
    *("output_tokens", "reasoning_output_tokens", "cost_usd", "answers_without_price", "estimated"),
)
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection), also in the wide forms that Excel
# reads alike.
BEGINNINGS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - they are meant


def spreadsheet(lines: Iterable[Line], days: Days, names: Names) -> bytes:
    """The lines as a file."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for line in lines:
        server, channel = names.written(Location(line.guild_id, line.place_id))
        writer.writerow(
            (
                days.dates[line.day].isoformat(),
                *map(harmless, (server, channel, line.provider, line.model)),
                *(line.answers, line.input_tokens, line.cached_tokens, line.output_tokens, line.reasoning_tokens),
                cost(line),
                line.unpriced,
                "yes" if line.is_estimated else "no",
            )
        )
    return file.getvalue().encode("utf-8-sig", "replace")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before it says that it is text."""
    return f"'{text}" if text.lstrip(" ").startswith(BEGINNINGS) else text


def cost(line: Line) -> str:
    """Dollars to the last digit; nothing where no price is known."""
    if line.unpriced == line.answers:
        return ""
    return f"{Decimal(line.cost_nanos) / NANOS_PER_DOLLAR:f}"
