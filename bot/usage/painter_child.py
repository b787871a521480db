"""Draws one chart as a PNG; a program of its own, which `bot.usage.painter` runs and ends.

The library that draws takes half a second and 60 MB, which the bot need not have for good.  It is run by its file,
without our environment, so it imports nothing of ours; what it is told are labels and numbers.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

CPU_SECONDS = 20
# Discord shows pictures 550 pixels wide, and twice as many on many screens: text of 9 points is 12 pixels high there.
WIDTH_INCHES, DOTS_PER_INCH = 5.5, 200
PANEL_INCHES, ROW_INCHES, HEAD_INCHES, MARGIN_INCHES = 1.45, 0.27, 0.5, 0.08
# A card of its own, close to Discord's dark theme and dark enough for white text in the light one.
CARD, TEXT, GRID = "#2b2d31", "#dbdee1", "#4e5058"
# Okabe and Ito's colours, which people tell apart however they see colours, without those that are dark on a dark card;
# lighter where contrast with the card would be below 3 to 1.  Grey is for all others.
COLOURS = ("#56b4e9", "#e69f00", "#1fb58f", "#f0e442", "#e8743b", "#cc79a7")
GREY = "#949ba4"
OTHERS = len(COLOURS)
# Of the fonts that may be there, those with letters that the library's own one lacks.
FONTS = (
    *("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei"),
    *("WenQuanYi Micro Hei", "Droid Sans Fallback", "Microsoft YaHei", "PingFang SC", "Hiragino Sans"),
    *("Malgun Gothic", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Thai"),
)
MAX_LABEL_CHARACTERS = 30
MAX_DAY_LABELS = 7
LEAST_ROWS = 3  # lest one bar fills a picture


def main() -> None:
    """Read a chart as JSON, and write the picture."""
    bound()
    chart = json.load(sys.stdin.buffer)
    there = {font.name for font in fontManager.ttflist}
    families = [family for family in FONTS if family in there]
    mpl.rcParams.update(
        {
            "font.family": families,
            "font.size": 9,
            "text.parse_math": False,
            "text.color": TEXT,
            "axes.labelcolor": TEXT,
            "xtick.color": TEXT,
            "ytick.color": TEXT,
        }
    )
    letters = set[int]().union(*(get_font(findfont(FontProperties(family=each))).get_charmap() for each in families))
    names = [legible(label, letters) for label in chart["labels"]]
    figure = by_day(chart, names) if chart["days"] else by_name(chart, names)
    figure.savefig(sys.stdout.buffer, format="png")


def bound() -> None:
    """Let Linux end this program if it takes too much; elsewhere the time that it is given has to do."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def legible(label: Mapping[str, str], letters: set[int]) -> str:
    """A name without what no font has a sign for, or what stands for it where nothing of it is left."""
    text = " ".join("".join(each for each in label["name"] if ord(each) in letters).split())
    if not any(each.isalnum() for each in text):
        text = label["otherwise"]
    half = MAX_LABEL_CHARACTERS // 2  # the names of models differ in their ends
    return text if len(text) <= MAX_LABEL_CHARACTERS else f"{text[:half]}…{text[-half:]}"


def by_day(chart: Mapping[str, Any], names: Sequence[str]) -> Figure:
    """The panels below each other, in each a column for each day, with a layer for each name."""
    days, panels = chart["days"], chart["panels"]
    figure = card(PANEL_INCHES * len(panels) + HEAD_INCHES / 3 + ROW_INCHES * 0.8 * math.ceil(len(names) / 2))
    for panel, axes in zip(panels, figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0], strict=True):
        floor = [0.0] * len(days)
        for place, layer in enumerate(panel["values"]):
            axes.bar(range(len(days)), layer, bottom=floor, color=colour(place), edgecolor=CARD, linewidth=0.3)
            floor = [below + value for below, value in zip(floor, layer, strict=True)]
        titled(axes, panel)
        scaled(axes.yaxis, panel)
        axes.grid(axis="y", color=GRID, linewidth=0.5)
        axes.set_xlim(-0.7, max(len(days), LEAST_ROWS) - 0.3)
        axes.spines["bottom"].set(visible=True, color=GRID)
    step = math.ceil(len(days) / MAX_DAY_LABELS)
    shown = sorted(range(len(days) - 1, -1, -step))
    axes.set_xticks(shown, [days[place] for place in shown])
    patches = [Patch(color=colour(place)) for place in range(len(names))]
    figure.legend(patches, names, loc="outside lower left", ncols=2, frameon=False, handlelength=1)
    return figure


def by_name(chart: Mapping[str, Any], names: Sequence[str]) -> Figure:
    """The panels side by side, in each a bar for each name."""
    panels, rows = chart["panels"], range(len(names))
    figure = card(HEAD_INCHES + ROW_INCHES * max(len(names), LEAST_ROWS))
    for panel, axes in zip(panels, figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], strict=True):
        values = [sum(layer) for layer in panel["values"]]
        axes.barh(rows, values, color=[colour(place) for place in rows], height=0.65)
        for place, value in enumerate(values):
            axes.annotate(
                compact(value, panel["sign"]), (value, place), (3, 0), textcoords="offset points", va="center"
            )
        titled(axes, panel)
        axes.set_xlim(0, max(*values, 0) * 1.35 or 1)
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
    axes.set_yticks(rows, names)
    axes.set_ylim(max(len(names), LEAST_ROWS) - 0.5, -0.5)  # the first is on top
    return figure


def card(height_inches: float) -> Figure:
    """An empty picture."""
    figure = Figure((WIDTH_INCHES, height_inches), dpi=DOTS_PER_INCH, facecolor=CARD)
    figure.set_layout_engine("constrained", w_pad=MARGIN_INCHES, h_pad=MARGIN_INCHES)
    return figure


def titled(axes: Axes, panel: Mapping[str, Any]) -> None:
    """Name a panel, and leave out all lines that say nothing."""
    axes.set_title(panel["title"], loc="left", fontsize=10, fontweight="bold")
    axes.set_facecolor(CARD)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def scaled(axis: Any, panel: Mapping[str, Any]) -> None:
    """A few round numbers along an axis."""
    axis.set_major_locator(MaxNLocator(4, integer=not panel["sign"]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: compact(value, panel["sign"])))
    axis.set_tick_params(length=0)


def colour(place: int) -> str:
    """The colour of a name."""
    return GREY if place >= OTHERS else COLOURS[place]


def compact(value: float, sign: str) -> str:
    """A number in a few characters."""
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{sign}{value / size:.3g}{unit}"
    return f"{sign}{value:.3g}" if not sign or not 0 < abs(value) < 0.0001 else f"<{sign}0.0001"


if __name__ == "__main__":
    main()
