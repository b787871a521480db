"""Pictures of usage: drawn by another program, readable whatever places are called."""

from __future__ import annotations

import asyncio
import io
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from bot.usage.chart import By, Chart, chart_of
from bot.usage.names import Label
from bot.usage.painter import Painter
from bot.usage.painter_child import legible
from tests.usage.reports import DAYS, names, report, there, used

LATIN = set(range(32, 0x180))
CHARTS = {
    "a day": chart_of(report(used()), By.DAY, DAYS, names()),
    "no money": chart_of(report(used(cost_nanos=0)), By.DAY, DAYS, names()),
    "many models": chart_of(report(*(used(f"m{number}") for number in range(30))), By.DAY, DAYS, names()),
    "one model": chart_of(report(used()), By.MODEL, DAYS, names()),
    "no tokens": chart_of(report(used(input_tokens=0, output_tokens=0)), By.MODEL, DAYS, names()),
    "places": chart_of(
        report(used(), places=(there(20), there(21), there(None))), By.PLACE, DAYS, names(channel="聊天$x$_🎉\ud83c")
    ),
}


async def picture(chart: Chart) -> Image.Image:
    """What Discord would show."""
    drawn = await Painter().draw(chart)
    assert drawn is not None
    return Image.open(io.BytesIO(drawn))


@pytest.mark.parametrize("name", CHARTS)
async def test_chart_becomes_a_picture(name: str) -> None:
    """A PNG twice as wide as Discord shows it, on a card of its own that is not empty."""
    found = await picture(CHARTS[name])
    assert (found.format, found.width) == ("PNG", 1100)
    assert 200 < found.height < 1100
    pixels = found.convert("RGB")
    assert pixels.getpixel((0, 0)) == (0x2B, 0x2D, 0x31)
    assert len(pixels.getcolors(1 << 24) or []) > 20


async def test_day_of_most_tokens_is_the_highest() -> None:
    """The first model's blue stands on the days on which it was used, as high as it was."""
    found = await picture(chart_of(report(used(day=0), used(day=6, input_tokens=98)), By.DAY, DAYS, names()))
    pixels = found.convert("RGB")
    blue = [(x, y) for x in range(found.width) for y in range(300) if pixels.getpixel((x, y)) == (0x56, 0xB4, 0xE9)]
    halves = [[each for each in blue if (each[0] > 600) is right] for right in (False, True)]
    assert len(halves[1]) > 5 * len(halves[0]) > 0


def children() -> set[str]:
    """The processes that this one has begun and not ended, as Linux lists them."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split())


async def test_drawing_that_takes_too_long_is_given_up() -> None:
    """The answer to the person goes without; the other program is ended, and the next picture is drawn."""
    before = children()  # other tests may have left some
    hasty = Painter(seconds=0.3)  # in which the program is begun and the picture is not there
    assert await hasty.draw(CHARTS["a day"]) is None
    assert children() == before
    assert await Painter().draw(CHARTS["a day"]) is not None


async def test_drawing_does_not_hold_up_the_bot() -> None:
    """While it is drawn, everything else goes on, and only one is drawn at a time."""
    painter, longest = Painter(), 0.0
    drawing = asyncio.gather(*(painter.draw(CHARTS["a day"]) for _ in range(2)))
    while not drawing.done():
        before = time.monotonic()
        await asyncio.sleep(0)
        longest = max(longest, time.monotonic() - before)
    assert None not in drawing.result()
    assert longest < 0.5


async def test_drawing_that_fails_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """And is no reason to keep the numbers from anybody."""
    broken = Chart(days=(), labels=(Label(name="a", otherwise="a"),), panels=())
    assert await Painter().draw(broken) is None
    assert "could not be drawn: the program ended with 1" in caplog.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("#general", "#general"),
        ("#🎉 party", "# party"),
        ("#🎉party", "#party"),
        ("#聊天", "#…0020"),
        ("#聊天 chat", "# chat"),
        ("a/" + "x" * 30 + "-4.5", "a/xxxxxxxxxxxxx…xxxxxxxxxxx-4.5"),
    ],
)
def test_name_is_shown_as_far_as_there_are_letters_for_it(name: str, shown: str) -> None:
    """No boxes: without what the fonts lack, and as the end of its id where nothing is left; never longer than fits."""
    assert legible({"name": name, "otherwise": "#…0020"}, LATIN) == shown
