"""The comparison with the official package runs, and compares readers that have read the same."""

from __future__ import annotations

from math import isfinite

import pytest

from bench import official
from bench.formats import FORMATS
from bench.providers import LONG, cpu_seconds, measure_providers, our_seconds, recorded
from bot.providers.parameters import Api


async def test_each_api_is_measured_in_both_tables() -> None:
    """A row for each API, with a number in every cell."""
    decoding, first_token = ([line.split(" | ") for line in table.splitlines()] for table in await tables())
    titles = [f"| {each.title}" for each in FORMATS.values()]
    assert decoding[0][2] == official.NAME
    for _, _, *rows in (decoding, first_token):
        assert [row[0] for row in rows] == titles
        assert all(isfinite(float(cell.strip(" |%"))) for row in rows for cell in row[1:])


async def tables() -> list[str]:
    """What is printed, measured as little as can be."""
    return (await measure_providers(rounds=1, questions=1)).split("\n\n")


@pytest.mark.parametrize("api", FORMATS)
async def test_both_read_the_same_events_of_many_pieces(api: Api) -> None:
    """The bytes come event by event, at least one for each token, and the package finds the whole answer in them."""
    pieces = await recorded(FORMATS[api])
    assert len(pieces) > 1000
    assert official.said(official.opened(api, pieces)) == LONG.answer()


async def test_reader_of_something_else_is_no_measure() -> None:
    """Whoever loses a word is not quick but wrong."""
    pieces = await recorded(FORMATS[Api.CHAT_COMPLETIONS])
    assert our_seconds(Api.CHAT_COMPLETIONS, pieces) > 0
    with pytest.raises(AssertionError):
        cpu_seconds(lambda: LONG.answer()[1:])
    with pytest.raises(AssertionError):
        our_seconds(Api.CHAT_COMPLETIONS, [*pieces[:10], *pieces[11:]])
